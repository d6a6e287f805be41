/** Every one of the poolOptions has an effect, on the wire, on the sockets or on the outcome. */

import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { ConnectionError, OverloadError, TimeoutError } from '../../src/errors.js';
import type { PoolOptions, ReconnectOptions } from '../../src/options.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { countImmediates } from '../helpers/immediates.js';
import { condition, startServer, type SingleServer } from '../helpers/servers.js';

let single: SingleServer;
let proxy: FaultProxy;
const clusters: Cluster[] = [];
beforeAll(async () => {
  single = await startServer();
});
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: single.server.socketPath ?? '' } });
});
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools()));
  await proxy.close();
});
afterAll(() => single.close());

function open(poolOptions: PoolOptions): Cluster {
  const cluster = new Cluster({
    hosts: { 0: { host: '127.0.0.1', port: proxy.port } },
    poolOptions,
  });
  clusters.push(cluster);
  return cluster;
}
const get = (cluster: Cluster) => cluster.getRoutingClient().get('k');

/** Seconds until the keep-alive probe of the open connection to this port, `'off'` without one. */
function keepAliveOf(port: number): number | 'off' | undefined {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const row = rows
    .map((line) => line.trim().split(/\s+/))
    .find(([, , to, state]) => to?.endsWith(remote) && state === '01');
  const [timer = '', when = ''] = row?.[5]?.split(':') ?? [];
  // While data is not acknowledged another timer runs.
  if (timer === '02') return parseInt(when, 16) / 100;
  return timer === '00' ? 'off' : undefined;
}

/** How many attempts to connect fail before `limit` have, or some time is over. */
async function failures(cluster: Cluster, limit: number): Promise<void> {
  const reasons = new Set<unknown>();
  await condition(async () => {
    // During the pause the last reason is given again; an attempt has a stack of its own.
    reasons.add((await failureOf(get(cluster)))['cause']);
    return reasons.size >= limit;
  });
}

/** A key that is missing here does not compile. */
const reconnects: Record<keyof ReconnectOptions, () => Promise<void>> = {
  async minDelay() {
    proxy.refuse();
    const slow = open({ reconnect: { minDelay: 60_000, maxDelay: 60_000 } });
    const quick = open({ reconnect: { minDelay: 1, maxDelay: 60_000 } });
    for (const cluster of [slow, quick]) {
      expect(await failureOf(get(cluster))).toBeInstanceOf(ConnectionError);
    }
    await proxy.accept();
    await condition(async () => (await get(quick)) === null);
    const connections = proxy.connections;
    expect(await failureOf(get(slow))).toMatchObject({ maybeExecuted: false });
    expect(proxy.connections).toBe(connections);
  },
  async maxDelay() {
    proxy.refuse();
    // Doubled thirty times without a bound, one millisecond would be twelve days.
    await failures(open({ reconnect: { minDelay: 1, maxDelay: 2 } }), 30);
  },
};

