/** Bounds on what waits for a host, and on how long an answer may take. */

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { OverloadError, TimeoutError } from '../../src/errors.js';
import type { PoolOptions } from '../../src/options.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 2, databasesEach: 1 });
let directs: DirectClient[];
beforeAll(async () => {
  directs = await Promise.all(file.servers.map((server) => connectDirect(server)));
});
afterAll(() => directs.forEach((direct) => direct.destroy()));

const clusters: Cluster[] = [];
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools()));
  await Promise.all(directs.map((direct) => direct.flushAll()));
});

/** A cluster with warm connections. */
async function clusterWith(poolOptions: PoolOptions): Promise<Cluster> {
  const cluster = await file.setup.makeCluster({ poolOptions });
  clusters.push(cluster);
  await cluster.getRoutingClient().get(keyOn(cluster, 0));
  await cluster.getRoutingClient().get(keyOn(cluster, 1));
  return cluster;
}

describe("a host's bounds, with onOverload 'reject'", () => {
  it('refuse the commands above maxPendingCommands, and only those', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 3 });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map(() => client.incr(key)));
    expect(answers.slice(0, 3)).toEqual([1, 2, 3].map((value) => ({ status: 'fulfilled', value })));
    for (const answer of answers.slice(3)) {
      const reason: unknown = (answer as PromiseRejectedResult).reason;
      expect(reason).toBeInstanceOf(OverloadError);
      expect(reason).toMatchObject({
        name: 'OverloadError',
        code: 'RB_OVERLOAD',
        command: 'INCR',
        hostId: 0,
        address: file.servers[0]?.socketPath,
        maybeExecuted: false,
      });
    }
    expect(await client.incr(key)).toBe(4);
  });

  it('are those of one host', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 2 });
    const keys = [keyOn(cluster, 0), keyOn(cluster, 1)];
    const promises = await cluster.map((c) => keys.flatMap((key) => [c.incr(key), c.incr(key)]));
    expect(promises.map(({ value }) => value)).toEqual([1, 2, 1, 2]);
    const error = await failureOf(
      cluster.map((c) => keys.flatMap((key) => [c.incr(key), c.incr(key), c.incr(key)])),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 6 });
    expect(error['errors']).toMatchObject([{ hostId: 0 }, { hostId: 1 }]);
  });

  it('are shared by all clients, and count merged commands one by one', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 4 });
    const key = keyOn(cluster, 0);
    const calls = await whileStopped(file.servers, () => [
      cluster.map((c) => [c.get(key), c.get(key)]),
      cluster.getRoutingClient().get(key),
      cluster.map((c) => [c.set(key, '1'), c.set(key, '2')]),
    ]);
    const [first, second, third] = await Promise.allSettled(calls);
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(third).toMatchObject({ reason: { code: 'RB_OVERLOAD', command: 'SET' } });
    await condition(() => cluster.getPoolForHost(0).pending === 0);
    const promises = await cluster.map((c) => [1, 2, 3, 4].map(() => c.get(key)));
    expect(promises.every(({ isResolved }) => isResolved)).toBe(true);
  });

  it('count the bytes that are in buffers, too, and no more in the end', async () => {
    const cluster = await clusterWith({ maxPendingBytes: 10_000 });
    const key = keyOn(cluster, 0);
    const pendingBytes = () => cluster.health().get(0)!.pendingBytes;
    const taken: Promise<unknown>[] = [];
    const refused: Promise<unknown>[] = [];
    await whileStopped([file.servers[0]!], async () => {
      for (let i = 0; i < 10; i++) {
        const call = cluster.map((c) => c.set(key, 'v'.repeat(4000)));
        if (i < 3) taken.push(call);
        else refused.push(call);
      }
      for (const call of refused) expect(await failureOf(call)).toBeInstanceOf(OverloadError);
      expect(pendingBytes()).toBeGreaterThan(12_000);
      expect(pendingBytes()).toBeLessThan(13_000);
    });
    await Promise.all(taken);
    expect(pendingBytes()).toBe(0);
    expect(cluster.health().get(0)!.pendingCommands).toBe(0);
  });

  it('refuse what comes above maxPendingBytes', async () => {
    const cluster = await clusterWith({ maxPendingBytes: 100_000 });
    const key = keyOn(cluster, 0);
    const value = 'x'.repeat(70_000);
    let promises: RbPromise<string | null>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises = [1, 2, 3, 4].map(() => c.set(key, value));
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 4 });
    expect(promises.map(({ value: answer }) => answer)).toEqual(['OK', 'OK', undefined, undefined]);
    expect(await cluster.getRoutingClient().set(key, value)).toBe('OK');
  });

  it('count what was abandoned until its reply has come', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 2 });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await whileStopped(file.servers, async () => {
      const call = cluster.map((c) => [c.incr(key), c.incr(key)], { timeout: 20 });
      expect(await failureOf(call)).toBeInstanceOf(TimeoutError);
      expect(await failureOf(client.incr(key))).toBeInstanceOf(OverloadError);
    });
    await condition(() => cluster.getPoolForHost(0).pending === 0);
    expect(await client.incr(key)).toBe(3);
  });

  it('are free again after every kind of end', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 1 });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await client.set(key, 'text');
    await failureOf(client.incr(key));
    await failureOf(
      cluster.map((c) => {
        c.get(key);
        throw new Error('no');
      }),
    );
    await cluster.map((c) => {
      c.get(key);
      c.cancel();
    });
    const lost = failureOf(client.get(key));
    await cluster.disconnectPools();
    expect(await lost).toMatchObject({ code: 'RB_CONNECTION' });
    expect(await client.blPop('none'.concat(key), 0.001).catch(() => null)).toBe(null);
    expect(await client.get(key)).toBe('text');
  });
});

