/** The mapping client over many hosts. */

import { beforeAll, describe, expect, it } from 'vitest';

import type { MappingClient } from '../../src/clients/mapping-client.js';
import type { Cluster } from '../../src/cluster.js';
import { RESP_TYPES } from '../../src/commands/upstream.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 4, databasesEach: 8 });
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
});

describe('a map over 32 hosts', () => {
  it.each([true, false])('sets and gets 100,000 keys, autoBatch %s', async (autoBatch) => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `many:${autoBatch}:${i}`);
    const valueOf = (key: string) => `value of ${key}`;
    const answers = await cluster.map((c) => keys.map((key) => c.set(key, valueOf(key))), {
      autoBatch,
    });
    expect(answers.every(({ value }) => value === 'OK')).toBe(true);
    const promises = await cluster.map(
      (c) => {
        const found = new Map<string, RbPromise<string | null>>();
        for (const key of keys) found.set(key, c.get(key));
        return found;
      },
      { autoBatch, maxConcurrency: autoBatch ? 64 : 5 },
    );
    expect(promises.size).toBe(keys.length);
    const wrong = [...promises].filter(([key, { value }]) => value !== valueOf(key));
    expect(wrong).toEqual([]);
    for (const server of cluster.hosts.keys()) {
      expect(cluster.getPoolForHost(server).pending).toBe(0);
    }
  });

  it('spreads the keys over all of them', async () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `many:true:${i}`);
    const groups = cluster.groupByHost(keys);
    expect(groups.size).toBe(32);
    const counts = await cluster.map((c) =>
      [...groups.values()].map((group) => c.executeCommand('EXISTS', group[0]!)),
    );
    expect(counts.every(({ value }) => value === 1)).toBe(true);
  });

  it('answers other commands with the right values, too', async () => {
    const ids = Array.from({ length: 2000 }, (_, i) => i);
    await cluster.map((c) => {
      for (const id of ids) {
        c.hSet(`hash${id}`, { id: String(id), square: id * id });
        c.zAdd(`zset${id}`, [
          { score: id, value: 'a' },
          { score: id + 0.5, value: 'b' },
        ]);
        c.rPush(`list${id}`, [String(id), 'x'.repeat(id)]);
      }
    });
    const results = await cluster.map((c) =>
      ids.map((id) =>
        RbPromise.all([
          c.hGetAll(`hash${id}`),
          c.zRangeWithScores(`zset${id}`, 0, -1),
          c.lRange(`list${id}`, 0, -1),
          c.zScore(`zset${id}`, 'b'),
        ]),
      ),
    );
    for (const [id, { value }] of results.entries()) {
      expect(value).toEqual([
        { id: String(id), square: String(id * id) },
        [
          { value: 'a', score: id },
          { value: 'b', score: id + 0.5 },
        ],
        [String(id), 'x'.repeat(id)],
        id + 0.5,
      ]);
    }
  });
});

describe('mGet and mSet', () => {
  it('work over all hosts, in the order of the keys', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `m${(i * 7) % 500}`);
    const result = await cluster.map((c) => {
      const answer = c.mSet(keys.map((key): [string, string] => [key, `v-${key}`]));
      return RbPromise.all([answer, c.mGet(keys), c.mGet(['m0', 'missing', 'm0'])]);
    });
    expect(result).toEqual(['OK', keys.map((key) => `v-${key}`), ['v-m0', null, 'v-m0']]);
  });

  it('take every form that those of @redis/client take', async () => {
    const forms = [
      { a: '1', b: '2' },
      ['a', '1', 'b', '2'],
      [
        ['a', '1'],
        ['b', '2'],
      ] as [string, string][],
      [
        [Buffer.from('a'), Buffer.from('1')],
        [Buffer.from('b'), '2'],
      ] as [Buffer, Buffer | string][],
    ];
    for (const form of forms) {
      expect(await cluster.map((c) => c.mSet(form as Record<string, string>))).toBe('OK');
      expect(await cluster.map((c) => c.mGet(['a', 'b']))).toEqual(['1', '2']);
      await cluster.map((c) => [c.del('a'), c.del('b')]);
    }
    expect(await cluster.map((c) => c.mGet('a' as unknown as string[]))).toEqual([null]);
  });

  it('answer no keys with no values, and no pairs with OK, while the client is open', async () => {
    const asBytes = { [RESP_TYPES.SIMPLE_STRING]: Buffer };
    let client: MappingClient | undefined;
    const results = await cluster.map((c) => {
      client = c;
      return RbPromise.all([
        c.mGet([]),
        c.mSet([]),
        c.mSet({}),
        c.withTypeMapping(asBytes).mSet([]),
      ]);
    });
    expect(results).toEqual([[], 'OK', 'OK', Buffer.from('OK')]);
    for (const promise of [client!.mGet([]), client!.mSet({})]) {
      expect(promise.reason).toMatchObject({ code: 'RB_CLOSED' });
    }
  });

  it('fail as the first of their commands to fail', async () => {
    await cluster.map((c) => c.hSet('hash-for-mget', 'f', 'v'));
    const error = await failureOf(
      cluster.map((c) => c.mGet(['x', 'hash-for-mget']), { autoBatch: false }),
    );
    expect(error).toMatchObject({ kind: 'WRONGTYPE', command: 'GET' });
    const handled = await cluster.map(
      (c) => c.mGet(['x', 'hash-for-mget']).catch(() => 'handled'),
      { autoBatch: false },
    );
    expect(handled).toBe('handled');
  });
});

describe('promises of a map', () => {
  it('can be looked into before, and settle one by one', async () => {
    const key = keyOn(cluster, 0, 'look');
    const pending: boolean[] = [];
    const promise = await cluster.map((c) => {
      const first = c.incr(key);
      const second = c.incr(key);
      pending.push(first.isPending, second.isPending);
      first.done(() => pending.push(first.isPending, second.isPending));
      return RbPromise.all({ first, second });
    });
    expect(pending).toEqual([true, true, false, true]);
    expect(promise).toEqual({ first: 1, second: 2 });
  });

  it('run their callbacks as the replies come', async () => {
    const total = await cluster.map((c) => {
      let sum = 0;
      for (let i = 0; i < 1000; i++) c.incr(`sum${i}`).done((value) => (sum += value));
      return RbPromise.all([c.get('sum0')]).then(() => () => sum);
    });
    expect(total()).toBe(1000);
  });

  it('can be awaited, with the asynchronous context of the caller', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const storage = new AsyncLocalStorage<string>();
    const seen = await storage.run('caller', () =>
      cluster.map(async (c) => {
        await c.get('a');
        return storage.getStore();
      }),
    );
    expect(seen).toBe('caller');
  });
});
