/** What callers see of a host that loads its data. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { CancelledError, ConnectionError, MapError, ReplyError } from '../../src/errors.js';
import type { PoolOptions } from '../../src/options.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { LoadingServer } from '../helpers/loading-server.js';
import { condition, startServer, type SingleServer } from '../helpers/servers.js';

const ANSWER = 'LOADING Redis is loading the dataset in memory';
/** Tries for as long as a test takes. */
const PATIENT = { retries: 100_000, reconnect: { minDelay: 5, maxDelay: 5 } };
/** What keeps a test from waiting for a pause. */
const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let loading: LoadingServer;
let other: SingleServer;
let proxy: FaultProxy;
let counter: string;
const clusters: Cluster[] = [];

beforeAll(async () => {
  [loading, other] = await Promise.all([LoadingServer.start(), startServer()]);
});
afterAll(() => Promise.all([loading.close(), other.close()]));
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: loading.path } });
  counter = keyOn(open({}), 0, 'counter');
  await loading.admin.del(counter);
});
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools()));
  await proxy.close();
});

/** Host 0 loads when told, host 1 never does. */
function open(poolOptions: PoolOptions): Cluster {
  const cluster = new Cluster({
    hosts: {
      0: { unixSocketPath: proxy.socketPath },
      1: { unixSocketPath: other.server.socketPath },
    },
    poolOptions,
  });
  clusters.push(cluster);
  return cluster;
}

async function openReady(poolOptions: PoolOptions): Promise<Cluster> {
  const cluster = open(poolOptions);
  await cluster.all((c) => c.ping());
  return cluster;
}

