/** Hosts that come and go under running calls: everything settles, no socket stays. */

import { tracingChannel } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { BadHostSetup, ConnectionError, FanoutError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import type { CommandTrace } from '../../src/telemetry/traces.js';
import { connectDirect } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 4 });
let proxies: FaultProxy[];
let cluster: Cluster;

const config = (db: number) => ({ db, unixSocketPath: proxies[db]!.socketPath });
beforeEach(async () => {
  const target = { path: file.servers[0]?.socketPath ?? '' };
  proxies = await Promise.all([0, 1, 2, 3].map(() => FaultProxy.start({ target })));
  cluster = new Cluster({ hosts: new Map([0, 1, 2, 3].map((db) => [db, config(db)])) });
  await cluster.all((c) => c.ping());
});
afterEach(async () => {
  await cluster.disconnectPools();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  const direct = await connectDirect(file.servers[0]!);
  await direct.flushAll();
  direct.destroy();
});

describe('removeHost during a running map', () => {
  it('settles every promise, makes a new router, and leaves no socket of the host', async () => {
    const router = cluster.getRouter();
    proxies[3]!.pause('toClient');
    const promises: RbPromise<number>[] = [];
    const error = await failureOf(
      cluster.map(async (c) => {
        for (let i = 0; i < 400; i++) promises.push(c.incr(`k${i}`));
        await condition(() => cluster.getPoolForHost(3).pending > 0);
        expect(cluster.removeHost(3)).toBe(true);
        expect(cluster.getRouter()).not.toBe(router);
        // The rest of the map is routed over the three hosts that are left.
        for (let i = 400; i < 800; i++) promises.push(c.incr(`k${i}`));
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', total: 800 });
    expect(promises.every(({ isPending }) => !isPending)).toBe(true);
    const failed = promises.filter(({ isRejected }) => isRejected);
    expect(failed.length).toBe(error['failed']);
    expect(failed.length).toBeGreaterThan(50);
    for (const { reason } of failed) {
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({ hostId: 3, command: 'INCR', maybeExecuted: true });
    }
    expect(promises.slice(400).every(({ isResolved }) => isResolved)).toBe(true);
    proxies[3]!.resume();
    await proxies[3]!.waitFor((proxy) => proxy.openConnections === 0);
    expect(proxies[3]!.connections).toBe(1);
    expect(cluster.getRouter()).toBe(cluster.getRouter());
  });

  it('of a fan-out is a FanoutError for that host, with the values of the others', async () => {
    proxies[2]!.pause('toClient');
    const call = failureOf(cluster.all((c) => c.ping()));
    await condition(() => cluster.getPoolForHost(2).pending > 0);
    cluster.removeHost(2);
    const error = (await call) as unknown as FanoutError;
    expect(error).toBeInstanceOf(FanoutError);
    expect([...error.values.keys()]).toEqual([0, 1, 3]);
    expect(error.errors.get(2)).toMatchObject({ code: 'RB_CONNECTION', hostId: 2 });
  });

  it('while a fan-out is issued rejects what it has for that host, and connects no more', async () => {
    const pool = cluster.getPoolForHost(3);
    onTestFinished(() => pool.disconnect());
    const channel = tracingChannel<unknown, CommandTrace>('redis-blaster:command');
    const listener = {
      start: ({ hostId }: CommandTrace) => {
        if (hostId === 1) cluster.removeHost(3);
      },
    } as Parameters<typeof channel.subscribe>[0];
    channel.subscribe(listener);
    onTestFinished(() => {
      channel.unsubscribe(listener);
    });
    const error = await failureOf(cluster.all((c) => c.set('late', '1')));
    expect([pool.connections, pool.pending]).toEqual([0, 0]);
    const errors = error['errors'] as FanoutError['errors'];
    expect([...errors.keys()]).toEqual([3]);
    expect(errors.get(3)).toMatchObject({
      code: 'RB_CONNECTION',
      message: expect.stringContaining('was removed') as string,
      command: 'SET',
      hostId: 3,
      maybeExecuted: false,
    });
    const direct = await connectDirect(file.servers[0]!, { database: 3 });
    expect(await direct.exists('late')).toBe(0);
    direct.destroy();
  });

  it.each(['reject', 'wait'] as const)('leaves nothing counted for it: %s', async (onOverload) => {
    const hosts = { 0: config(0), 1: config(1) };
    const poolOptions = { onOverload, maxPendingCommands: 8 };
    const bounded = new Cluster({ hosts, poolOptions });
    const key = keyOn(bounded, 1);
    const pool = bounded.getPoolForHost(1);
    const error = await failureOf(
      bounded.map((c) => {
        for (let i = 0; i < 5; i++) c.incr(key);
        bounded.removeHost(1);
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 5, total: 5 });
    expect(pool.load).toEqual({ pendingCommands: 0, pendingBytes: 0, connections: 0 });
    await bounded.disconnectPools();
  });

  it('of the last host: what follows is a BadHostSetup', async () => {
    await cluster.fanout(async (c) => {
      for (const id of [0, 1, 2, 3]) cluster.removeHost(id);
      expect(await c.target('all').ping()).toEqual(new Map());
      expect(await failureOf(c.targetKey('k').ping())).toBeInstanceOf(BadHostSetup);
      expect(await failureOf(c.target([0]).ping())).toBeInstanceOf(BadHostSetup);
    });
    for (const proxy of proxies)
      await proxy.waitFor(({ openConnections }) => openConnections === 0);
  });

  it('also rejects what waited for its turn, and gives the turn to others', async () => {
    const [one, two] = [keyOn(cluster, 0), keyOn(cluster, 3)];
    proxies[0]!.pause('toClient');
    const promises: RbPromise<number>[] = [];
    const call = failureOf(
      cluster.map(
        (c) => {
          promises.push(c.incr(one), c.incr(two));
        },
        { maxConcurrency: 1 },
      ),
    );
    await condition(() => cluster.getPoolForHost(0).pending > 0);
    cluster.removeHost(3);
    expect(promises[1]?.reason).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    cluster.removeHost(0);
    expect(promises[0]?.reason).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
    expect(await call).toMatchObject({ code: 'RB_MAP', failed: 2 });
    const direct = await connectDirect(file.servers[0]!, { database: 3 });
    expect(await direct.exists(two)).toBe(0);
    direct.destroy();
  });
});

describe('addHost during a running map', () => {
  it('routes its next command over all hosts; those on their way are not touched', async () => {
    cluster.removeHost(3);
    const narrow = cluster.getRouter();
    proxies[1]!.pause('toClient');
    const [onOne = ''] = keysOn(cluster, 1, 1);
    await cluster.map(async (c) => {
      const under = c.incr(onOne);
      await condition(() => cluster.getPoolForHost(1).pending > 0);
      cluster.addHost({ hostId: 3, ...config(3) });
      expect(cluster.getRouter()).not.toBe(narrow);
      const there = keyOn(cluster, 3);
      expect(await c.incr(there)).toBe(1);
      proxies[1]!.resume();
      expect(await under).toBe(1);
      const direct = await connectDirect(file.servers[0]!, { database: 3 });
      expect(await direct.get(there)).toBe('1');
      direct.destroy();
    });
  });

  it('of the same id in another place leads there', async () => {
    await cluster.fanout(async (c) => {
      await c.target([2]).set('where', 'two');
      cluster.removeHost(2);
      cluster.addHost({ hostId: 2, ...config(0) });
      expect((await c.target([2]).get('where')).get(2)).toBeNull();
    });
    await proxies[2]!.waitFor((proxy) => proxy.openConnections === 0);
  });
});

describe('a storm of changes', () => {
  it('leaves every promise settled and no socket open', async () => {
    let issued = 0;
    let settled = 0;
    const work = async (round: number) => {
      const promises: RbPromise<unknown>[] = [];
      await cluster
        .map(async (c) => {
          for (let i = 0; i < 200; i++) {
            promises.push(c.incr(`s${round}-${i}`));
            if (i % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
          }
        })
        .catch(() => 0);
      issued += promises.length;
      settled += promises.filter(({ isPending }) => !isPending).length;
    };
    const running = Array.from({ length: 20 }, (_, round) => work(round));
    for (let i = 0; i < 20; i++) {
      cluster.removeHost(3);
      await new Promise((resolve) => setImmediate(resolve));
      cluster.addHost({ hostId: 3, ...config(3) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(running);
    expect([issued, settled]).toEqual([4000, 4000]);
    await cluster.disconnectPools();
    for (const proxy of proxies)
      await proxy.waitFor(({ openConnections }) => openConnections === 0);
  });
});
