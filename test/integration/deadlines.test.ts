/** What a deadline covers, from connecting to the reply, and what is left of it afterwards. */

import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import type { PoolOptions } from '../../src/options.js';
import { failureOf } from '../helpers/failures.js';
import type { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useProxy } from '../helpers/proxied-clusters.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });

/** More than the buffers of the system take. */
const LARGE = 'x'.repeat(24 * 1024 * 1024);
const NOT_RUN = { code: 'RB_TIMEOUT', maybeExecuted: false, hostId: 0, command: 'INCR' };

/** Takes 300 ms. */
const BUSY = `
  local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
  local ends = now() + 300
  while now() < ends do end
  return 1`;

let proxy: FaultProxy;
const track = useProxy(file, (started) => (proxy = started));

/** Host 0 behind the proxy, host 1 not. */
function open(poolOptions: PoolOptions = {}): Cluster {
  const cluster = new Cluster({
    hosts: {
      0: { unixSocketPath: proxy.socketPath },
      1: { unixSocketPath: file.servers[0]!.socketPath, db: 1 },
    },
    poolOptions,
  });
  return track(cluster);
}

const ping = (cluster: Cluster): Promise<unknown> => cluster.all((c) => c.ping());

/** Whatever was held on its way has arrived, and the counter is still not there. */
async function expectNotRun(cluster: Cluster, counter: string): Promise<void> {
  await proxy.heal();
  await condition(() => cluster.getPoolForHost(0).pending === 0);
  expect(await cluster.getRoutingClient().exists(counter)).toBe(0);
}

