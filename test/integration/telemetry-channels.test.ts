/** What the tracing channels tell of commands, batches, maps and connections. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { CancelledError, ConnectionError, MapError, TimeoutError } from '../../src/errors.js';
import type { PoolOptions } from '../../src/options.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import type { RouterClass } from '../../src/routers/router.js';
import { Script } from '../../src/script.js';
import type {
  BatchTrace,
  CommandTrace,
  ConnectionTrace,
  MapTrace,
} from '../../src/telemetry/traces.js';
import type { Key } from '../../src/util/key.js';
import { failureOf, withUncaught } from '../helpers/failures.js';
import type { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useProxy } from '../helpers/proxied-clusters.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers({ servers: 2, databasesEach: 2 });

const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let proxy: FaultProxy;
const track = useProxy(file, (started) => (proxy = started));
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Host 0 behind the proxy, host 1 in the second database of the other server. */
function open(poolOptions: PoolOptions = {}, router?: RouterClass): Cluster {
  const cluster = new Cluster({
    hosts: {
      0: { host: '127.0.0.1', port: proxy.port },
      1: { unixSocketPath: file.servers[1]!.socketPath, db: 1 },
    },
    poolOptions,
    router,
  });
  return track(cluster);
}

/** Calls the listener until the end of the test. */
function listen(name: string, listener: (message: unknown) => void): void {
  subscribe(name, listener);
  stops.push(() => unsubscribe(name, listener));
}

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
type Event = (typeof EVENTS)[number];

/** Everything that is published on a tracing channel. */
class Recorder<T extends object> {
  readonly all: { readonly event: Event; readonly trace: T }[] = [];

  constructor(name: string, events: readonly Event[] = EVENTS) {
    for (const event of events) {
      listen(`tracing:${name}:${event}`, (trace) => {
        this.all.push({ event, trace: trace as T });
      });
    }
  }

  /** The traces, in the order of their beginning. */
  get traces(): T[] {
    return [...new Set(this.all.map(({ trace }) => trace))];
  }

  eventsOf(trace: T): Event[] {
    return this.all.filter((entry) => entry.trace === trace).map(({ event }) => event);
  }
}

const recordCommands = () => new Recorder<CommandTrace>('redis-blaster:command');
const recordBatches = () => new Recorder<BatchTrace>('redis-blaster:batch');
const recordMaps = () => new Recorder<MapTrace>('redis-blaster:map');
const recordConnections = () => new Recorder<ConnectionTrace>('redis-blaster:connection');

const ENDED_WELL = ['start', 'end', 'asyncStart', 'asyncEnd'];
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

