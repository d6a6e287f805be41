/** Spans and metrics, as the SDK of OpenTelemetry gets them. */

import { AsyncLocalStorage } from 'node:async_hooks';

import {
  context,
  type Context,
  type ContextManager,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { MisuseError } from '../../src/errors.js';
import { instrument, type InstrumentOptions } from '../../src/opentelemetry/index.js';
import type { PoolOptions } from '../../src/options.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers({ servers: 2, databasesEach: 2 });

const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

/** What the SDK for Node has in a package of its own. */
class StorageContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    inside: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(inside, () => fn.call(thisArg, ...args));
  }

  bind<T>(_: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}

const spans = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(spans)],
});
const tracer = tracerProvider.getTracer('test');

let metrics: InMemoryMetricExporter;
let meterProvider: MeterProvider;
let proxy: FaultProxy;
const stops: (() => void)[] = [];
const clusters: Cluster[] = [];

beforeAll(() => void context.setGlobalContextManager(new StorageContextManager()));
afterAll(async () => {
  context.disable();
  await tracerProvider.shutdown();
});
beforeEach(async () => {
  spans.reset();
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const exportIntervalMillis = 3_600_000;
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis });
  meterProvider = new MeterProvider({ readers: [reader] });
  proxy = await FaultProxy.start({ target: { path: file.servers[0]!.socketPath! } });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools()));
  await meterProvider.shutdown();
  await proxy.close();
});

function begin(options: InstrumentOptions = {}): () => void {
  const stop = instrument({ tracerProvider, meterProvider, ...options });
  stops.push(stop);
  return stop;
}

/** Host 0 behind the proxy, host 1 in the second database of the other server. */
function open(poolOptions: PoolOptions = {}): Cluster {
  const cluster = new Cluster({
    hosts: {
      0: { host: '127.0.0.1', port: proxy.port },
      1: { unixSocketPath: file.servers[1]!.socketPath, db: 1 },
    },
    poolOptions,
  });
  clusters.push(cluster);
  return cluster;
}

const finished = (): ReadableSpan[] => spans.getFinishedSpans();
const spansOf = (kind: SpanKind): ReadableSpan[] => finished().filter((span) => span.kind === kind);
const parentOf = ({ parentSpanContext }: ReadableSpan): string | undefined =>
  parentSpanContext?.spanId;
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

/** A reader beside others. */
class Reader {
  readonly #exporter: InMemoryMetricExporter;
  readonly reader: PeriodicExportingMetricReader;

  constructor(temporality: AggregationTemporality) {
    const exporter = new InMemoryMetricExporter(temporality);
    this.#exporter = exporter;
    this.reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  }

