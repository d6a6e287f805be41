/** What a cluster knows of its hosts, and what it tells when that changes. */

import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { ConnectionError, MisuseError, TimeoutError } from '../../src/errors.js';
import type { ClusterEvents, HostHealth } from '../../src/health.js';
import type { PoolOptions } from '../../src/options.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf, withUncaught } from '../helpers/failures.js';
import type { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn } from '../helpers/keys.js';
import { useProxy } from '../helpers/proxied-clusters.js';
import { condition, startServer, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 2, databasesEach: 2 });

/** What keeps a test from waiting for a pause. */
const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };
const QUICK = { minDelay: 2, maxDelay: 4 };

let proxy: FaultProxy;
const track = useProxy(file, (started) => (proxy = started));

let direct: DirectClient;
beforeAll(async () => {
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

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

const ping = (cluster: Cluster, hostId = 0): Promise<unknown> =>
  cluster.getPoolForHost(hostId).executeCommand('PING');
const healthOf = (cluster: Cluster, hostId = 0): HostHealth => cluster.health().get(hostId)!;

type Logged = {
  [E in keyof ClusterEvents]: { readonly event: E } & ClusterEvents[E];
}[keyof ClusterEvents];

/** Writes down every event. */
function log(cluster: Cluster): Logged[] {
  const events: Logged[] = [];
  cluster.on('hostDown', (event) => events.push({ event: 'hostDown', ...event }));
  cluster.on('hostUp', (event) => events.push({ event: 'hostUp', ...event }));
  cluster.on('reconnecting', (event) => events.push({ event: 'reconnecting', ...event }));
  return events;
}

const names = (events: readonly Logged[]): string[] =>
  events.map(({ event, hostId }) => `${event} ${hostId}`);

describe('the pause after a failed attempt', () => {
  it('is that of all connections to the host, and ends when one is usable', async () => {
    const cluster = open({ reconnect: FOREVER });
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0, 'list');
    await client.exists(key);
    proxy.refuse();
    await expect(client.blPop(key, 0.01)).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    await proxy.accept();
    // It goes on for other connections, too: nobody connects.
    const { connections } = proxy;
    const refused = [1, 2].map(() => client.blPop(key, 0.01));
    for (const promise of refused) await expect(promise).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    expect(proxy.connections).toBe(connections);
    // The first attempt after a loss is immediate.
    const sent = proxy.bytesToServer;
    const read = await whileStopped([file.servers[0]!], async () => {
      const promise = client.exists(key);
      await proxy.waitFor(({ bytesToServer }) => bytesToServer > sent);
      proxy.cut();
      return { promise };
    });
    expect(await read.promise).toBe(0);
    expect(await client.blPop(key, 0.01)).toBeNull();
  });

  it('is over when the connections are ended on purpose', async () => {
    const cluster = open({ reconnect: FOREVER });
    proxy.refuse();
    await failureOf(ping(cluster));
    await proxy.accept();
    await expect(ping(cluster)).rejects.toBeInstanceOf(ConnectionError);
    expect(proxy.connections).toBe(0);
    await cluster.disconnectPools();
    expect(await ping(cluster)).toBe('PONG');
  });
});

describe('the health of a host', () => {
  it('is there for each host, idle, before anything connects', () => {
    const before = Date.now();
    const cluster = open();
    const health = cluster.health();
    expect([...health.keys()]).toEqual([0, 1]);
    const { since, ...others } = health.get(0)!;
    expect(others).toEqual({
      hostId: 0,
      address: proxy.socketPath,
      state: 'idle',
      pendingCommands: 0,
      pendingBytes: 0,
      connections: 0,
      reconnects: 0,
    });
    expect(since.getTime()).toBeGreaterThanOrEqual(before);
    expect(since.getTime()).toBeLessThanOrEqual(Date.now());
    cluster.getPoolForHost(0);
    expect(healthOf(cluster).state).toBe('idle');
    expect(proxy.connections).toBe(0);
  });

  it('is connecting, then up; what it says is of its moment', async () => {
    const cluster = open();
    proxy.pause('toClient');
    const answer = ping(cluster);
    await proxy.waitFor(({ bytesToServer }) => bytesToServer > 0);
    const connecting = cluster.health();
    expect(connecting.get(0)).toMatchObject({ state: 'connecting', connections: 1 });
    expect(connecting.get(0)!.pendingCommands).toBe(1);
    expect(connecting.get(0)!.pendingBytes).toBe('*1\r\n$4\r\nPING\r\n'.length);
    expect(connecting.get(1)).toMatchObject({ state: 'idle', connections: 0 });
    proxy.resume();
    await answer;
    expect(healthOf(cluster)).toMatchObject({ state: 'up', connections: 1, pendingCommands: 0 });
    expect(healthOf(cluster).pendingBytes).toBe(0);
    expect(healthOf(cluster).since.getTime()).toBeGreaterThanOrEqual(
      connecting.get(0)!.since.getTime(),
    );
    expect(connecting.get(0)!.state).toBe('connecting');
    expect(healthOf(cluster)).not.toHaveProperty('lastError');
  });

  it('that cannot be reached is down from the first failure until it is up', async () => {
    const cluster = open({ reconnect: QUICK });
    proxy.refuse();
    await failureOf(ping(cluster));
    const first = healthOf(cluster);
    expect(first).toMatchObject({ state: 'down', connections: 0, reconnects: 0 });
    expect(first.lastError).toBeInstanceOf(ConnectionError);
    expect(first.lastError).toMatchObject({ hostId: 0, address: proxy.socketPath });
    expect(first.lastError).not.toHaveProperty('command');
    await condition(async () => {
      await failureOf(ping(cluster));
      return healthOf(cluster).reconnects >= 3;
    });
    expect(healthOf(cluster)).toMatchObject({ state: 'down', since: first.since });
    expect(healthOf(cluster).lastError).not.toBe(first.lastError);
    await proxy.accept();
    await condition(() => ping(cluster).catch(() => false));
    const { reconnects, lastError, ...up } = healthOf(cluster);
    expect(up).toMatchObject({ state: 'up', connections: 1 });
    expect(reconnects).toBeGreaterThanOrEqual(4);
    expect(lastError).toBeInstanceOf(ConnectionError);
  });

  it('that is lost is down, though nothing was asked of it', async () => {
    const cluster = open({ reconnect: FOREVER });
    await Promise.all([ping(cluster), ping(cluster, 1)]);
    proxy.cut();
    await condition(() => healthOf(cluster).state === 'down');
    expect(healthOf(cluster).lastError!.message).toContain('was lost');
    expect(healthOf(cluster)).toMatchObject({ connections: 0, reconnects: 0 });
    // It fails alone.
    expect(healthOf(cluster, 1)).toMatchObject({ state: 'up', connections: 1 });
    expect(await ping(cluster)).toBe('PONG');
    expect(healthOf(cluster)).toMatchObject({ state: 'up', reconnects: 1 });
  });

  it('that is stopped counts what waits, until it is given up', async () => {
    const cluster = open({ commandTimeout: 50, connectTimeout: 300 });
    const keys = [keyOn(cluster, 0, 'stopped'), keyOn(cluster, 1, 'stopped')] as const;
    const client = cluster.getRoutingClient();
    await Promise.all(keys.map((key) => client.get(key)));
    await whileStopped([file.servers[0]!], async () => {
      const failure = failureOf(client.get(keys[0]));
      expect(healthOf(cluster)).toMatchObject({ state: 'up', pendingCommands: 1 });
      expect(await failure).toBeInstanceOf(TimeoutError);
      // It counts until its reply has come, or its connection is gone.
      expect(healthOf(cluster)).toMatchObject({ state: 'up', pendingCommands: 1 });
      expect(healthOf(cluster).pendingBytes).toBeGreaterThan(0);
      await condition(() => healthOf(cluster).state === 'down');
      expect(healthOf(cluster)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
      expect(healthOf(cluster).lastError!.message).toContain('was silent');
      expect(await failureOf(client.get(keys[0]))).toBeInstanceOf(TimeoutError);
      expect(await client.get(keys[1])).toBe(null);
    });
    await condition(() => client.set(keys[0], 'x').catch(() => false));
    expect(healthOf(cluster).state).toBe('up');
    await client.del(keys[0]);
  });

  it('is up as long as one of its connections is', async () => {
    const cluster = open({ connectionsPerHost: 2, reconnect: FOREVER });
    const events = log(cluster);
    await cluster.map((c) => c.get(keyOn(cluster, 0, 'a')));
    proxy.refuse();
    await failureOf(cluster.map((c) => c.get(keyOn(cluster, 0, 'a'))));
    expect(healthOf(cluster)).toMatchObject({ state: 'up', connections: 1 });
    expect(healthOf(cluster).lastError).toBeInstanceOf(ConnectionError);
    expect(names(events)).toEqual(['hostUp 0']);
    proxy.cut();
    await condition(() => healthOf(cluster).state === 'down');
    await condition(() => events.length === 2);
    expect(names(events)).toEqual(['hostUp 0', 'hostDown 0']);
  });

  it('is not changed by the end of a blocking command and its connection', async () => {
    const cluster = open();
    const events = log(cluster);
    await ping(cluster);
    const controller = new AbortController();
    const blocked = cluster.map((c) => c.blPop(keyOn(cluster, 0, 'list'), 0), {
      signal: controller.signal,
    });
    const pool = cluster.getPoolForHost(0);
    await condition(async () => {
      const clients = (await pool.executeCommand('INFO', 'clients')) as string;
      return clients.includes('blocked_clients:1');
    });
    expect(healthOf(cluster).connections).toBe(2);
    controller.abort();
    await failureOf(blocked);
    await proxy.waitFor(({ openConnections }) => openConnections === 1);
    expect(healthOf(cluster)).toMatchObject({ state: 'up', connections: 1, reconnects: 0 });
    expect(names(events)).toEqual(['hostUp 0']);
  });

  it('is idle after a disconnect, which is no failure', async () => {
    const cluster = open();
    const events = log(cluster);
    await Promise.all([ping(cluster), ping(cluster, 1)]);
    await cluster.disconnectPools();
    for (const hostId of [0, 1]) {
      expect(healthOf(cluster, hostId)).toMatchObject({ state: 'idle', connections: 0 });
      expect(healthOf(cluster, hostId)).not.toHaveProperty('lastError');
    }
    await ping(cluster);
    expect(healthOf(cluster)).toMatchObject({ state: 'up', reconnects: 0 });
    await cluster[Symbol.asyncDispose]();
    expect(healthOf(cluster)).toMatchObject({ state: 'idle', pendingCommands: 0 });
    expect(names(events).sort()).toEqual(['hostUp 0', 'hostUp 0', 'hostUp 1']);
  });

  it.each<[string, (cluster: Cluster) => unknown]>([
    ['disconnectPools', (cluster) => cluster.disconnectPools()],
    ['removeHost', (cluster) => cluster.removeHost(0)],
    ['asyncDispose', (cluster) => cluster[Symbol.asyncDispose]()],
  ])('does not go down by %s when one of its connections was lost before', async (_, end) => {
    const cluster = open({ connectionsPerHost: 2 });
    const events = log(cluster);
    const own = () => cluster.fanout((c) => c.clientId(), { hosts: [0] });
    const ids = [(await own()).get(0), (await own()).get(0)];
    expect(new Set(ids).size).toBe(2);
    await direct.sendCommand(['CLIENT', 'KILL', 'ID', String(ids[0])]);
    await condition(() => healthOf(cluster).lastError !== undefined);
    expect(healthOf(cluster).state).toBe('up');
    await end(cluster);
    if (cluster.hosts.has(0)) expect(healthOf(cluster).state).toBe('idle');
    // Whatever was to be told of host 0 comes before this.
    await ping(cluster, 1);
    await condition(() => names(events).includes('hostUp 1'));
    expect(names(events)).toEqual(['hostUp 0', 'hostUp 1']);
  });

  it('does not go down when a blocking command is cancelled after another was lost', async () => {
    const cluster = open();
    const events = log(cluster);
    const client = cluster.getRoutingClient().getMappingClient();
    const blocked = [1, 2].map((n) => failureOf(client.blPop(keyOn(cluster, 0, `list${n}`), 0)));
    const list = () => direct.sendCommand<string>(['CLIENT', 'LIST']);
    const blocking = async () => (await list()).match(/id=\d+(?=.* cmd=blpop )/g) ?? [];
    await condition(async () => (await blocking()).length === 2);
    const [first] = await blocking();
    await direct.sendCommand(['CLIENT', 'KILL', 'ID', first!.slice('id='.length)]);
    await condition(() => healthOf(cluster).lastError !== undefined);
    client.cancel();
    await Promise.all(blocked);
    expect(healthOf(cluster).state).toBe('idle');
    await ping(cluster, 1);
    await condition(() => names(events).includes('hostUp 1'));
    expect(names(events)).toEqual(['hostUp 0', 'hostUp 1']);
  });

  it('comes and goes with the host', async () => {
    const cluster = open();
    await ping(cluster);
    cluster.removeHost(0);
    expect([...cluster.health().keys()]).toEqual([1]);
    cluster.addHost({ hostId: 0, unixSocketPath: proxy.socketPath });
    expect(healthOf(cluster)).toMatchObject({ hostId: 0, state: 'idle' });
    await ping(cluster);
    expect(healthOf(cluster).state).toBe('up');
  });
});

describe('the events of a cluster', () => {
  it('tell of an outage: down once, every attempt, up again', async () => {
    const cluster = open({ reconnect: QUICK });
    const events = log(cluster);
    await ping(cluster);
    await condition(() => events.length === 1);
    const address = proxy.socketPath;
    expect(events.splice(0)).toEqual([{ event: 'hostUp', hostId: 0, address }]);

    proxy.refuse();
    proxy.cut();
    await condition(async () => {
      await failureOf(ping(cluster));
      return events.filter(({ event }) => event === 'reconnecting').length >= 4;
    });
    await proxy.accept();
    await condition(() => ping(cluster).catch(() => false));
    await condition(() => events.at(-1)?.event === 'hostUp');

    const [down, first, ...rest] = events;
    const up = rest.pop();
    expect(down).toMatchObject({ event: 'hostDown', hostId: 0, address });
    expect(down).toHaveProperty('error.code', 'RB_CONNECTION');
    expect(first).toEqual({ event: 'reconnecting', hostId: 0, address, attempt: 1, delay: 0 });
    for (const [index, event] of rest.entries()) {
      expect(event).toMatchObject({ event: 'reconnecting', attempt: index + 2, address });
      expect(event).toHaveProperty('delay', expect.any(Number));
      const { delay } = event as ClusterEvents['reconnecting'];
      expect(delay).toBeGreaterThanOrEqual(QUICK.minDelay);
      expect(delay).toBeLessThanOrEqual(QUICK.maxDelay);
    }
    const { downtime, ...others } = up as ClusterEvents['hostUp'];
    expect(others).toEqual({ event: 'hostUp', hostId: 0, address });
    expect(downtime).toBeGreaterThan(0);
    expect(healthOf(cluster).reconnects).toBe(rest.length + 1);
  });

  it('count the attempts anew when the connections were ended on purpose', async () => {
    const cluster = open({ reconnect: QUICK });
    const events = log(cluster);
    const attempts = () =>
      events.flatMap((event) => (event.event === 'reconnecting' ? [event.attempt] : []));
    proxy.refuse();
    const tryUntil = (count: number) =>
      condition(async () => {
        await failureOf(ping(cluster));
        return attempts().length >= count;
      });
    await tryUntil(2);
    await cluster.disconnectPools();
    const before = attempts();
    await tryUntil(before.length + 1);
    expect(attempts().slice(0, before.length + 1)).toEqual([...before, 1]);
  });

  it('tell of a loss that is repaired at once', async () => {
    const cluster = open();
    const key = keyOn(cluster, 0, 'read');
    await cluster.getRoutingClient().get(key);
    const events = log(cluster);
    proxy.pause('toServer');
    const read = cluster.getRoutingClient().get(key);
    await condition(() => cluster.getPoolForHost(0).pending === 1);
    proxy.cut();
    proxy.resume();
    expect(await read).toBe(null);
    await condition(() => events.length === 3);
    expect(names(events)).toEqual(['hostDown 0', 'reconnecting 0', 'hostUp 0']);
  });

  it('tell of a host that was never reached, once', async () => {
    const cluster = open({ reconnect: FOREVER });
    proxy.refuse();
    const events = log(cluster);
    for (let i = 0; i < 3; i++) await failureOf(ping(cluster));
    await ping(cluster, 1);
    await condition(() => events.length === 2);
    expect(names(events)).toEqual(['hostDown 0', 'hostUp 1']);
  });

  it('tell of a wrong password, once, and do not show it', async () => {
    const locked = await startServer({ serverArguments: ['--requirepass', 'the-right-one'] });
    try {
      const hosts = { 0: { unixSocketPath: locked.server.socketPath, password: 'the-wrong-one' } };
      const cluster = open({ reconnect: QUICK }, { hosts });
      const events = log(cluster);
      await condition(async () => {
        await failureOf(ping(cluster));
        return healthOf(cluster).reconnects >= 2;
      });
      await condition(() => events.length >= 3);
      expect(names(events).filter((name) => name === 'hostDown 0')).toHaveLength(1);
      expect(healthOf(cluster).lastError).toMatchObject({ cause: { kind: 'WRONGPASS' } });
      for (const shown of [events, cluster.health(), cluster]) {
        expect(inspect(shown, { depth: Infinity, showHidden: true })).not.toContain('-one');
      }
    } finally {
      await locked.close();
    }
  });

  it('come after what the same cause has settled', async () => {
    const cluster = open({ retries: 0 });
    await ping(cluster);
    const order: string[] = [];
    cluster.on('hostDown', () => order.push(`event: ${healthOf(cluster).state}`));
    proxy.pause();
    const call = cluster.map((c) => {
      const promise = c.incr(keyOn(cluster, 0, 'lost'));
      promise.done(undefined, () => order.push(`reply: ${healthOf(cluster).state}`));
    });
    await condition(() => cluster.getPoolForHost(0).pending === 1);
    proxy.cut();
    proxy.resume();
    await call;
    await condition(() => order.length === 2);
    expect(order).toEqual(['reply: down', 'event: down']);
  });

  it('may be listened to once, and no longer', async () => {
    const cluster = open();
    const heard: string[] = [];
    const always = (): void => void heard.push('always');
    expect(cluster.on('hostUp', always).once('hostUp', () => heard.push('once'))).toBe(cluster);
    for (let i = 0; i < 3; i++) {
      if (i === 2) expect(cluster.off('hostUp', always)).toBe(cluster);
      await ping(cluster);
      await cluster.disconnectPools();
    }
    await ping(cluster);
    expect(heard).toEqual(['always', 'once', 'always']);
  });

  it('that there are not, and listeners that are none, are refused', () => {
    const cluster = open();
    const loose = cluster as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const method of ['on', 'once', 'off']) {
      for (const name of ['hostdown', 'error', '__proto__', undefined, 5]) {
        expect(() => loose[method]!(name, () => undefined)).toThrow(MisuseError);
      }
      expect(() => loose[method]!('hostUp', 'no function')).toThrow(/must be a function, got/);
    }
    expect(() => loose['on']!('hostdown', () => undefined)).toThrow(
      "There is no event the string 'hostdown'; the events are hostDown, hostUp, reconnecting",
    );
  });

  it('may end all connections in a listener', async () => {
    const cluster = open();
    const ended: unknown[] = [];
    cluster.on('hostUp', () => ended.push(cluster.disconnectPools()));
    const answers = await Promise.allSettled([ping(cluster), ping(cluster), ping(cluster)]);
    await condition(() => ended.length === 1);
    await Promise.all(ended);
    expect(healthOf(cluster)).toMatchObject({ state: 'idle', pendingCommands: 0 });
    // Either the answers were faster, or the disconnect was.
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(ConnectionError);
    }
  });
});

describe('a listener that throws', () => {
  it('raises an uncaught exception, and disturbs no reply', async () => {
    await withUncaught(async (thrown) => {
      const cluster = open();
      const error = new Error('from a listener');
      for (const name of ['hostUp', 'hostDown', 'reconnecting'] as const) {
        cluster.on(name, () => {
          throw error;
        });
      }
      const keys = Array.from({ length: 100 }, (_, i) => keyOn(cluster, 0, `throws:${i}`));
      const read = () => cluster.map((c) => c.mGet(keys));
      expect(await read()).toEqual(keys.map(() => null));
      proxy.pause('toServer');
      const again = read();
      await condition(() => cluster.getPoolForHost(0).pending > 0);
      proxy.cut();
      proxy.resume();
      expect(await again).toEqual(keys.map(() => null));
      await condition(() => thrown.length === 4);
      expect(thrown).toEqual([error, error, error, error]);
      expect(healthOf(cluster).state).toBe('up');
    });
  });
});