describe('the channel of commands', () => {
  it('tells of a command where it goes, and when it is answered', async () => {
    const cluster = open();
    const commands = recordCommands();
    const key = keyOn(cluster, 0, 'command');
    const answer = cluster.getRoutingClient().hSet(key, 'field', 'value');
    expect(commands.all.map(({ event }) => event)).toEqual(['start', 'end']);
    await answer;
    const [trace, ...others] = commands.traces;
    expect(others).toEqual([]);
    expect(trace).toEqual({
      hostId: 0,
      address: `127.0.0.1:${proxy.port}`,
      serverAddress: '127.0.0.1',
      serverPort: proxy.port,
      db: 0,
      command: 'HSET',
      argumentCount: 3,
      map: undefined,
      mergedCount: 1,
    });
    expect(trace!.keys).toEqual([key]);
    expect(commands.eventsOf(trace!)).toEqual(ENDED_WELL);
    await cluster.getRoutingClient().del(key);
  });

  it('names a unix socket and the database', async () => {
    const cluster = open();
    const commands = recordCommands();
    await cluster.getPoolForHost(1).executeCommand('PING');
    const { socketPath } = file.servers[1]!;
    expect(commands.traces).toMatchObject([
      { hostId: 1, address: socketPath, serverAddress: socketPath, serverPort: undefined, db: 1 },
    ]);
  });

  it('tells of an answer before its caller gets it', async () => {
    const cluster = open();
    const commands = recordCommands();
    const key = keyOn(cluster, 0);
    await cluster.map((client) => {
      client.get(key).done(() => {
        expect(commands.eventsOf(commands.traces[0]!)).toEqual(ENDED_WELL);
      });
    });
    expect(commands.all).toHaveLength(4);
  });

  it('shows the keys to those who ask for them, and a value to nobody', async () => {
    const cluster = open();
    const commands = recordCommands();
    const key = keyOn(cluster, 0, 'a-secret-key');
    const script = new Script('return {KEYS[1], ARGV[1]}');
    const client = cluster.getRoutingClient();
    await client.set(key, 'a-secret-value', { expiration: { type: 'EX', value: 60 } });
    await client.executeCommand('SET', key, 'a-secret-value');
    await client.executeCommand('APPEND', Buffer.from(key), 'a-secret-value');
    await cluster.map((mapping) => [mapping.set(key, 'a-secret-value'), mapping.mGet([key])]);
    await cluster.executeCommands({ [key]: [[script, [key], ['a-secret-value']], ['PING']] });
    await cluster.fanout((fanout) =>
      fanout.targetKey(key).mSet({ [key]: 'a-secret-value', [`${key}2`]: 'a-secret-value' }),
    );
    const shown = commands.traces.map((trace) => [trace.command, trace.keys]);
    expect(shown).toEqual([
      ['SET', [key]],
      ['SET', [key]],
      ['APPEND', [Buffer.from(key)]],
      ['SET', [key]],
      ['GET', [key]],
      ['SCRIPT', []],
      ['SCRIPT', []],
      ['EVALSHA', [key]],
      ['PING', []],
      ['MSET', [key, `${key}2`]],
    ]);
    for (const trace of commands.traces) {
      const text = `${inspect(trace, { depth: Infinity, showHidden: true })} ${JSON.stringify(trace)}`;
      expect(text).not.toContain('a-secret');
      expect(Object.keys(trace)).not.toContain('keys');
    }
    await cluster.fanout((fanout) => fanout.targetKey(key).del([key, `${key}2`]));
  });

  it('shows no values that were given in place of a name', async () => {
    const cluster = open();
    const [commands, batches] = [recordCommands(), recordBatches()];
    const line = `SET ${keyOn(cluster, 0)} a-secret-value`;
    await failureOf(cluster.getPoolForHost(0).executeCommand(line));
    expect(commands.traces[0]!.command).toBe('"SET…"');
    expect(batches.traces[0]!.command).toBe('"SET…"');
  });

  it('tells how many commands went out as one', async () => {
    const cluster = open();
    const commands = recordCommands();
    const keys = keysOn(cluster, 0, 3);
    const client = cluster.getRoutingClient();
    await client.map((mapping) => [
      ...keys.map((key) => mapping.get(key)),
      mapping.strLen(keys[0]!),
      mapping.set(keys[0]!, 'x'),
      mapping.set(keys[1]!, 'y'),
      mapping.get(keys[2]!),
    ]);
    await Promise.all(keys.map((key) => client.get(key)));
    expect(commands.traces.map((trace) => [trace.command, trace.mergedCount])).toEqual([
      ['GET', 3],
      ['GET', 3],
      ['GET', 3],
      ['STRLEN', 1],
      ['SET', 2],
      ['SET', 2],
      ['GET', 1],
      ['GET', 1],
      ['GET', 1],
      ['GET', 1],
    ]);
    await cluster.map((mapping) => keys.map((key) => mapping.del(key)));
  });

  it('tells of every host of a fan-out', async () => {
    const cluster = open();
    const commands = recordCommands();
    await cluster.all((client) => client.ping());
    expect(commands.traces.map(({ command, hostId }) => [command, hostId])).toEqual([
      ['PING', 0],
      ['PING', 1],
    ]);
  });

  it('tells why a command failed: the answer of the server, a loss, a timeout, a cancel', async () => {
    const cluster = open({ retries: 0, reconnect: FOREVER });
    const key = keyOn(cluster, 0, 'failing');
    const client = cluster.getRoutingClient();
    await client.set(key, 'text');
    const commands = recordCommands();
    const answered = await failureOf(client.lPush(key, 'x'));
    proxy.pause('toServer');
    const timedOut = await failureOf(cluster.map((c) => c.get(key), { timeout: 20 }));
    const mapping = client.getMappingClient();
    const cancelled = mapping.incr(key);
    mapping.cancel();
    const lost = failureOf(client.get(key));
    await condition(() => cluster.getPoolForHost(0).pending > 0);
    proxy.cut();
    await lost;
    const errors = commands.traces.map(({ error }) => error);
    expect(errors[0]).toBe(answered);
    expect(errors[1]).toBeInstanceOf(TimeoutError);
    expect(timedOut).toBeInstanceOf(TimeoutError);
    expect(errors[2]).toBe(cancelled.reason);
    expect(errors[2]).toBeInstanceOf(CancelledError);
    expect(errors[3]).toBe(await lost);
    expect(errors[3]).toBeInstanceOf(ConnectionError);
    for (const trace of commands.traces) expect(commands.eventsOf(trace)).toEqual(FAILED);
    proxy.resume();
  });

  it('does not tell of what is refused before it has a host', async () => {
    const cluster = open();
    const commands = recordCommands();
    await failureOf(cluster.getRoutingClient().executeCommand('MULTI'));
    await failureOf(cluster.getRoutingClient().executeCommand('MGET', 'a', 'b'));
    expect(commands.all).toEqual([]);
  });

  it('runs no code of the caller with the bound stores, but hands them the trace', async () => {
    const cluster = open();
    const store = new AsyncLocalStorage<string>();
    const tracing = tracingChannel<unknown, CommandTrace>('redis-blaster:command');
    const seen: string[] = [];
    tracing.start.bindStore(store, ({ command }) => {
      seen.push(command);
      return command;
    });
    stops.push(() => tracing.start.unbindStore(store));
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    const value = await store.run('outer', async () => {
      const answer = client.get(key);
      expect(store.getStore()).toBe('outer');
      await answer;
      return store.getStore();
    });
    expect(value).toBe('outer');
    expect(seen).toEqual(['GET']);
  });
});