  /** What it is told now of the connections to the only host, by their state. */
  async connections(): Promise<Record<string, unknown>> {
    this.#exporter.reset();
    await this.reader.forceFlush();
    const points = pointsIn(this.#exporter, 'db.client.connection.count');
    const states = points.map(({ attributes, value }) => [
      attributes['db.client.connection.state'],
      value,
    ]);
    return Object.fromEntries(states) as Record<string, unknown>;
  }
}

function pointsIn(exporter: InMemoryMetricExporter, name: string): DataPoint<unknown>[] {
  const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  const found = scopes.flatMap((scope) => scope.metrics).find((it) => it.descriptor.name === name);
  return found === undefined ? [] : [...found.dataPoints];
}

/** The points of a metric, as they are now. */
async function pointsOf(name: string): Promise<DataPoint<unknown>[]> {
  metrics.reset();
  await meterProvider.forceFlush();
  return pointsIn(metrics, name);
}

const valuesOf = async (name: string): Promise<Record<string, unknown>[]> =>
  (await pointsOf(name)).map(({ attributes, value }) => ({ ...attributes, value }));

const countOf = ({ value }: DataPoint<unknown>): number => (value as Histogram).count;

describe('the spans of a map', () => {
  it('are one for the map, and within it one for the batch of each host', async () => {
    begin();
    const cluster = open();
    const keys = [...keysOn(cluster, 0, 5), ...keysOn(cluster, 1, 1)];
    const values = await cluster.map((client) => RbPromise.all(keys.map((key) => client.get(key))));
    expect(values).toEqual(keys.map(() => null));

    const [map, ...others] = spansOf(SpanKind.INTERNAL);
    expect(others).toEqual([]);
    expect(map).toMatchObject({
      name: 'redis-blaster map',
      attributes: { 'redis_blaster.commands': 6 },
      status: { code: SpanStatusCode.UNSET },
      instrumentationScope: { name: 'redis-blaster' },
    });
    expect(parentOf(map!)).toBeUndefined();

    const batches = spansOf(SpanKind.CLIENT);
    batches.sort((a, b) => (a.name < b.name ? 1 : -1));
    expect(batches.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      {
        name: 'MGET',
        attributes: {
          'db.system.name': 'redis',
          'db.namespace': '0',
          'db.operation.name': 'MGET',
          'db.operation.batch.size': 5,
          'server.address': '127.0.0.1',
          'server.port': proxy.port,
          'redis_blaster.host_id': 0,
          'redis_blaster.requests': 1,
        },
      },
      {
        name: 'GET',
        attributes: {
          'db.system.name': 'redis',
          'db.namespace': '1',
          'db.operation.name': 'GET',
          'server.address': file.servers[1]!.socketPath,
          'redis_blaster.host_id': 1,
          'redis_blaster.requests': 1,
        },
      },
    ]);
    for (const batch of batches) {
      expect(parentOf(batch)).toBe(idOf(map!));
      expect(batch.status.code).toBe(SpanStatusCode.UNSET);
    }
    // The map is the last to end.
    expect(finished().at(-1)).toBe(map);
  });

  it('are named after what is sent', async () => {
    begin();
    const cluster = open();
    const [key, other] = keysOn(cluster, 0, 2) as [string, string];
    await cluster.map((client) => [client.strLen(key), client.strLen(other)]);
    await cluster.fanout((client) => [client.ping(), client.dbSize()], { hosts: [0] });
    await cluster.all((client) => client.ping());
    await cluster.executeCommands({ [key]: [['PING']] });
    const shown = spansOf(SpanKind.CLIENT).map(({ name, attributes }) => [
      name,
      attributes['db.operation.name'],
      attributes['db.operation.batch.size'],
    ]);
    expect(shown).toEqual([
      ['PIPELINE STRLEN', 'PIPELINE STRLEN', 2],
      ['PIPELINE', 'PIPELINE', 2],
      ['PING', 'PING', undefined],
      ['PING', 'PING', undefined],
      ['PING', 'PING', undefined],
    ]);
    expect(spansOf(SpanKind.INTERNAL).map(({ name }) => name)).toEqual([
      'redis-blaster map',
      'redis-blaster fanout',
      'redis-blaster all',
      'redis-blaster executeCommands',
    ]);
  });

  it('stand between the spans of the caller: outside, and in the callback', async () => {
    begin();
    const cluster = open();
    const key = keyOn(cluster, 0);
    await tracer.startActiveSpan('outside', async (outside) => {
      await cluster.map(async (client) => {
        await client.get(key);
        tracer.startSpan('inside').end();
        await cluster.getRoutingClient().strLen(key);
      });
      outside.end();
    });
    await cluster.getRoutingClient().ttl(key);
    const byName = new Map(finished().map((span) => [span.name, span]));
    const [outside, map] = [byName.get('outside')!, byName.get('redis-blaster map')!];
    expect(parentOf(map)).toBe(idOf(outside));
    for (const name of ['GET', 'inside', 'STRLEN']) {
      expect(parentOf(byName.get(name)!), name).toBe(idOf(map));
    }
    expect(parentOf(byName.get('TTL')!)).toBeUndefined();
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it('belong to their own map, also where callbacks of replies issue commands', async () => {
    begin();
    const cluster = open();
    const key = keyOn(cluster, 0);
    await cluster.map((client) => client.get(key));
    // The context of this callback is that of the connection, which the first map has opened.
    await cluster.map((client) => {
      client.get(key).done(() => client.strLen(key));
    });
    const second = spansOf(SpanKind.INTERNAL)[1]!;
    const last = spansOf(SpanKind.CLIENT).at(-1)!;
    expect(last.name).toBe('STRLEN');
    expect(parentOf(last)).toBe(idOf(second));
  });

  it('tell of errors by their kind, and never what the server or a caller wrote', async () => {
    begin();
    const cluster = open();
    const [key, other] = keysOn(cluster, 0, 2, 'wrong') as [string, string];
    await cluster.map((client) => client.set(key, 'text'));
    spans.reset();
    await failureOf(
      cluster.map((c) => [c.lPush(key, 'a-secret'), c.lPush(key, 'b'), c.get(other)]),
    );
    await failureOf(cluster.all((client) => client.executeCommand('NO-SUCH-COMMAND', 'a-secret')));
    await failureOf(
      cluster.map(() => {
        throw new RangeError('a-secret of the caller');
      }),
    );
    const signal = AbortSignal.abort('a-secret of the caller');
    await failureOf(cluster.map((client) => client.get(key), { signal }));
    // To read it fails.
    const { proxy: reason, revoke } = Proxy.revocable({}, {});
    revoke();
    const call = cluster.map((client) => client.get(key), { signal: AbortSignal.abort(reason) });
    await call.catch(() => undefined);
    await failureOf(cluster.executeCommands({ [key]: [['LPUSH', key, 'a-secret'], ['PING']] }));
    const shown = finished().map(({ name, attributes, status }) => [
      name,
      attributes['error.type'],
      attributes['db.response.status_code'],
      attributes['redis_blaster.failed_commands'],
      status.message,
    ]);
    expect(shown).toEqual([
      ['PIPELINE', 'WRONGTYPE', 'WRONGTYPE', 2, undefined],
      ['redis-blaster map', 'MapError', undefined, undefined, '2 of 3 commands failed'],
      ['NO-SUCH-COMMAND', 'ERR', 'ERR', 1, undefined],
      ['NO-SUCH-COMMAND', 'ERR', 'ERR', 1, undefined],
      ['redis-blaster all', 'FanoutError', undefined, undefined, undefined],
      ['redis-blaster map', 'RangeError', undefined, undefined, undefined],
      ['redis-blaster map', '_OTHER', undefined, undefined, undefined],
      ['redis-blaster map', '_OTHER', undefined, undefined, undefined],
      ['PIPELINE', 'WRONGTYPE', 'WRONGTYPE', 1, undefined],
      ['redis-blaster executeCommands', 'MapError', undefined, undefined, '1 of 2 commands failed'],
    ]);
    for (const span of finished()) {
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      const { name, attributes, status, events } = span;
      expect(JSON.stringify({ name, attributes, status, events })).not.toContain('a-secret');
    }
    await cluster.map((client) => client.del(key));
  });

  it('tell of what has no answer', async () => {
    begin();
    const cluster = open({ reconnect: FOREVER });
    proxy.refuse();
    await failureOf(cluster.map((client) => client.get(keyOn(cluster, 0))));
    const [batch, map] = finished();
    const message = expect.stringContaining('Could not connect to 127.0.0.1') as string;
    const status = { code: SpanStatusCode.ERROR, message };
    expect(batch).toMatchObject({ status, attributes: { 'error.type': 'ConnectionError' } });
    expect(map).toMatchObject({ status, attributes: { 'error.type': 'ConnectionError' } });
    await failureOf(cluster.map(() => new Promise(() => undefined), { timeout: 5 }));
    expect(finished().at(-1)!.attributes['error.type']).toBe('TimeoutError');
  });
});

describe('the spans of commands', () => {
  it('take the place of those of batches, if asked for', async () => {
    begin({ commands: true });
    const cluster = open();
    const keys = keysOn(cluster, 0, 3);
    await cluster.map((client) => [...keys.map((key) => client.get(key)), client.strLen(keys[0]!)]);
    const [map] = spansOf(SpanKind.INTERNAL);
    const commands = spansOf(SpanKind.CLIENT);
    expect(commands.map(({ name }) => name)).toEqual(['GET', 'GET', 'GET', 'STRLEN']);
    expect(commands[0]!.attributes).toEqual({
      'db.system.name': 'redis',
      'db.namespace': '0',
      'db.operation.name': 'GET',
      'server.address': '127.0.0.1',
      'server.port': proxy.port,
      'redis_blaster.host_id': 0,
      'redis_blaster.merged_commands': 3,
    });
    for (const span of commands) expect(parentOf(span)).toBe(idOf(map!));
    const points = await pointsOf('db.client.operation.duration');
    expect(points.map((point) => [point.attributes['db.operation.name'], countOf(point)])).toEqual([
      ['GET', 3],
      ['STRLEN', 1],
    ]);
  });

  it('belong to the caller of each, though they travel together', async () => {
    begin({ commands: true });
    const cluster = open();
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await Promise.all(
      ['one', 'two'].map((name) =>
        tracer.startActiveSpan(name, async (span) => {
          await client.get(key);
          span.end();
        }),
      ),
    );
    const callers = spansOf(SpanKind.INTERNAL);
    expect(spansOf(SpanKind.CLIENT).map(parentOf)).toEqual(callers.map(idOf));
  });

  it('name the keys only if asked for', async () => {
    const cluster = open();
    const key = keyOn(cluster, 0);
    const stop = begin({ commands: true });
    await cluster.getRoutingClient().set(key, 'a-secret');
    expect(finished()[0]!.attributes).not.toHaveProperty('redis_blaster.keys');
    stop();
    begin({ commands: true, keys: true });
    await cluster.getRoutingClient().set(key, 'a-secret');
    await cluster.getRoutingClient().del(Buffer.from(key));
    await cluster.fanout((client) => client.ping(), { hosts: [0] });
    const shown = spansOf(SpanKind.CLIENT).map((span) => span.attributes['redis_blaster.keys']);
    expect(shown).toEqual([undefined, [key], [key], []]);
    expect(JSON.stringify(finished().map(({ attributes }) => attributes))).not.toContain(
      'a-secret',
    );
  });
});

describe('the metrics', () => {
  it('are the duration of each batch, in seconds', async () => {
    begin();
    const cluster = open();
    const keys = [...keysOn(cluster, 0, 5), ...keysOn(cluster, 1, 5)];
    for (let i = 0; i < 3; i++) await cluster.map((client) => keys.map((key) => client.get(key)));
    await failureOf(cluster.fanout((client) => client.executeCommand('NO'), { hosts: [1] }));
    const points = await pointsOf('db.client.operation.duration');
    points.sort((a, b) => JSON.stringify(a.attributes).localeCompare(JSON.stringify(b.attributes)));
    const common = { 'db.system.name': 'redis', 'db.operation.name': 'MGET' };
    const other = { 'server.address': file.servers[1]!.socketPath, 'redis_blaster.host_id': 1 };
    expect(points.map((point) => [point.attributes, countOf(point)])).toEqual([
      [
        {
          ...common,
          'db.namespace': '0',
          'server.address': '127.0.0.1',
          'server.port': proxy.port,
          'redis_blaster.host_id': 0,
        },
        3,
      ],
      [{ ...common, ...other, 'db.namespace': '1' }, 3],
      [
        {
          ...common,
          ...other,
          'db.namespace': '1',
          'db.operation.name': 'NO',
          'error.type': 'ERR',
          'db.response.status_code': 'ERR',
        },
        1,
      ],
    ]);
    const { sum, buckets } = points[0]!.value as Histogram;
    expect(buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
    expect(sum).toBeGreaterThan(0);
    const [scope] = metrics.getMetrics()[0]!.scopeMetrics;
    const duration = scope!.metrics.find(({ descriptor }) => descriptor.name.endsWith('duration'));
    expect(duration!.descriptor).toMatchObject({ unit: 's' });
    expect(scope!.scope.name).toBe('redis-blaster');
  });

  it('are the connections: how many, in which state, and what they have under way', async () => {
    begin();
    const cluster = open();
    const client = cluster.getRoutingClient();
    const keys = keysOn(cluster, 0, 3);
    await cluster.all((all) => all.ping());
    const pool = (hostId: number) => ({
      'db.client.connection.pool.name':
        hostId === 0 ? `127.0.0.1:${proxy.port}/0` : `${file.servers[1]!.socketPath!}/1`,
      'redis_blaster.host_id': hostId,
    });
    const state = 'db.client.connection.state';
    const counts = (used: number, idle: number) => [
      { ...pool(0), [state]: 'used', value: used },
      { ...pool(0), [state]: 'idle', value: idle },
      { ...pool(1), [state]: 'used', value: 0 },
      { ...pool(1), [state]: 'idle', value: 1 },
    ];
    const byHost = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
      Number(a['redis_blaster.host_id']) - Number(b['redis_blaster.host_id']);
    const countNow = async () => (await valuesOf('db.client.connection.count')).sort(byHost);
    expect(await countNow()).toEqual(counts(0, 1));

    proxy.pause('toServer');
    const answers = Promise.all(keys.map((key) => client.get(key)));
    await condition(() => cluster.getPoolForHost(0).pending === 3);
    expect(await countNow()).toEqual(counts(1, 0));
    const pending = await valuesOf('db.client.connection.pending_requests');
    expect(pending.sort(byHost)).toEqual([
      { ...pool(0), value: 3 },
      { ...pool(1), value: 0 },
    ]);
    proxy.resume();
    await answers;
    expect(await countNow()).toEqual(counts(0, 1));

    proxy.cut();
    await condition(() => cluster.health().get(0)!.state === 'down');
    expect(await countNow()).toEqual(counts(0, 0));
    const created = await pointsOf('db.client.connection.create_time');
    expect(created.map(countOf)).toEqual([1, 1]);
    const { sum, buckets } = created[0]!.value as Histogram;
    expect(sum).toBeGreaterThan(0);
    // A connection takes milliseconds: with bounds for whole seconds all would be in one bucket.
    expect(buckets.boundaries[0]).toBe(0.001);
    await client.get(keys[0]!);
    expect(await countNow()).toEqual(counts(0, 1));
    await cluster.disconnectPools();
    const idle = (await countNow()).map(({ value }) => value);
    expect(idle).toEqual([0, 0, 0, 0]);
  });

  it('fall to zero for every reader when a host has no connection, and then end', async () => {
    const changes = new Reader(AggregationTemporality.DELTA);
    const totals = new Reader(AggregationTemporality.CUMULATIVE);
    const provider = new MeterProvider({ readers: [changes.reader, totals.reader] });
    begin({ meterProvider: provider });
    const cluster = open();
    const ping = () => cluster.fanout((client) => client.ping(), { hosts: [1] });
    await ping();
    expect(await changes.connections()).toEqual({ used: 0, idle: 1 });
    expect(await totals.connections()).toEqual({ used: 0, idle: 1 });

    await cluster.disconnectPools();
    expect(await changes.connections()).toEqual({ used: 0, idle: -1 });
    expect(await changes.connections()).toEqual({});
    expect(await totals.connections()).toMatchObject({ idle: 0 });

    await ping();
    expect(await changes.connections()).toEqual({ used: 0, idle: 1 });
    expect(await totals.connections()).toMatchObject({ idle: 1 });
    await cluster.disconnectPools();
    await changes.connections();

    await ping();
    await cluster.disconnectPools();
    expect(await changes.connections()).toEqual({});
    await provider.shutdown();
  });

  it('are the attempts to connect that took too long', async () => {
    begin();
    const cluster = open({ connectTimeout: 20, reconnect: { minDelay: 1, maxDelay: 1 } });
    proxy.pause();
    // A command may be rejected in the pause between attempts, with the reason of the last one.
    await condition(async () => {
      const failure = await failureOf(cluster.getPoolForHost(0).executeCommand('PING'));
      expect(failure['code']).toBe('RB_TIMEOUT');
      const [timeouts] = await valuesOf('db.client.connection.timeouts');
      return timeouts !== undefined && Number(timeouts['value']) >= 2;
    });
    expect(await pointsOf('db.client.connection.create_time')).toEqual([]);
    proxy.resume();
  });
});

describe('instrument', () => {
  it('ends when it is told', async () => {
    const stop = begin();
    const cluster = open();
    await cluster.all((client) => client.ping());
    const before = finished().length;
    expect(await valuesOf('db.client.connection.count')).toHaveLength(4);
    stop();
    await cluster.all((client) => client.ping());
    expect(finished()).toHaveLength(before);
    const points = await pointsOf('db.client.operation.duration');
    expect(points.map(countOf)).toEqual([1, 1]);
    const idle = () => valuesOf('db.client.connection.count');
    const last = await idle();
    await cluster.disconnectPools();
    expect(await idle()).toEqual(last);
  });

  it('uses the global providers unless told, also those that are set later', async () => {
    stops.push(instrument());
    const cluster = open();
    trace.setGlobalTracerProvider(tracerProvider);
    try {
      await cluster.all((client) => client.ping());
      expect(finished().map(({ name }) => name)).toEqual(['PING', 'PING', 'redis-blaster all']);
    } finally {
      trace.disable();
    }
  });

  it('works without a context manager', async () => {
    context.disable();
    try {
      begin();
      const cluster = open();
      await cluster.map((client) => client.get(keyOn(cluster, 0)));
      const [batch, map] = finished();
      expect(parentOf(batch!)).toBe(idOf(map!));
    } finally {
      context.setGlobalContextManager(new StorageContextManager());
    }
  });

  it('refuses options that cannot be used, by name', () => {
    const loose = instrument as (options: unknown) => () => void;
    const refused = (options: unknown): MisuseError => {
      try {
        loose(options)();
      } catch (error) {
        if (error instanceof MisuseError) return error;
      }
      throw new Error('not refused');
    };
    expect(refused({ command: true })).toMatchObject({
      code: 'RB_UNKNOWN_OPTION',
      message: expect.stringContaining("did you mean 'commands'") as string,
    });
    expect(refused({ commands: 1 }).message).toContain('commands must be true or false');
    expect(refused({ tracerProvider: {} }).message).toContain('must be a TracerProvider');
    expect(refused({ meterProvider: 5 }).message).toContain('must be a MeterProvider');
    expect(refused({ keys: true }).message).toContain('keys needs commands');
    expect(refused(5)).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
  });
});