describe('commandTimeout', () => {
  it('covers connecting', async () => {
    const cluster = open({ commandTimeout: 100 });
    const counter = keyOn(cluster, 0, 'connecting');
    proxy.pause('toClient');
    expect(await failureOf(cluster.getRoutingClient().incr(counter))).toMatchObject(NOT_RUN);
    expect(await failureOf(cluster.map((c) => c.incr(counter)))).toMatchObject(NOT_RUN);
    await expectNotRun(cluster, counter);
  });

  it('covers waiting for room', async () => {
    const cluster = open({ commandTimeout: 500, maxPendingCommands: 1, onOverload: 'wait' });
    await ping(cluster);
    const counter = keyOn(cluster, 0, 'room');
    const client = cluster.getRoutingClient();
    proxy.pause('toServer');
    const first = failureOf(client.get(counter));
    // A call of its own, so that it is no part of the first one's pipeline.
    expect(await failureOf(cluster.map((c) => c.incr(counter)))).toMatchObject(NOT_RUN);
    expect(await first).toMatchObject({ code: 'RB_TIMEOUT', maybeExecuted: true });
    await expectNotRun(cluster, counter);
    expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
  });

  it('covers waiting for the turn of its host', async () => {
    const cluster = open({ commandTimeout: 500 });
    await ping(cluster);
    const counter = keyOn(cluster, 0, 'turn');
    const client = cluster.getRoutingClient().getMappingClient({ maxConcurrency: 1 });
    // A blocking command keeps the turn for as long as it blocks.
    const blocked = client.blPop(keyOn(cluster, 1, 'list'), 30);
    const reason = await failureOf(client.incr(counter));
    expect(reason).toMatchObject(NOT_RUN);
    expect(blocked.isPending).toBe(true);
    client.cancel();
    await client.join();
    await expectNotRun(cluster, counter);
  });

  it('of a blocking command begins when it goes out, and its own time with it', async () => {
    const cluster = open({ commandTimeout: 1000, maxPendingCommands: 1, onOverload: 'wait' });
    await ping(cluster);
    const [first, second] = [keyOn(cluster, 1, 'first'), keyOn(cluster, 1, 'second')];
    const client = cluster.getRoutingClient();
    expect(await Promise.all([client.blPop(first, 1.2), client.blPop(second, 1)])).toEqual([
      null,
      null,
    ]);
  });

  it('counts what has arrived while the event loop was held up', async () => {
    const cluster = open({ commandTimeout: 200 });
    await ping(cluster);
    const key = keyOn(cluster, 1, 'busy');
    const answers = [
      cluster.getRoutingClient().incr(key),
      cluster.map((c) => c.incr(key), { timeout: 200 }),
    ];
    // Behind the end of the tick, when both are sent.
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 1000;
    while (performance.now() < until);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  it('that is over before a command is sent keeps it from being sent', async () => {
    const cluster = open({ commandTimeout: 200, maxPendingCommands: 1, onOverload: 'wait' });
    await ping(cluster);
    const [first, second, third] = keysOn(cluster, 1, 3);
    const client = cluster.getRoutingClient();
    const answered = client.executeCommand('EVAL', BUSY, 1, first!);
    // Behind the end of the tick, when it is sent.
    await new Promise((resolve) => setImmediate(resolve));
    // Its answer will make room for these.
    const reasons = [
      failureOf(client.incr(second!)),
      failureOf(cluster.map((c) => c.incr(third!), { timeout: 200 })),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 600;
    while (performance.now() < until);
    expect(await Promise.all([answered, ...reasons])).toMatchObject([
      1,
      { code: 'RB_TIMEOUT', maybeExecuted: false },
      { code: 'RB_TIMEOUT' },
    ]);
    await condition(() => cluster.getPoolForHost(1).pending === 0);
    expect(await client.exists(second!)).toBe(0);
    expect(await client.exists(third!)).toBe(0);
  });

  it('covers writing', async () => {
    const cluster = open({ commandTimeout: 1000 });
    await ping(cluster);
    const counter = keyOn(cluster, 0, 'writing');
    const large = keyOn(cluster, 0, 'large');
    const client = cluster.getRoutingClient();
    proxy.pause('toServer');
    const reasons = [failureOf(client.set(large, LARGE))];
    await condition(() => cluster.getPoolForHost(0).pending === 1);
    reasons.push(failureOf(cluster.map((c) => c.incr(counter))));
    expect(await Promise.all(reasons)).toMatchObject([
      { code: 'RB_TIMEOUT', maybeExecuted: true, command: 'SET' },
      NOT_RUN,
    ]);
    await expectNotRun(cluster, counter);
    await client.del(large);
  });

  it('covers the reply, to its last byte', async () => {
    const cluster = open({ commandTimeout: 500 });
    await ping(cluster);
    const key = keyOn(cluster, 0, 'half');
    const client = cluster.getRoutingClient();
    await client.set(key, 'value');
    proxy.truncate('toClient', '$5\r\nval'.length);
    expect(await failureOf(client.get(key))).toMatchObject({
      code: 'RB_TIMEOUT',
      maybeExecuted: true,
      command: 'GET',
    });
    await cluster.getPoolForHost(0).disconnect();
    await proxy.heal();
    await client.del(key);
  });
});

describe('a signal of AbortSignal.timeout', () => {
  it('finds a host that says nothing any more, as a timeout does', async () => {
    const cluster = open({ connectTimeout: 300 });
    await ping(cluster);
    const key = keyOn(cluster, 0, 'silent');
    proxy.pause();
    const call = cluster.map((c) => c.get(key), { signal: AbortSignal.timeout(50) });
    expect(await failureOf(call)).toMatchObject({ name: 'TimeoutError' });
    await condition(() => cluster.health().get(0)!.state === 'down');
    expect(cluster.health().get(0)!.lastError?.message).toContain('was silent for 300 ms');
  });
});

describe('commandTimeout of a command that blocks', () => {
  it('begins when it is to have answered', async () => {
    const cluster = open({ commandTimeout: 500 });
    await ping(cluster);
    const list = keyOn(cluster, 1, 'list');
    const client = cluster.getRoutingClient();
    const popped = client.blPop(list, 30);
    proxy.pause('toServer');
    // What began later and does not block is too late before it.
    expect(await failureOf(client.get(keyOn(cluster, 0)))).toMatchObject({ code: 'RB_TIMEOUT' });
    await client.rPush(list, 'element');
    expect(await popped).toEqual({ key: list, element: 'element' });
  });

  it('is added to its own time', async () => {
    const cluster = open({ commandTimeout: 100 });
    await ping(cluster);
    proxy.pause('toClient');
    const popped = cluster.getRoutingClient().blPop(keyOn(cluster, 0, 'list'), 0.05);
    const message = expect.stringMatching(/ within 150 ms$/) as string;
    expect(await failureOf(popped)).toMatchObject({ code: 'RB_TIMEOUT', message });
  });
});

describe('a deadline that was not reached', () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

  it('leaves no timer while nothing is pending', async () => {
    const cluster = open({ commandTimeout: 3_600_000, connectTimeout: 3_600_000 });
    await ping(cluster);
    const before = timers();
    proxy.pause('toClient');
    const key = keyOn(cluster, 0);
    const options = { timeout: 3_600_000 };
    const calls: Promise<unknown>[] = [
      cluster.getRoutingClient().get(key),
      cluster.map((c) => c.get(key), options),
      cluster.fanout((c) => c.get(key), { hosts: [0], ...options }),
      cluster.all((c) => c.get(key), options),
      cluster.executeCommands({ [key]: [['GET', key]] }, options),
    ];
    const mapping = cluster.getRoutingClient().getMappingClient();
    mapping.get(key);
    calls.push(mapping.join(options));
    await condition(() => cluster.getPoolForHost(0).pending === calls.length);
    // One for each call, and one for each pipeline.
    expect(timers()).toBeGreaterThanOrEqual(before + 5 + calls.length);
    proxy.resume();
    await Promise.all(calls);
    await condition(() => timers() <= before);
  });

  it('leaves no listener on the signal, however the call ends', async () => {
    const cluster = open();
    await ping(cluster);
    const { signal } = new AbortController();
    const key = keyOn(cluster, 0);
    const mapping = cluster.getRoutingClient().getMappingClient();
    const options = { signal, timeout: 3_600_000 };
    const calls = [
      cluster.map((c) => c.get(key), options),
      cluster.fanout((c) => c.get(key), { hosts: [0], ...options }),
      cluster.all((c) => c.get(key), options),
      cluster.executeCommands({ [key]: [['GET', key]] }, options),
      mapping.join(options),
      // One that fails, one whose callback does, one that is too late.
      cluster.map((c) => c.hGet(key, 'f').then(() => Promise.reject(new Error('late'))), options),
      cluster.map(() => Promise.reject(new Error('callback')), options),
      cluster.map(() => new Promise(() => undefined), { signal, timeout: 1 }),
    ];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.allSettled(calls);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