/** How often the server has refused a command because it loads. */
async function refusals(): Promise<number> {
  const stats = await loading.admin.info('errorstats');
  return Number(/errorstat_LOADING:count=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Waits until another command was refused. */
async function untilRefused(): Promise<void> {
  const before = await refusals();
  await condition(async () => (await refusals()) > before);
}

describe('while a host loads', () => {
  it('every kind of call waits for its commands, whose order is kept', async () => {
    const cluster = await openReady(PATIENT);
    const list = keyOn(cluster, 0, 'list');
    const reads = keysOn(cluster, 0, 5);
    // So that there is a connection for it.
    await cluster.map((c) => c.blPop(list, 0.001));
    await loading.beginReload();
    const client = cluster.getRoutingClient();
    const routed = [client.append(counter, 'a'), client.append(counter, 'b')];
    const mapped = cluster.map((c) => [c.append(counter, 'c'), c.append(counter, 'd')]);
    const merged = cluster.map((c) => reads.map((key) => c.get(key)));
    const script = new Script("return redis.call('APPEND', KEYS[1], ARGV[1])");
    const listed = cluster.executeCommands({
      [counter]: [
        ['STRLEN', counter],
        [script, [counter], ['e']],
        ['GET', counter],
      ],
    });
    const blocked = cluster.map((c) => c.blPop(list, 0));
    const everywhere = cluster.all((c) => c.dbSize());
    await untilRefused();
    expect(cluster.health().get(0)!.pendingCommands).toBeGreaterThan(10);
    await loading.finish();

    expect(await Promise.all(routed)).toEqual([1, 2]);
    expect((await mapped).map(({ value }) => value)).toEqual([3, 4]);
    expect((await merged).map(({ value }) => value)).toEqual(reads.map(() => null));
    const results = (await listed)[counter]!;
    expect(results.map(({ value }) => value)).toEqual([4, 5, 'abcde']);
    expect([...(await everywhere).keys()]).toEqual([0, 1]);
    await client.rPush(list, 'item');
    expect(await blocked).toEqual({ key: list, element: 'item' });
    expect(cluster.health().get(0)).toMatchObject({
      state: 'up',
      pendingCommands: 0,
      pendingBytes: 0,
      reconnects: 0,
    });
  });

  it('for longer than told, the others are not concerned, and the call says which host', async () => {
    const cluster = await openReady({ retries: 1, reconnect: { minDelay: 1, maxDelay: 1 } });
    const healthy = keyOn(cluster, 1, 'healthy');
    await loading.beginReload();
    let promises: RbPromise<unknown>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises = [c.incr(counter), c.set(healthy, '1'), c.incr(counter), c.get(healthy)];
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ failed: 2, total: 4 });
    expect(error['message']).toBe(`2 of 4 commands failed (host 0: INCR: ${ANSWER})`);
    expect(promises[0]!.reason).toBeInstanceOf(ReplyError);
    expect(promises[0]!.reason).toMatchObject({
      kind: 'LOADING',
      hostId: 0,
      address: proxy.socketPath,
      command: 'INCR',
    });
    expect(promises.map(({ value }) => value)).toEqual([undefined, 'OK', undefined, '1']);
    // The host is left alone for a while.
    expect(cluster.health().get(0)).toMatchObject({ state: 'down', connections: 0 });
    await loading.finish();
    await condition(() =>
      cluster
        .getRoutingClient()
        .incr(counter)
        .catch(() => false),
    );
    expect(await loading.admin.get(counter)).toBe('1');
    expect(cluster.health().get(0)!.state).toBe('up');
  });

  it('a command whose time is over before it is sent again has surely not run', async () => {
    const cluster = await openReady({ retries: 1, reconnect: FOREVER, commandTimeout: 1000 });
    await loading.beginReload();
    const reasons = await Promise.all([
      failureOf(cluster.getRoutingClient().incr(counter)),
      failureOf(cluster.map((c) => c.incr(counter), { timeout: 900 })),
    ]);
    expect(reasons[0]).toMatchObject({ code: 'RB_TIMEOUT', maybeExecuted: false, hostId: 0 });
    expect(reasons[1]).toMatchObject({ code: 'RB_TIMEOUT', hosts: [0] });
    await loading.finish();
    expect(await cluster.getRoutingClient().incr(counter)).toBe(1);
    expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, reconnects: 0 });
  });

  it('a command that was sent on a lost connection before may have run there', async () => {
    const cluster = await openReady(PATIENT);
    // After it came the answer to a PING.
    const handshake = proxy.bytesToClient - '+PONG\r\n'.length;
    proxy.pause('toServer');
    const client = cluster.getRoutingClient({ autoBatch: false }).getMappingClient();
    const promises = [client.get(counter), client.get(counter)];
    await condition(() => cluster.getPoolForHost(0).pending === 2);
    const line = Buffer.from(`-${ANSWER}\r\n`);
    const passing = { bytes: 0 };
    proxy.garble((direction, chunk) => {
      passing.bytes += direction === 'toClient' ? chunk.length : 0;
      return direction === 'toClient' && passing.bytes > handshake ? line : chunk;
    });
    const before = proxy.bytesToClient;
    proxy.truncate('toClient', handshake + line.length);
    proxy.cut();
    proxy.resume();
    await proxy.waitFor(({ bytesToClient }) => bytesToClient === before + handshake + line.length);
    await cluster.getPoolForHost(1).executeCommand('PING');
    expect(cluster.getPoolForHost(0).pending).toBe(2);
    client.cancel();
    for (const { reason } of promises) expect(reason).toMatchObject({ maybeExecuted: true });
    await cluster.disconnectPools();
    await proxy.heal();
  });

  it('a command that is cancelled amid the answers of its pipeline has surely not run', async () => {
    const cluster = await openReady(PATIENT);
    const line = Buffer.from(`-${ANSWER}\r\n`);
    proxy.garble((direction, chunk) => (direction === 'toClient' ? line : chunk));
    proxy.truncate('toClient', line.length);
    const before = proxy.bytesToClient;
    const client = cluster.getRoutingClient({ autoBatch: false }).getMappingClient();
    const [first, second] = [client.incr(counter), client.incr(counter)];
    await proxy.waitFor(({ bytesToClient }) => bytesToClient === before + line.length);
    // An answer that came later has been read; so has the line.
    await cluster.getPoolForHost(1).executeCommand('PING');
    expect(cluster.getPoolForHost(0).pending).toBe(2);
    client.cancel();
    expect(first.reason).toBeInstanceOf(CancelledError);
    expect(first.reason).toMatchObject({ maybeExecuted: false, command: 'INCR', hostId: 0 });
    expect(second.reason).toMatchObject({ maybeExecuted: true, command: 'INCR' });
    await client.join();
    await cluster.disconnectPools();
    expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
  });
});

describe('a host that is started again', () => {
  it('is down while it loads, and used again by itself', async () => {
    const cluster = await openReady({ reconnect: { minDelay: 2, maxDelay: 4 } });
    const events: string[] = [];
    cluster.on('hostDown', () => events.push('down'));
    cluster.on('hostUp', () => events.push('up'));
    await loading.restart();
    const client = cluster.getRoutingClient();
    await condition(async () => {
      const reason = await failureOf(client.incr(counter));
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({ maybeExecuted: false, hostId: 0, command: 'INCR' });
      return reason['cause'] instanceof ReplyError;
    });
    expect(cluster.health().get(0)).toMatchObject({
      state: 'down',
      lastError: { cause: { kind: 'LOADING' } },
    });
    await loading.finish();
    await condition(() => client.incr(counter).catch(() => false));
    await condition(() => events.length === 2);
    expect(events).toEqual(['down', 'up']);
    expect(await client.get(counter)).toBe('1');
  });

  it('lets a local client in while it loads', async () => {
    const hosts = { 0: { unixSocketPath: proxy.socketPath, db: 1 } };
    const cluster = new Cluster({ hosts });
    clusters.push(cluster);
    await loading.beginReload();
    const local = cluster.getLocalClient(0);
    expect(await local.info('persistence')).toContain('loading:1');
    expect((await failureOf(local.get('key')))['message']).toBe(ANSWER);
    await loading.finish();
    expect(await local.get('key')).toBe(null);
  });
});
