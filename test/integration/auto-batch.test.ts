/** Neighbouring GETs and plain SETs of a map become MGETs and MSETs. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { RESP_TYPES } from '@redis/client';

import { Cluster } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1 });
let cluster: Cluster;
let direct: DirectClient;
let keys: string[];
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  // So that what connections begin with is not counted.
  await cluster.all((c) => c.ping());
  direct = await connectDirect(file.servers[0]!);
  keys = keysOn(cluster, 0, 3000);
});
beforeEach(() => direct.flushAll());
afterAll(() => direct.destroy());

type Options = Parameters<Cluster['map']>[1];

/** What the server executes for a map. */
const during = (callback: (c: MappingClient) => unknown, options?: Options) =>
  commandsDuring(direct, () => cluster.map(callback, options));

const [a, b, c, d] = [0, 1, 2, 3].map((index) => () => keys[index] ?? '') as [
  () => string,
  () => string,
  () => string,
  () => string,
];

describe('autoBatch', () => {
  it('merges neighbours of one host', async () => {
    const get = (client: MappingClient) => keys.slice(0, 10).map((key) => client.get(key));
    const set = (client: MappingClient) => keys.slice(0, 10).map((key) => client.set(key, key));
    expect(await during(get)).toEqual({ mget: 1 });
    expect(await during(set)).toEqual({ mset: 1 });
    expect(await during((client) => [set(client), get(client)])).toEqual({ mget: 1, mset: 1 });
    const values = await cluster.map(get);
    expect(values.map(({ value }) => value)).toEqual(keys.slice(0, 10));
  });

  it('is on unless told, by the call, the client, or the mapping client', async () => {
    const gets = (client: MappingClient) => [client.get(a()), client.get(b())];
    expect(await during(gets)).toEqual({ mget: 1 });
    expect(await during(gets, { autoBatch: true })).toEqual({ mget: 1 });
    expect(await during(gets, { autoBatch: false })).toEqual({ get: 2 });
    const off = cluster.getRoutingClient({ autoBatch: false });
    const own = (options?: Options) => commandsDuring(direct, () => off.map(gets, options));
    expect(await own()).toEqual({ get: 2 });
    expect(await own({ autoBatch: true })).toEqual({ mget: 1 });
    expect(await commandsDuring(direct, () => off.withTypeMapping({}).map(gets))).toEqual({
      get: 2,
    });
    const mapping = async (options?: { autoBatch: boolean }) =>
      commandsDuring(direct, async () => {
        const client = off.getMappingClient(options);
        gets(client);
        await client.join();
      });
    expect(await mapping()).toEqual({ get: 2 });
    expect(await mapping({ autoBatch: true })).toEqual({ mget: 1 });
  });

  it('merges across hosts that come in turns: neighbours are those of one host', async () => {
    const others = keysOn(cluster, 1, 5);
    const calls = await during((client) => {
      for (let i = 0; i < 5; i++) {
        client.get(keys[i]!);
        client.get(others[i]!);
      }
    });
    expect(calls).toEqual({ mget: 2 });
  });

  it.each<[string, (client: MappingClient) => unknown, Record<string, number>]>([
    ['one GET', (client) => client.get(a()), { get: 1 }],
    ['one SET', (client) => client.set(a(), '1'), { set: 1 }],
    [
      'kinds in turns',
      (client) => [client.get(a()), client.set(b(), '1'), client.get(c()), client.set(d(), '1')],
      { get: 2, set: 2 },
    ],
    [
      'another command between',
      (client) => [client.get(a()), client.exists(b()), client.get(c())],
      { exists: 1, get: 2 },
    ],
    [
      'two and one',
      (client) => [client.get(a()), client.get(b()), client.incr(c()), client.get(d())],
      { get: 1, incr: 1, mget: 1 },
    ],
  ])('sends a batch of one as the plain command: %s', async (_, callback, expected) => {
    expect(await during(callback)).toEqual(expected);
  });

  it.each<[string, Parameters<MappingClient['set']>[2]]>([
    ['EX', { EX: 100 }],
    ['PX', { PX: 100_000 }],
    ['NX', { NX: true }],
    ['XX', { XX: true }],
    ['GET', { GET: true }],
    ['KEEPTTL', { KEEPTTL: true }],
    ['expiration', { expiration: { type: 'EX', value: 100 } }],
    ['condition', { condition: 'NX' }],
  ])('never merges a SET with options: %s', async (_, options) => {
    const calls = await during((client) => {
      client.set(a(), '1', options);
      client.set(b(), '2', options);
      client.set(c(), '3', options);
    });
    expect(calls).toEqual({ set: 3 });
    const between = await during((client) => {
      client.set(a(), '1');
      client.set(b(), '2', options);
      client.set(c(), '3');
    });
    expect(between).toEqual({ set: 3 });
  });

  it('merges a SET that has no option after all, and numbers as values', async () => {
    const calls = await during((client) => {
      client.set(a(), 1, undefined);
      client.set(b(), 2.5, {});
      client.set(c(), Buffer.from([0, 255]));
    });
    expect(calls).toEqual({ mset: 1 });
    expect(await direct.mGet([a(), b()])).toEqual(['1', '2.5']);
  });

  it('merges no raw commands', async () => {
    const calls = await during((client) => {
      for (const key of [a(), b()]) client.executeCommand('GET', key);
      for (const key of [a(), b()]) client.executeCommand('SET', key, '1');
    });
    expect(calls).toEqual({ get: 2, set: 2 });
  });

  it('merges only what has the same type mapping', async () => {
    let values: RbPromise<unknown>[] = [];
    await direct.mSet([a(), '1', b(), '2', c(), '3', d(), '4']);
    const calls = await during((client) => {
      const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      values = [client.get(a()), client.get(b()), bytes.get(c()), bytes.get(d()), client.get(a())];
    });
    expect(calls).toEqual({ get: 1, mget: 2 });
    expect(values.map(({ value }) => value)).toEqual([
      '1',
      '2',
      Buffer.from('3'),
      Buffer.from('4'),
      '1',
    ]);
  });

  it('keeps the order for each host', async () => {
    const values = await cluster.map((client) =>
      RbPromise.all([
        client.get(a()),
        client.set(a(), '1'),
        client.set(a(), '2'),
        client.get(a()),
        client.set(a(), '3', { XX: true }),
        client.get(a()),
        client.append(a(), '4'),
        client.get(a()),
        client.get(a()),
        client.set(a(), '5'),
        client.getDel(a()),
        client.get(a()),
      ]),
    );
    expect(values).toEqual([...[null, 'OK', 'OK', '2', 'OK', '3', 2, '34', '34', 'OK', '5', null]]);
  });

  it('gives the same key its value each time', async () => {
    await direct.set(a(), 'same');
    const values = await cluster.map((client) =>
      RbPromise.all([client.get(a()), client.get(a()), client.get(b()), client.get(a())]),
    );
    expect(values).toEqual(['same', 'same', null, 'same']);
  });

  it('caps a batch: no MGET or MSET is longer than 512 keys', async () => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
    const one = new Cluster({ hosts: { 0: { unixSocketPath: proxy.socketPath } } });
    let sent = '';
    proxy.garble((direction, chunk) => {
      if (direction === 'toServer') sent += chunk.toString('latin1');
      return chunk;
    });
    const many = Array.from({ length: 3000 }, (_, i) => `k${i}`);
    const values = await one.map(async (client) => {
      for (const key of many) client.set(key, `v${key}`);
      return client.mGet(many);
    });
    expect(values).toEqual(many.map((key) => `v${key}`));
    const lengths = [...sent.matchAll(/\*(\d+)\r\n\$4\r\nM(?:GET|SET)/g)].map(([, count]) =>
      Number(count),
    );
    const gets = [...sent.matchAll(/\*(\d+)\r\n\$4\r\nMGET/g)].map(
      ([, count]) => Number(count) - 1,
    );
    const sets = [...sent.matchAll(/\*(\d+)\r\n\$4\r\nMSET/g)].map(
      ([, count]) => (Number(count) - 1) / 2,
    );
    expect(lengths).toHaveLength(gets.length + sets.length);
    for (const counts of [gets, sets]) {
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3000);
      expect(Math.max(...counts)).toBe(512);
    }
    await one.disconnectPools();
    await proxy.close();
  });

  it('sends large values without waiting for the batch to fill', async () => {
    const large = 'x'.repeat(100_000);
    await cluster.map((client) => keys.slice(0, 30).map((key) => client.set(key, large + key)));
    const values = await cluster.map((client) => client.mGet(keys.slice(0, 30)));
    expect(values).toEqual(keys.slice(0, 30).map((key) => large + key));
  });
});