const effects: Record<keyof PoolOptions, () => Promise<void>> = {
  async connectionsPerHost() {
    for (const connectionsPerHost of [1, 3]) {
      const before = proxy.connections;
      const cluster = open({ connectionsPerHost });
      for (let call = 0; call < 6; call++) await cluster.map((c) => c.get('k'));
      expect(cluster.getPoolForHost(0).connections).toBe(connectionsPerHost);
      expect(proxy.connections - before).toBe(connectionsPerHost);
    }
  },
  async connectTimeout() {
    proxy.pause('toClient');
    const error = await failureOf(get(open({ connectTimeout: 50 })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error['message']).toContain('within 50 ms');
  },
  async commandTimeout() {
    const cluster = open({ commandTimeout: 50 });
    await get(cluster);
    proxy.pause('toClient');
    const error = await failureOf(get(cluster));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ hostId: 0, command: 'GET', maybeExecuted: true });
    expect(error['message']).toContain('within 50 ms');
  },
  async keepAlive() {
    if (process.platform !== 'linux') return;
    const seconds = async (options: PoolOptions) => {
      const cluster = open(options);
      await get(cluster);
      const left = await condition(() => keepAliveOf(proxy.port));
      await cluster.disconnectPools();
      await proxy.waitFor(({ openConnections }) => openConnections === 0);
      return left;
    };
    for (const [options, expected] of [
      [{}, 5],
      [{ keepAlive: 60_000 }, 60],
      [{ keepAlive: 1000 }, 1],
    ] as const) {
      expect(Math.ceil(Number(await seconds(options)))).toBe(expected);
    }
    expect(await seconds({ keepAlive: false })).toBe('off');
  },
  async reconnect() {
    for (const effect of Object.values(reconnects)) {
      await effect();
      await proxy.accept();
    }
  },
  async retries() {
    const lose = async (retries: number | undefined) => {
      const cluster = open({ retries });
      await get(cluster);
      // The next command vanishes, and its connection with it.
      proxy.garble((direction, chunk) => {
        if (direction === 'toClient') return chunk;
        proxy.garble(undefined);
        setImmediate(() => {
          proxy.cut();
        });
        return Buffer.alloc(0);
      });
      return get(cluster);
    };
    expect(await lose(1)).toBeNull();
    expect(await lose(undefined)).toBeNull();
    expect(await failureOf(lose(0))).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
  },
  async maxPendingBytes() {
    const cluster = open({ maxPendingBytes: 100 });
    const client = cluster.getRoutingClient();
    const first = client.set('k', 'x'.repeat(200));
    // Bytes count when they leave the buffer at the end of the tick.
    await new Promise((resolve) => setImmediate(resolve));
    expect(await failureOf(client.get('k'))).toBeInstanceOf(OverloadError);
    expect(await first).toBe('OK');
    expect(await client.del('k')).toBe(1);
  },
  async maxPendingCommands() {
    const client = open({ maxPendingCommands: 2 }).getRoutingClient();
    const results = await Promise.allSettled([1, 2, 3].map(() => client.get('k')));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'RB_OVERLOAD' });
  },
  async onOverload() {
    const run = async (onOverload: 'reject' | 'wait') => {
      const client = open({ maxPendingCommands: 1, onOverload }).getRoutingClient();
      return Promise.allSettled([1, 2, 3].map(() => client.get('k')));
    };
    const statuses = (results: PromiseSettledResult<unknown>[]) =>
      results.map(({ status }) => status);
    expect(statuses(await run('reject'))).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(statuses(await run('wait'))).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  },
  async clientName() {
    const name = (cluster: Cluster) =>
      cluster.getPoolForHost(0).executeCommand('CLIENT', 'GETNAME');
    const named = open({ clientName: 'me@here' });
    expect(await name(named)).toBe('me@here');
    expect(await named.getLocalClient(0).clientGetName()).toBe('me@here');
    expect(await name(open({}))).toBeNull();
  },
  async busyPoll() {
    const turnsFor = async (busyPoll: boolean | undefined) => {
      proxy.pause('toClient');
      return countImmediates(async () => {
        const reply = get(open({ busyPoll }));
        // The loop turns at least once for each of these timers.
        for (let i = 0; i < 100; i++) await new Promise((resolve) => setTimeout(resolve));
        proxy.resume('toClient');
        expect(await reply).toBeNull();
      });
    };
    expect(await turnsFor(undefined)).toBeGreaterThan(40);
    expect(await turnsFor(false)).toBeLessThan(20);
  },
};

describe('the pool option', () => {
  it.each(Object.entries(effects))('%s has its effect', (_, effect) => effect());

  it('has an effect here for every name that there is', () => {
    const refusal = (poolOptions: object) => {
      try {
        open(poolOptions);
      } catch (error) {
        const [, list = ''] = /options are (.*)$/s.exec((error as Error).message) ?? [];
        return [...list.matchAll(/\w+/g)].map(([name]) => name).sort();
      }
      return [];
    };
    expect(refusal({ nonsense: 1 })).toEqual(Object.keys(effects).sort());
    expect(refusal({ reconnect: { nonsense: 1 } })).toEqual(Object.keys(reconnects).sort());
  });
});
