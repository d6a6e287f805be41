/** Retargeting a fan-out client for some hosts, or for the host of one key. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { MisuseError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { BaseRouter } from '../../src/routers/router.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

describe('target', () => {
  it('names the hosts of the commands that are issued through it, and of no others', async () => {
    await cluster.fanout(
      async (c) => {
        const some = c.target([2, 3]);
        expect([...(await some.set('foo', '42')).keys()]).toEqual([2, 3]);
        expect([...(await c.get('foo'))]).toEqual([[1, null]]);
        expect([...(await c.target('all').get('foo')).values()].filter(Boolean)).toHaveLength(2);
        await c.target('all').del('foo');
      },
      { hosts: [1] },
    );
  });

  it('keeps the order of what is issued through several targets to one host', async () => {
    const answers = await cluster.fanout((c) => {
      const [one, two] = [c.target([0]), c.target([0, 1])];
      return RbPromise.all([
        one.append('o', 'a'),
        two.append('o', 'b'),
        one.get('o'),
        two.del('o'),
      ]);
    });
    expect(answers.map((map) => map.get(0))).toEqual([1, 2, 'ab', 1]);
  });

  it('takes an iterable that is good for one pass, for many commands', async () => {
    await cluster.fanout(async (c) => {
      const some = c.target([4, 5].values());
      expect((await some.ping()).size).toBe(2);
      expect((await some.ping()).size).toBe(2);
    });
  });
});

describe('targetKey', () => {
  it('sends to the host of the key, and answers the one value', async () => {
    const hostId = cluster.getRouter().getHostForKey('foo');
    await cluster.fanout(async (c) => {
      const target = c.targetKey('foo');
      expect(await target.set('foo', '42')).toBe('OK');
      expect(await target.get('foo')).toBe('42');
      expect(target.get('foo')).toBeInstanceOf(RbPromise);
      expect(await target.executeCommand('STRLEN', 'foo')).toBe(2);
      const map = await c.target('all').exists('foo');
      expect([...map].filter(([, count]) => count === 1)).toEqual([[hostId, 1]]);
      expect(await target.ping()).toBe('PONG');
      expect(await target.dbSize()).toBe(1);
      expect(await target.mGet(['foo', 'bar'])).toEqual(['42', null]);
      expect(await target.del(['foo', 'bar'])).toBe(1);
    });
  });

  it.each([
    ['text', 'ключ'],
    ['an integer', 17],
    ['a bigint', 12345678901234567890n],
    ['bytes', new Uint8Array([0, 255, 13, 10])],
  ])('takes %s for a key, whatever keys the command has', async (_, key) => {
    const hostId = cluster.getRouter().getHostForKey(key);
    const other = keyOn(cluster, (hostId + 1) % 8);
    const client = cluster.getRoutingClient().getFanoutClient();
    await client.targetKey(key).set(other, 'astray');
    expect(await client.target([hostId]).get(other)).toEqual(new Map([[hostId, 'astray']]));
    expect(await client.targetKey(key).del(other)).toBe(1);
  });

  it.each([true, null, undefined, 1.5, [1], '\ud800'])(
    'of %s, which is no key, rejects the command and sends nothing',
    async (key) => {
      const calls = await commandsDuring(direct, async () => {
        const error = await failureOf(cluster.fanout((c) => c.targetKey(key as never).ping()));
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command: 'PING' });
      });
      expect(calls).toEqual({});
    },
  );

  it('of a router that throws, or answers an id that no host has, rejects that command only', async () => {
    const thrown = new Error('no way');
    class Odd extends BaseRouter {
      override getHostForKey(key: unknown): number {
        if (key === 'throw') throw thrown;
        return key === 'astray' ? 99 : 0;
      }
    }
    const odd = await file.setup.makeCluster({ router: Odd });
    await odd.fanout(async (c) => {
      await expect(c.targetKey('throw').ping()).rejects.toBe(thrown);
      await expect(c.targetKey('astray').ping()).rejects.toMatchObject({
        code: 'RB_BAD_HOST_SETUP',
      });
      expect(await c.targetKey('fine').ping()).toBe('PONG');
    });
    await odd.disconnectPools();
  });

  it('merges neighbouring GETs, together with those of other targets on that host', async () => {
    const [a = '', b = '', d = ''] = keysOn(cluster, 0, 3);
    const run = (autoBatch: boolean) =>
      commandsDuring(direct, () =>
        cluster.fanout(
          async (c) => {
            c.targetKey(a).set(a, '1');
            c.targetKey(b).set(b, '2');
            const got = [c.targetKey(a).get(a), c.targetKey(b).get(b), c.target([0]).get(d)];
            expect(await RbPromise.all(got)).toEqual(['1', '2', new Map([[0, null]])]);
          },
          { autoBatch },
        ),
      );
    expect(await run(true)).toEqual({ mget: 1, mset: 1 });
    expect(await run(false)).toEqual({ get: 3, set: 2 });
    await cluster.all((c) => c.flushDb());
  });

  it('rejects with the error of the server itself, which has no Map', async () => {
    await cluster.fanout(async (c) => {
      const target = c.targetKey('list');
      await target.rPush('list', 'x');
      const error = await failureOf(target.incr('list'));
      expect(error).toMatchObject({ code: 'RB_REPLY', kind: 'WRONGTYPE', command: 'INCR' });
      expect(error['hostId']).toBe(cluster.getRouter().getHostForKey('list'));
      await target.del('list');
    });
  });
});

describe('a client that is targeted', () => {
  it('cannot be targeted again: a TypeError with a code is thrown, nothing else ever is', async () => {
    await cluster.fanout((c) => {
      const clients = [
        c.target([0]),
        c.target('all'),
        c.targetKey('k'),
        c.target([0]).withTypeMapping({}),
        c.targetKey('k').withTypeMapping({}),
      ];
      for (const client of clients) {
        for (const act of [() => client.target([1]), () => client.targetKey('k')]) {
          expect(act).toThrow(MisuseError);
          expect(act).toThrow(TypeError);
          expect(act).toThrow(expect.objectContaining({ code: 'RB_ALREADY_TARGETED' }));
        }
      }
    });
  });

  it('does not throw for bad targets: the commands reject', async () => {
    const client = cluster.getRoutingClient().getFanoutClient();
    const targets = [client.target(5 as never), client.target([77]), client.targetKey({} as never)];
    for (const target of targets) await failureOf(target.ping());
  });

  it('leaves the client that it came from as it was', async () => {
    const client = cluster.getRoutingClient().getFanoutClient([3]);
    client.target([1]);
    client.targetKey('k');
    expect([...(await client.ping()).keys()]).toEqual([3]);
  });
});