describe("a host's bounds, with onOverload 'wait'", () => {
  it.each([{ maxPendingCommands: 3 }, { maxPendingBytes: 1000 }])(
    'make the rest wait, in order: %j',
    async (bounds) => {
      const cluster = await clusterWith({ ...bounds, onOverload: 'wait' });
      const client = cluster.getRoutingClient();
      const keys = [keyOn(cluster, 0), keyOn(cluster, 1)];
      const own = Array.from({ length: 300 }, (_, i) => client.append(keys[i % 2]!, `${i},`));
      const map = cluster.map((c) => Array.from({ length: 300 }, () => c.incr(`n-${keys[0]!}`)));
      const values = (await map).map(({ value }) => value);
      await Promise.all(own);
      expect(values).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
      for (const odd of [0, 1]) {
        const expected = Array.from({ length: 150 }, (_, i) => `${2 * i + odd},`).join('');
        expect(await client.get(keys[odd]!)).toBe(expected);
      }
    },
  );

  it('let nothing more out while what was sent is unanswered', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 1, onOverload: 'wait' });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    const pool = cluster.getPoolForHost(0);
    let answers: Promise<number>[] = [];
    await whileStopped(file.servers, async () => {
      answers = [client.incr(key)];
      await condition(() => pool.pending === 1);
      answers.push(client.incr(key));
      const map = cluster.map((c) => c.incr(key), { timeout: 20 });
      // What waits is withdrawn at the deadline, so it is never executed.
      expect(await failureOf(map)).toMatchObject({ code: 'RB_TIMEOUT', hosts: [0] });
      expect(pool.pending).toBe(1);
    });
    expect(await Promise.all(answers)).toEqual([1, 2]);
    expect(await client.get(key)).toBe('2');
  });

  it.each([
    { maxPendingCommands: 20, maxPendingBytes: Infinity },
    { maxPendingCommands: Infinity, maxPendingBytes: 500 },
  ])('are kept by what is issued at once, of every client: %j', async (bounds) => {
    const cluster = await clusterWith({ ...bounds, onOverload: 'wait' });
    const client = cluster.getRoutingClient();
    const pool = cluster.getPoolForHost(0);
    const key = keyOn(cluster, 0);
    await pool.executeCommand('PING');
    const { answers, most } = await whileStopped(file.servers.slice(0, 1), async () => {
      const answers = [
        ...Array.from({ length: 500 }, () => client.incr(key)),
        cluster.map((c) => RbPromise.all(Array.from({ length: 500 }, () => c.incr(key)))),
      ];
      await condition(() => pool.pending > 10);
      await new Promise(setImmediate);
      const { pendingCommands, pendingBytes } = cluster.health().get(0)!;
      expect(pool.pending).toBe(pendingCommands);
      return { answers, most: { commands: pendingCommands, bytes: pendingBytes } };
    });
    expect(most.commands).toBeLessThanOrEqual(bounds.maxPendingCommands);
    expect(most.bytes).toBeLessThanOrEqual(bounds.maxPendingBytes);
    const values = (await Promise.all<unknown>(answers)).flat() as number[];
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  it.each([
    [{ maxPendingBytes: 500 }, 1],
    [{ maxPendingCommands: 16 }, 15],
  ])('let the rest go beside commands that block for good: %j', async (bounds, blocking) => {
    const cluster = await clusterWith({ ...bounds, onOverload: 'wait' });
    const client = cluster.getRoutingClient();
    const pool = cluster.getPoolForHost(0);
    const key = keyOn(cluster, 0);
    const lists = keysOn(cluster, 0, blocking, 'list');
    const blocked = lists.map((list) => client.blPop(list, 0));
    await condition(() => pool.pending === blocking);
    // More than what is left of either bound, in one piece.
    const large = 'x'.repeat(600);
    expect(await Promise.all([client.set(key, large), client.append(key, large)])).toEqual([
      'OK',
      1200,
    ]);
    for (const list of lists) {
      await cluster.getLocalClient(0).lPush(list, 'element');
    }
    await Promise.all(blocked);
  });

  it('are awaited by nothing that has ended', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 1, onOverload: 'wait' });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    const pool = cluster.getPoolForHost(0);
    const awaitRoom = vi.spyOn(pool, 'awaitRoom');
    await whileStopped(file.servers, async () => {
      const sent = client.incr(key);
      await condition(() => pool.pending === 1);
      await failureOf(cluster.map((c) => c.incr(key), { timeout: 1 }));
      const mapping = client.getMappingClient();
      const cancelled = failureOf(mapping.incr(key));
      await condition(() => awaitRoom.mock.calls.length === 2);
      mapping.cancel();
      await cancelled;
      const stopped = vi.spyOn(awaitRoom.mock.calls[0]![0], 'onRoom');
      const other = vi.spyOn(awaitRoom.mock.calls[1]![0], 'onRoom');
      process.kill(file.servers[0]!.pid!, 'SIGCONT');
      expect(await sent).toBe(1);
      expect([stopped.mock.calls.length, other.mock.calls.length]).toEqual([0, 0]);
    });
  });

  it('take one command that is larger than the bound by itself', async () => {
    const cluster = await clusterWith({ maxPendingBytes: 10, onOverload: 'wait' });
    const key = keyOn(cluster, 0);
    await cluster.map((c) => {
      c.set(key, 'x'.repeat(100_000));
      c.append(key, 'y'.repeat(100_000));
    });
    expect(await cluster.getRoutingClient().strLen(key)).toBe(200_000);
  });

  it('reject what waits when the pools are disconnected', async () => {
    const cluster = await clusterWith({ maxPendingCommands: 1, onOverload: 'wait' });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await whileStopped(file.servers, async () => {
      const sent = failureOf(client.incr(key));
      await condition(() => cluster.getPoolForHost(0).pending === 1);
      const waiting = failureOf(client.incr(key));
      const mapped = failureOf(cluster.map((c) => c.incr(key)));
      await new Promise(setImmediate);
      await cluster.disconnectPools();
      expect(await sent).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
      expect(await waiting).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
      expect(await mapped).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    });
  });
});