describe('the channel of batches', () => {
  it('tells of the batch of each host of a map, as the server sees it', async () => {
    const cluster = open();
    const [batches, maps] = [recordBatches(), recordMaps()];
    const keys = [...keysOn(cluster, 0, 5), ...keysOn(cluster, 1, 1)];
    await cluster.map((client) => keys.map((key) => client.get(key)));
    const [first, second] = batches.traces.sort((a, b) => a.hostId - b.hostId);
    expect(first).toEqual({
      hostId: 0,
      address: `127.0.0.1:${proxy.port}`,
      serverAddress: '127.0.0.1',
      serverPort: proxy.port,
      db: 0,
      commands: 5,
      requests: 1,
      command: 'MGET',
      bytes: proxy.bytesToServer - '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n'.length,
      isBlocking: false,
      map: maps.traces[0],
      failed: 0,
    });
    expect(second).toMatchObject({ hostId: 1, commands: 1, requests: 1, command: 'GET' });
    for (const trace of batches.traces) expect(batches.eventsOf(trace)).toEqual(ENDED_WELL);
  });

  it('names the command if there is but one kind', async () => {
    const cluster = open();
    const batches = recordBatches();
    const [key, other] = keysOn(cluster, 0, 2) as [string, string];
    await cluster.map((client) => [client.strLen(key), client.strLen(other)]);
    await cluster.map((client) => [client.strLen(key), client.get(key)]);
    await cluster.map((client) => [client.set(key, 'x'), client.set(other, 'y')]);
    await cluster.map((client) => client.del(key));
    const shown = batches.traces.map(({ command, commands, requests }) => [
      command,
      commands,
      requests,
    ]);
    expect(shown).toEqual([
      ['STRLEN', 2, 2],
      [undefined, 2, 2],
      ['MSET', 2, 1],
      ['DEL', 1, 1],
    ]);
    await cluster.map((client) => client.del(other));
  });

  it('tells of a batch that fails in part', async () => {
    const cluster = open();
    const [key, other] = keysOn(cluster, 0, 2, 'part') as [string, string];
    await cluster.map((client) => client.set(key, 'text'));
    const batches = recordBatches();
    const promises = await cluster.map((client) => {
      const all = [client.lPush(key, 'x'), client.hGet(key, 'x'), client.get(other)];
      for (const promise of all) promise.done(undefined, () => undefined);
      return all;
    });
    const [trace] = batches.traces;
    expect(trace).toMatchObject({ commands: 3, requests: 3, failed: 2 });
    expect(trace!.error).toBe(promises[0]!.reason);
    expect(batches.eventsOf(trace!)).toEqual(FAILED);
    await cluster.map((client) => client.del(key));
  });

  it('ends a batch when its commands are given up, not when their answers come', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 3);
    await cluster.map((client) => client.get(keys[0]!));
    const batches = recordBatches();
    proxy.pause('toServer');
    await failureOf(cluster.map((c) => keys.map((key) => c.get(key)), { timeout: 20 }));
    const [trace] = batches.traces;
    expect(batches.eventsOf(trace!)).toEqual(FAILED);
    expect(trace).toMatchObject({ failed: 3, requests: 1 });
    expect(trace!.error).toBeInstanceOf(TimeoutError);
    proxy.resume();
    await cluster.map((client) => client.get(keys[0]!));
    expect(batches.eventsOf(trace!)).toEqual(FAILED);
  });

  it('tells of one batch where a loss was repaired', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 3);
    await cluster.map((client) => client.get(keys[0]!));
    const [batches, commands] = [recordBatches(), recordCommands()];
    proxy.pause('toServer');
    const call = cluster.map((client) => RbPromise.all(keys.map((key) => client.get(key))));
    await condition(() => cluster.getPoolForHost(0).pending > 0);
    proxy.cut();
    proxy.resume();
    expect(await call).toEqual([null, null, null]);
    expect(batches.traces.map((trace) => batches.eventsOf(trace))).toEqual([ENDED_WELL]);
    expect(commands.traces.map((trace) => commands.eventsOf(trace))).toEqual(
      keys.map(() => ENDED_WELL),
    );
  });

  it('tells of a blocking command', async () => {
    const cluster = open();
    const [batches, commands] = [recordBatches(), recordCommands()];
    const key = keyOn(cluster, 0, 'list');
    const blocked = cluster.getRoutingClient().blPop(key, 0);
    await cluster.getRoutingClient().rPush(key, 'x');
    await blocked;
    expect(batches.traces.map((trace) => [trace.command, trace.isBlocking])).toEqual([
      ['BLPOP', true],
      ['RPUSH', false],
    ]);
    expect(commands.traces.map(({ command }) => command)).toEqual(['BLPOP', 'RPUSH']);
  });

  it('may be given up by a listener', async () => {
    const cluster = open();
    const batches = recordBatches();
    const client = cluster.getRoutingClient().getMappingClient();
    listen('tracing:redis-blaster:batch:start', () => {
      client.cancel();
    });
    const promise = client.get(keyOn(cluster, 0));
    await client.join();
    expect(promise.reason).toBeInstanceOf(CancelledError);
    const trace = batches.traces[0]!;
    expect(batches.eventsOf(trace)).toEqual(['start', 'error', 'asyncStart', 'asyncEnd', 'end']);
    expect(trace.error).toBe(promise.reason);
    expect(proxy.connections).toBe(0);
  });

  it('ends once, whatever a listener does then', async () => {
    const cluster = open();
    const keys = keysOn(cluster, 0, 3);
    await cluster.map((client) => client.get(keys[0]!));
    const batches = recordBatches();
    const client = cluster.getRoutingClient().getMappingClient();
    let react = (): unknown => client.cancel();
    listen('tracing:redis-blaster:batch:asyncEnd', () => react());
    for (const key of keys) client.get(key).catch(() => undefined);
    await client.join();
    react = () => cluster.getPoolForHost(0).disconnect();
    proxy.pause('toServer');
    for (const key of keys) client.get(key).catch(() => undefined);
    const timedOutCall = failureOf(client.join({ timeout: 20 }));
    expect(cluster.getPoolForHost(0).connections).toBe(1);
    await timedOutCall;
    proxy.resume();
    const [answered, timedOut] = batches.traces;
    expect(batches.eventsOf(answered!)).toEqual(ENDED_WELL);
    expect(answered).toMatchObject({ commands: 3, failed: 0 });
    expect(batches.eventsOf(timedOut!)).toEqual(FAILED);
    expect(timedOut).toMatchObject({ commands: 3, failed: 3 });
    expect(cluster.stats().get(0)).toMatchObject({ commands: 7, failures: 3 });
  });

  it('does not tell of what is given up before it leaves its buffer', async () => {
    const cluster = open();
    const [batches, commands] = [recordBatches(), recordCommands()];
    const client = cluster.getRoutingClient().getMappingClient();
    client.get(keyOn(cluster, 0));
    client.cancel();
    expect(batches.all).toEqual([]);
    expect(commands.traces.map((trace) => commands.eventsOf(trace))).toEqual([FAILED]);
    await client.join();
  });
});

