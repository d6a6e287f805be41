/** What a cluster counts of its hosts. */

import { describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { OverloadError, TimeoutError } from '../../src/errors.js';
import type { PoolOptions } from '../../src/options.js';
import { Pool } from '../../src/pool.js';
import type { HostStats } from '../../src/stats.js';
import { connectDirect } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import type { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useProxy } from '../helpers/proxied-clusters.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 2, databasesEach: 2 });

const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let proxy: FaultProxy;
const track = useProxy(file, (started) => (proxy = started));

/** Host 0 behind the proxy, host 1 on the other server. */
function open(poolOptions: PoolOptions = {}, options: Partial<ClusterOptions> = {}): Cluster {
  const cluster = new Cluster({
    hosts: {
      0: { unixSocketPath: proxy.socketPath },
      1: { unixSocketPath: file.servers[1]!.socketPath },
    },
    poolOptions,
    ...options,
  });
  return track(cluster);
}

const statsOf = (cluster: Cluster, hostId = 0): HostStats => cluster.stats().get(hostId)!;

const NO_LATENCY = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };

describe('the statistics of a host', () => {
  it('are zeros before anything is sent, and nothing is sent for them', () => {
    const cluster = open();
    expect([...cluster.stats().keys()]).toEqual([0, 1]);
    expect(statsOf(cluster)).toEqual({
      hostId: 0,
      address: proxy.socketPath,
      commands: 0,
      requests: 0,
      batches: 0,
      mergeRatio: 0,
      bytesSent: 0,
      bytesReceived: 0,
      errors: 0,
      failures: 0,
      latency: NO_LATENCY,
    });
    expect(proxy.connections).toBe(0);
  });

  it('count commands, and what they are merged to', async () => {
    const cluster = open();
    const keys = [...keysOn(cluster, 0, 30), ...keysOn(cluster, 1, 10)];
    await cluster.map((client) => keys.map((key) => client.set(key, 'value')));
    expect(statsOf(cluster)).toMatchObject({ commands: 30, requests: 1, batches: 1 });
    expect(statsOf(cluster, 1)).toMatchObject({ commands: 10, requests: 1, batches: 1 });
    expect(statsOf(cluster).mergeRatio).toBe(30);
    await cluster.map((client) => keys.map((key) => client.strLen(key)));
    expect(statsOf(cluster)).toMatchObject({ commands: 60, requests: 31, batches: 2 });
    expect(statsOf(cluster).mergeRatio).toBe(60 / 31);
    expect(statsOf(cluster)).toMatchObject({ errors: 0, failures: 0 });
  });

  it('count the commands of all clients, and what they send of themselves', async () => {
    const cluster = open();
    const [key] = keysOn(cluster, 0, 1);
    await cluster.getRoutingClient().get(key!);
    expect(statsOf(cluster)).toMatchObject({ commands: 1, requests: 1, batches: 1 });
    await cluster.getPoolForHost(0).executeCommand('PING');
    expect(statsOf(cluster).commands).toBe(2);
    await cluster.all((client) => client.ping());
    expect(statsOf(cluster).commands).toBe(3);
    expect(statsOf(cluster, 1).commands).toBe(1);
    await cluster.executeCommands({ [key!]: [['PING'], ['PING']] });
    expect(statsOf(cluster).commands).toBe(5);
    await cluster.getLocalClient(0).ping();
    expect(statsOf(cluster).commands).toBe(5);
  });

  it('count the bytes on the wire, logins included', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 100, 'bytes');
    await cluster.map((client) => keys.map((key) => client.set(key, 'x'.repeat(1000))));
    await cluster.map((client) => keys.map((key) => client.get(key)));
    const { bytesSent, bytesReceived } = statsOf(cluster);
    expect(bytesSent).toBe(proxy.bytesToServer);
    expect(bytesReceived).toBe(proxy.bytesToClient);
    expect(bytesReceived).toBeGreaterThan(100_000);
  });

  it('count error replies, once for a merged command', async () => {
    const cluster = open();
    const key = keyOn(cluster, 0, 'errors');
    const client = cluster.getRoutingClient();
    await client.set(key, 'text');
    await Promise.all([failureOf(client.lPush(key, 'x')), failureOf(client.hGet(key, 'x'))]);
    expect(statsOf(cluster)).toMatchObject({ errors: 2, failures: 0 });
    const direct = await connectDirect(file.servers[0]!);
    try {
      await direct.configSet('maxmemory', '1');
      const keys = keysOn(cluster, 0, 5, 'errors');
      await failureOf(cluster.map((c) => keys.map((each) => c.set(each, 'value'))));
    } finally {
      await direct.configSet('maxmemory', '0');
      direct.destroy();
    }
    expect(statsOf(cluster)).toMatchObject({ errors: 3, failures: 0 });
    expect(statsOf(cluster).latency.count).toBe(statsOf(cluster).batches);
  });

  it('measure each batch once, in milliseconds', async () => {
    const cluster = open();
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0, 'latency');
    await client.get(key);
    for (let i = 0; i < 9; i++) await client.get(key);
    proxy.setDelay(30);
    await client.get(key);
    const { count, min, mean, p50, p90, p99, max } = statsOf(cluster).latency;
    expect(count).toBe(11);
    expect(min).toBeGreaterThan(0);
    // The delay counts on both ways.
    expect(max).toBeGreaterThan(50);
    expect(p50).toBeLessThanOrEqual(p90);
    expect(p90).toBeLessThanOrEqual(p99);
    expect(p99).toBeLessThanOrEqual(max * 1.02);
    expect(min).toBeLessThanOrEqual(mean);
    expect(mean).toBeLessThanOrEqual(max);
    await cluster.map((c) => keysOn(cluster, 0, 50).map((each) => c.strLen(each)));
    expect(statsOf(cluster).latency.count).toBe(12);
  });

  it('leave blocking commands out of the latency', async () => {
    const cluster = open();
    const key = keyOn(cluster, 0, 'list');
    const blocked = cluster.getRoutingClient().blPop(key, 0);
    await condition(async () => {
      const clients = await cluster.getPoolForHost(0).executeCommand('INFO', 'clients');
      return (clients as string).includes('blocked_clients:1');
    });
    const { count } = statsOf(cluster).latency;
    await cluster.getRoutingClient().rPush(key, 'x');
    await blocked;
    expect(statsOf(cluster).latency.count).toBe(count + 1);
    const { commands, batches } = statsOf(cluster);
    expect(commands).toBe(count + 2);
    expect(batches).toBe(count + 2);
  });

  it('count commands that no connection could be made for', async () => {
    const cluster = open({ reconnect: FOREVER });
    proxy.refuse();
    const keys = keysOn(cluster, 0, 5);
    await failureOf(cluster.map((client) => keys.map((key) => client.get(key))));
    expect(statsOf(cluster)).toMatchObject({ commands: 5, failures: 5, errors: 0 });
    // During the pause they are rejected at once.
    await failureOf(cluster.map((client) => keys.map((key) => client.set(key, 'x'))));
    expect(statsOf(cluster)).toMatchObject({ commands: 10, failures: 10, latency: NO_LATENCY });
  });

  it('count what a loss leaves without an answer, and not what is sent again', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 3);
    await cluster.getRoutingClient().get(keys[0]!);
    proxy.pause('toServer');
    const outcome = failureOf(
      cluster.map((client) => [
        ...keys.map((key) => client.get(key)),
        ...keys.map((key) => client.incr(key)),
        client.strLen(keys[0]!),
      ]),
    );
    // The GETs are one request.
    await condition(() => cluster.getPoolForHost(0).pending === 7);
    proxy.cut();
    proxy.resume();
    expect(await outcome).toMatchObject({ failed: 3, total: 7 });
    expect(statsOf(cluster)).toMatchObject({ commands: 8, failures: 3, errors: 0 });
    expect(statsOf(cluster).latency.count).toBe(1);
  });

  it('count what was cut off in the middle of a merged answer', async () => {
    const cluster = open({ retries: 0 });
    const keys = keysOn(cluster, 0, 20, 'cut');
    await cluster.map((client) => keys.map((key) => client.set(key, 'x'.repeat(100))));
    proxy.cutAfterBytes('toClient', 1000);
    const promises = await cluster.map((client) => {
      const all = keys.map((key) => client.get(key));
      for (const promise of all) promise.done(undefined, () => undefined);
      return all;
    });
    const rejected = promises.filter((promise) => promise.isRejected).length;
    expect(rejected).toBeGreaterThan(0);
    expect(rejected).toBeLessThan(20);
    expect(statsOf(cluster).failures).toBe(rejected);
  });

  it('count timeouts once, whatever comes later', async () => {
    const cluster = open({ commandTimeout: 50 });
    const keys = keysOn(cluster, 0, 4, 'late');
    await cluster.getRoutingClient().get(keys[0]!);
    await whileStopped([file.servers[0]!], async () => {
      const promises = keys.map((key) => failureOf(cluster.getRoutingClient().incr(key)));
      for (const failure of await Promise.all(promises)) {
        expect(failure).toBeInstanceOf(TimeoutError);
      }
      expect(statsOf(cluster)).toMatchObject({ commands: 5, failures: 4 });
    });
    // The answers come after all, and say how long they took.
    await condition(() => statsOf(cluster).latency.count === 2);
    expect(statsOf(cluster).latency.max).toBeGreaterThan(40);
    expect(statsOf(cluster).failures).toBe(4);
    await cluster.disconnectPools();
    expect(statsOf(cluster).failures).toBe(4);
  });

  it('count what timed out once, also where its connection is lost then', async () => {
    const cluster = open({ commandTimeout: 30, reconnect: FOREVER });
    const key = keyOn(cluster, 0, 'late');
    await cluster.getRoutingClient().get(key);
    proxy.pause();
    await failureOf(cluster.getRoutingClient().get(key));
    proxy.cut();
    await condition(() => cluster.health().get(0)!.state === 'down');
    expect(statsOf(cluster)).toMatchObject({ commands: 2, failures: 1 });
    proxy.resume();
  });

  it.each([true, false])(
    'count what was given up once, also where a callback of it disconnects (autoBatch: %s)',
    async (autoBatch) => {
      const cluster = open();
      const keys = keysOn(cluster, 0, 10, 'given up');
      const disconnect = () => cluster.getPoolForHost(0).disconnect();
      const getAll = (client: Pick<MappingClient, 'get'>): void => {
        const [first, ...others] = keys.map((key) => client.get(key));
        first!.done(undefined, disconnect);
        for (const promise of others) promise.done(undefined, () => undefined);
      };
      await cluster.getRoutingClient().get(keys[0]!);
      proxy.pause();
      expect(await failureOf(cluster.map(getAll, { timeout: 20, autoBatch }))).toMatchObject({
        code: 'RB_TIMEOUT',
      });
      expect(statsOf(cluster)).toMatchObject({ commands: 11, failures: 10 });
      proxy.resume();

      await cluster.getRoutingClient().get(keys[0]!);
      proxy.pause();
      await cluster.map(
        async (client) => {
          getAll(client);
          await condition(() => cluster.getPoolForHost(0).pending > 0);
          client.cancel();
        },
        { autoBatch },
      );
      expect(statsOf(cluster)).toMatchObject({ commands: 22, failures: 20 });
      proxy.resume();
    },
  );

  it('count what is cancelled before and after it was sent, and what is disconnected', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 3, 'cancelled');
    await cluster.getRoutingClient().get(keys[0]!);
    const client = cluster.getRoutingClient().getMappingClient();
    for (const key of keys) client.get(key);
    client.cancel();
    expect(statsOf(cluster)).toMatchObject({ commands: 4, failures: 3 });
    proxy.pause('toServer');
    for (const key of keys) client.incr(key);
    await condition(() => cluster.getPoolForHost(0).pending === 3);
    client.cancel();
    expect(statsOf(cluster)).toMatchObject({ commands: 7, failures: 6 });
    const waiting = failureOf(cluster.getRoutingClient().get(keys[0]!));
    await cluster.disconnectPools();
    await waiting;
    expect(statsOf(cluster)).toMatchObject({ commands: 8, failures: 7 });
    await client.join();
    proxy.resume();
  });

  it('count what the bounds of the pool refuse', async () => {
    const cluster = open({ maxPendingCommands: 2 });
    const key = keyOn(cluster, 0, 'bound');
    const client = cluster.getRoutingClient();
    const [first, second, third] = [client.incr(key), client.incr(key), client.incr(key)];
    expect(await failureOf(third)).toBeInstanceOf(OverloadError);
    await Promise.all([first, second]);
    expect(statsOf(cluster)).toMatchObject({ commands: 3, requests: 3, batches: 1, failures: 1 });
    await client.del(key);
  });

  it('are a picture of their moment', async () => {
    const cluster = open();
    const before = cluster.stats();
    await cluster.getPoolForHost(0).executeCommand('PING');
    expect(before.get(0)!.commands).toBe(0);
    expect(statsOf(cluster).commands).toBe(1);
  });

  it('outlast a disconnect, and are forgotten with their host', async () => {
    const cluster = open();
    await cluster.getPoolForHost(0).executeCommand('PING');
    await cluster.disconnectPools();
    await cluster.getPoolForHost(0).executeCommand('PING');
    expect(statsOf(cluster).commands).toBe(2);
    cluster.removeHost(0);
    expect([...cluster.stats().keys()]).toEqual([1]);
    cluster.addHost({ hostId: 0, unixSocketPath: proxy.socketPath });
    expect(statsOf(cluster)).toMatchObject({ commands: 0, latency: NO_LATENCY });
  });

  it('are there with a pool of another class', async () => {
    let used = 0;
    class OwnPool extends Pool {
      override executeCommand(...args: Parameters<Pool['executeCommand']>): Promise<unknown> {
        used++;
        return super.executeCommand(...args);
      }
    }
    const cluster = open({}, { pool: OwnPool });
    await cluster.getPoolForHost(0).executeCommand('PING');
    expect(used).toBe(1);
    expect(statsOf(cluster)).toMatchObject({ commands: 1, batches: 1 });
    expect(statsOf(cluster).bytesReceived).toBe(proxy.bytesToClient);
  });
});