describe('commandTimeout', () => {
  it('rejects a command whose answer takes too long; later replies stay their own', async () => {
    const cluster = await clusterWith({ commandTimeout: 100 });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await whileStopped(file.servers.slice(0, 1), async () => {
      const errors = await Promise.all([
        failureOf(client.set(key, 'late')),
        failureOf(client.incr(key)),
        failureOf(cluster.map((c) => c.get(key))),
      ]);
      expect(errors).toMatchObject(
        ['SET', 'INCR', 'GET'].map((command) => ({
          name: 'TimeoutError',
          code: 'RB_TIMEOUT',
          command,
          hostId: 0,
          address: file.servers[0]?.socketPath,
          maybeExecuted: true,
        })),
      );
    });
    await condition(() => cluster.getPoolForHost(0).pending === 0);
    const answers = [client.get(key), client.append(key, '!'), cluster.map((c) => c.get(key))];
    expect(await Promise.all(answers)).toEqual(['late', 5, 'late!']);
  });

  it('holds for each command of a map; others have their values', async () => {
    const cluster = await clusterWith({ commandTimeout: 500 });
    const [silent, quick] = [keyOn(cluster, 0), keyOn(cluster, 1)];
    let value: RbPromise<number> | undefined;
    const error = await whileStopped(file.servers.slice(0, 1), () =>
      failureOf(
        cluster.map((c) => {
          c.get(silent);
          value = c.incr(quick);
        }),
      ),
    );
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', hostId: 0, command: 'GET' });
    expect(error).not.toHaveProperty('hosts');
    expect(value?.value).toBe(1);
    await cluster.getRoutingClient().del(quick);
  });

  it('starts for a blocking command when its own time is over', async () => {
    const cluster = await clusterWith({ commandTimeout: 200 });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    expect(await client.blPop(key, 0.3)).toBe(null);
    const forever = client.blPop(key, 0);
    expect(await client.executeCommand('XREAD', 'BLOCK', 300, 'STREAMS', key, '$')).toBe(null);
    await client.rPush(key, 'v');
    expect(await forever).toEqual({ key, element: 'v' });
  });

  it('withdraws what was not sent while there is no connection', async () => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
    proxy.pause('toClient');
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath: proxy.socketPath } },
      poolOptions: { commandTimeout: 50 },
    });
    const error = await failureOf(cluster.getRoutingClient().incr('never'));
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', maybeExecuted: false });
    proxy.resume();
    expect(await cluster.getRoutingClient().get('never')).toBe(null);
    await cluster.disconnectPools();
    await proxy.close();
  });

  it('replaces a connection from which nothing arrives any more', async () => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath: proxy.socketPath } },
      poolOptions: { commandTimeout: 50, connectTimeout: 200 },
    });
    const client = cluster.getRoutingClient();
    expect(await client.incr('n')).toBe(1);
    proxy.truncate('toClient', 0);
    expect(await failureOf(client.incr('n'))).toBeInstanceOf(TimeoutError);
    await proxy.waitFor(({ openConnections }) => openConnections === 0);
    await proxy.heal();
    expect(await client.get('n')).toBe('2');
    expect(proxy.connections).toBe(2);
    await cluster.disconnectPools();
    await proxy.close();
  });
});