describe('the channel of maps', () => {
  it('tells of every kind of call, and of nothing else', async () => {
    const cluster = open();
    const maps = recordMaps();
    const [key, other] = keysOn(cluster, 0, 2) as [string, string];
    await cluster.map((client) => [client.get(key), client.get(other)]);
    await cluster.fanout((client) => client.ping(), { hosts: [0] });
    await cluster.all((client) => client.ping());
    await cluster.executeCommands({ [key]: [['PING'], ['PING'], ['PING']] });
    await cluster.getRoutingClient().get(key);
    const client = cluster.getRoutingClient().getMappingClient();
    client.get(key);
    await client.join();
    const shown = maps.traces.map(({ operation, commands }) => [operation, commands]);
    expect(shown).toEqual([
      ['map', 2],
      ['fanout', 1],
      ['all', 1],
      ['executeCommands', 3],
    ]);
    for (const trace of maps.traces) expect(maps.eventsOf(trace)).toEqual(ENDED_WELL);
  });

  it('has no value of the call', async () => {
    const cluster = open();
    const maps = recordMaps();
    const values = await cluster.all((client) => client.echo('a-secret-value'));
    expect(values.get(0)).toBe('a-secret-value');
    expect(maps.traces).toHaveLength(1);
    expect(inspect(maps.traces, { depth: Infinity, showHidden: true })).not.toContain('a-secret');
  });

  it('names the map of commands and batches, also of those that are issued later', async () => {
    const cluster = open();
    const [maps, batches, commands] = [recordMaps(), recordBatches(), recordCommands()];
    const key = keyOn(cluster, 0);
    await Promise.all([
      cluster.map(async (client) => {
        await client.get(key);
        client.strLen(key);
      }),
      cluster.map((client) => {
        client.get(key).done(() => client.exists(key));
      }),
      cluster.getRoutingClient().ttl(key),
    ]);
    const [first, second] = maps.traces;
    const mapsOf = (names: string[]) =>
      commands.traces.filter(({ command }) => names.includes(command)).map(({ map }) => map);
    expect(mapsOf(['STRLEN'])).toEqual([first]);
    expect(mapsOf(['EXISTS'])).toEqual([second]);
    expect(mapsOf(['GET'])).toEqual([first, second]);
    expect(mapsOf(['TTL'])).toEqual([undefined]);
    const batchMaps = batches.traces.map(({ map }) => map);
    expect(batchMaps.filter((map) => map === first)).toHaveLength(2);
    expect(batchMaps.filter((map) => map === second)).toHaveLength(2);
    expect(batchMaps.filter((map) => map === undefined)).toHaveLength(1);
  });

  it('tells what a call is rejected with, which stays the business of its caller', async () => {
    const cluster = open();
    const maps = recordMaps();
    const keys = keysOn(cluster, 0, 2, 'rejected');
    await cluster.map((client) => keys.map((key) => client.set(key, 'text')));
    const failure = await failureOf(
      cluster.map((client) => keys.map((key) => client.lPush(key, 'x'))),
    );
    expect(failure).toBeInstanceOf(MapError);
    const thrown = new Error('of the callback');
    const throwing = (): never => {
      throw thrown;
    };
    expect(await failureOf(cluster.map(throwing))).toBe(thrown);
    const signal = AbortSignal.abort('too early');
    expect(await failureOf(cluster.map((client) => client.get(keys[0]!), { signal }))).toBe(
      'too early',
    );
    const [key] = keys as [string];
    const refused = await failureOf(cluster.executeCommands({ [key]: [['LPUSH', key, 'x']] }));
    expect(refused).toBeInstanceOf(MapError);
    expect(maps.traces.map(({ error }) => error)).toEqual([
      undefined,
      failure,
      thrown,
      'too early',
      refused,
    ]);
    const events = maps.traces.map((trace) => maps.eventsOf(trace));
    expect(events).toEqual([ENDED_WELL, FAILED, FAILED, FAILED, FAILED]);
    await cluster.map((client) => keys.map((key) => client.del(key)));
  });

  it('leaves a rejection that nobody handles to be seen', async () => {
    const cluster = open();
    recordMaps();
    const seen: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => seen.push(reason));
    try {
      const thrown = new Error('nobody handles it');
      void cluster.map(() => {
        throw thrown;
      });
      await condition(() => seen.length > 0);
      expect(seen).toEqual([thrown]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  it('runs the callback with the bound stores, and inside the runners', async () => {
    const cluster = open();
    const bound = new AsyncLocalStorage<unknown>();
    const entered = new AsyncLocalStorage<string>();
    const tracing = tracingChannel<unknown, MapTrace>('redis-blaster:map');
    tracing.start.bindStore(bound, (trace) => trace.operation);
    stops.push(() => tracing.start.unbindStore(bound));
    listen('tracing:redis-blaster:map:start', (message) => {
      const trace = message as MapTrace;
      trace.runIn((fn) => entered.run(`in ${String(entered.getStore())}`, fn));
      trace.runIn((fn) => entered.run('outer', fn));
    });
    const key = keyOn(cluster, 0);
    const look = () => [bound.getStore(), entered.getStore()];
    const seen = await cluster.map(async (client) => {
      const before = look();
      await client.get(key);
      return [before, look()];
    });
    expect(seen).toEqual([
      ['map', 'in outer'],
      ['map', 'in outer'],
    ]);
    expect(look()).toEqual([undefined, undefined]);
  });
});

describe('the channel of connections', () => {
  /** Those that have ended. */
  function recordClosed(): ConnectionTrace[] {
    const closed: ConnectionTrace[] = [];
    listen('redis-blaster:connection-closed', (trace) => {
      closed.push(trace as ConnectionTrace);
    });
    return closed;
  }

  it('tells of a connection when it is opened, usable, and ended', async () => {
    const cluster = open();
    const [connections, closed] = [recordConnections(), recordClosed()];
    const answer = cluster.getPoolForHost(0).executeCommand('PING');
    await proxy.waitFor(({ connections: count }) => count === 1);
    const [trace] = connections.traces;
    expect(trace).toEqual({
      hostId: 0,
      address: `127.0.0.1:${proxy.port}`,
      serverAddress: '127.0.0.1',
      serverPort: proxy.port,
      db: 0,
      isBlocking: false,
    });
    await answer;
    expect(connections.eventsOf(trace!)).toEqual(ENDED_WELL);
    expect(trace!.pending).toBe(0);
    proxy.pause();
    const waiting = failureOf(cluster.getPoolForHost(0).executeCommand('PING'));
    await condition(() => trace!.pending === 1);
    expect(closed).toEqual([]);
    await cluster.disconnectPools();
    await waiting;
    expect(closed).toEqual([trace]);
    expect(trace).not.toHaveProperty('error');
    expect(connections.traces).toHaveLength(1);
    proxy.resume();
  });

  it('tells of an attempt that fails, and not of its end', async () => {
    const cluster = open({ reconnect: FOREVER });
    const [connections, closed] = [recordConnections(), recordClosed()];
    proxy.refuse();
    await failureOf(cluster.getPoolForHost(0).executeCommand('PING'));
    const [trace] = connections.traces;
    expect(connections.eventsOf(trace!)).toEqual(FAILED);
    expect(trace!.error).toBeInstanceOf(ConnectionError);
    expect(trace!.error).toMatchObject({ hostId: 0, cause: { code: 'ECONNREFUSED' } });
    expect(trace!.error).not.toHaveProperty('command');
    await cluster.disconnectPools();
    expect(closed).toEqual([]);
  });

  it('tells of an attempt that is ended before it succeeds', async () => {
    const cluster = open();
    const [connections, closed] = [recordConnections(), recordClosed()];
    proxy.pause();
    const waiting = failureOf(cluster.getPoolForHost(0).executeCommand('PING'));
    await condition(() => connections.traces.length === 1);
    await cluster.disconnectPools();
    await waiting;
    expect(connections.eventsOf(connections.traces[0]!)).toEqual(FAILED);
    expect(closed).toEqual([]);
    proxy.resume();
  });

  it('tells of the end of one that a listener ends at once', async () => {
    const cluster = open();
    const [connections, closed] = [recordConnections(), recordClosed()];
    let isFirst = true;
    listen('tracing:redis-blaster:connection:start', () => {
      if (isFirst) void cluster.getPoolForHost(0).disconnect();
      isFirst = false;
    });
    const error = await failureOf(cluster.getPoolForHost(0).executeCommand('PING'));
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    const [trace] = connections.traces;
    expect(connections.eventsOf(trace!)).toEqual(FAILED);
    expect(trace!.error).toBeInstanceOf(ConnectionError);
    expect(trace!.error).not.toHaveProperty('command');
    expect(await cluster.getPoolForHost(0).executeCommand('PING')).toBe('PONG');
    expect(connections.traces).toHaveLength(2);
    expect(closed).toEqual([]);
  });

  it('tells why a connection was lost', async () => {
    const cluster = open({ reconnect: FOREVER });
    const [connections, closed] = [recordConnections(), recordClosed()];
    await cluster.getPoolForHost(0).executeCommand('PING');
    proxy.cut();
    await condition(() => closed.length === 1);
    expect(closed).toEqual(connections.traces);
    expect(closed[0]!.error).toBeInstanceOf(ConnectionError);
    expect(closed[0]!.error).toHaveProperty('message', expect.stringContaining('was lost'));
    await cluster.getPoolForHost(0).executeCommand('PING');
    expect(connections.traces).toHaveLength(2);
    await cluster[Symbol.asyncDispose]();
    expect(closed).toEqual(connections.traces);
    expect(closed[1]).not.toHaveProperty('error');
  });

  it('tells of those of blocking commands', async () => {
    const cluster = open();
    const connections = recordConnections();
    const key = keyOn(cluster, 0, 'list');
    await cluster.getRoutingClient().rPush(key, 'x');
    await cluster.getRoutingClient().blPop(key, 0);
    expect(connections.traces.map(({ isBlocking }) => isBlocking)).toEqual([false, true]);
  });

  it('tells of ends alone, if nothing else is listened to', async () => {
    const cluster = open();
    const closed = recordClosed();
    await cluster.getPoolForHost(0).executeCommand('PING');
    await cluster.disconnectPools();
    expect(closed).toMatchObject([{ hostId: 0 }]);
  });
});

describe('a listener', () => {
  it.each(EVENTS)('may listen to %s alone', async (event) => {
    const cluster = open();
    const names = ['command', 'batch', 'map', 'connection'];
    const recorders = names.map((name) => new Recorder(`redis-blaster:${name}`, [event]));
    const key = keyOn(cluster, 0, 'alone');
    await cluster.map((client) => client.set(key, 'text'));
    await failureOf(cluster.map((client) => client.lPush(key, 'x')));
    await cluster.disconnectPools();
    const counts = recorders.map(({ all }) => all.length);
    expect(counts).toEqual(event === 'error' ? [1, 1, 1, 0] : [2, 2, 2, 1]);
  });

  it('is heard from the next batch on', async () => {
    const cluster = open();
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await client.get(key);
    const commands = recordCommands();
    await client.get(key);
    expect(commands.traces).toHaveLength(1);
    for (const stop of stops.splice(0)) stop();
    await client.get(key);
    expect(commands.traces).toHaveLength(1);
  });

  it('changes no answer', async () => {
    const cluster = open();
    const script = new Script('return redis.call("INCR", KEYS[1])');
    const keys = [...keysOn(cluster, 0, 20, 'same'), ...keysOn(cluster, 1, 20, 'same')];
    const run = async (): Promise<unknown[]> => {
      await cluster.all((client) => client.flushAll());
      const client = cluster.getRoutingClient();
      const mapped = await cluster.map((mapping) => [
        ...keys.map((key, i) => mapping.set(key, i)),
        ...keys.map((key) => mapping.get(key)),
        ...keys.map((key) => mapping.incr(key)),
        mapping.mGet(keys),
        mapping.hGetAll(`${keys[0]!}:hash`),
        mapping.executeCommand('GET', keys[1]!),
      ]);
      await cluster.all((all) => all.scriptFlush());
      const listed = await cluster.executeCommands({ [keys[2]!]: [[script, [keys[2]!]]] });
      return [
        mapped.map(({ value }) => value),
        Object.values(listed).map((list) => list.map(({ value }) => value)),
        await cluster.all((all) => all.dbSize()),
        await client.get(keys[3]!),
        await client.sInter([keys[4]!]).catch((error: unknown) => String(error)),
        await failureOf(client.lPush(keys[5]!, 'x')).then(({ message }) => message),
      ];
    };
    const unheard = await run();
    const recorders = [recordCommands(), recordBatches(), recordMaps(), recordConnections()];
    expect(await run()).toEqual(unheard);
    for (const { all } of recorders.slice(0, 3)) expect(all.length).toBeGreaterThan(0);
    await cluster.all((client) => client.flushAll());
  });

  it('has no router asked twice', async () => {
    const asked: string[] = [];
    class AskedRouter extends PartitionRouter {
      override getHostForCommand(command: string, args: readonly Key[]): number {
        asked.push(command);
        return super.getHostForCommand(command, args);
      }
    }
    const cluster = open({}, AskedRouter);
    recordCommands();
    await cluster.map((client) => [client.get('a'), client.set('a', 'x'), client.del('a')]);
    await cluster.getRoutingClient().get('a');
    expect(asked).toEqual(['GET', 'SET', 'DEL', 'GET']);
  });

  it('that throws disturbs no answer', async () => {
    const cluster = open();
    await withUncaught(async (thrown) => {
      const error = new Error('of a listener');
      const throwing = (): never => {
        throw error;
      };
      for (const name of ['command', 'batch', 'map', 'connection']) {
        listen(`tracing:redis-blaster:${name}:asyncEnd`, throwing);
      }
      const key = keyOn(cluster, 0);
      expect(await cluster.map((client) => client.get(key))).toBe(null);
      await condition(() => thrown.length === 4);
      expect(thrown).toEqual([error, error, error, error]);
    });
  });
});