describe('what goes wrong in a batch', () => {
  it('a GET of another type is null, as MGET has it', async () => {
    await direct.hSet(a(), 'f', 'v');
    await direct.set(b(), 'text');
    const values = await cluster.map((client) =>
      RbPromise.all([client.get(a()), client.get(b()), client.get(c())]),
    );
    expect(values).toEqual([null, 'text', null]);
    await expect(cluster.map((client) => client.get(a()))).rejects.toMatchObject({
      kind: 'WRONGTYPE',
    });
    const alone = cluster.map((client) => [client.get(a()), client.get(b())], { autoBatch: false });
    await expect(alone).rejects.toMatchObject({ kind: 'WRONGTYPE', command: 'GET' });
  });

  it('an MSET without memory fails as one', async () => {
    await direct.configSet('maxmemory', '1');
    try {
      const error = await failureOf(
        cluster.map((client) => [client.set(a(), '1'), client.set(b(), '2'), client.get(c())]),
      );
      expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 3 });
      expect(error['errors']).toMatchObject([{ kind: 'OOM', command: 'SET', hostId: 0 }]);
      expect(error['errors']).toHaveLength(1);
    } finally {
      await direct.configSet('maxmemory', '0');
    }
    expect(await direct.exists([a(), b()])).toBe(0);
  });

  it('a batch without permission for one key fails as one', async () => {
    await direct.aclSetUser('limited', ['on', '>pass', '+@all', '~allowed*']);
    const limited = new Cluster({
      hosts: {
        0: {
          unixSocketPath: file.servers[0]?.socketPath,
          username: 'limited',
          password: 'pass',
        },
      },
    });
    await limited.map((client) => [client.set('allowed1', '1'), client.set('allowed2', '2')]);
    const error = await failureOf(
      limited.map((client) => [
        client.set('allowed1', 'x'),
        client.set('forbidden', 'x'),
        client.get('allowed1'),
        client.get('forbidden'),
        client.exists('allowed1'),
      ]),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 4, total: 5 });
    expect(error['errors']).toMatchObject([
      { kind: 'NOPERM', command: 'SET' },
      { kind: 'NOPERM', command: 'GET' },
    ]);
    expect(await limited.getRoutingClient().get('allowed1')).toBe('1');
    await limited.disconnectPools();
  });
});
