/** Metrics of connections. Those that were opened before anybody listened are not seen. */

import type {
  Attributes,
  BatchObservableResult,
  Counter,
  Histogram,
  Meter,
} from '@opentelemetry/api';
import { CONNECTION_CHANNEL, CONNECTION_CLOSED_CHANNEL } from '../telemetry/channels.js';
import type { ConnectionTrace } from '../telemetry/traces.js';
import { poolAttributes, SECONDS_BUCKETS } from './attributes.js';
import { listen, listenTo, type Stop } from './listen.js';

/** The open connections to one host. */
interface HostConnections {
  readonly attributes: Attributes;
  readonly open: Set<ConnectionTrace>;
  /** Whether there were some when last observed: then zeros have to be told when all have ended. */
  isTold: boolean;
}

const STATE = 'db.client.connection.state';

interface Instruments {
  readonly createTime: Histogram;
  readonly timeouts: Counter;
  /** Ends the observation of what is open. */
  stop(): void;
}

export class ConnectionMetrics {
  readonly #meter: () => Meter;
  readonly #hosts = new Map<string, HostConnections>();
  /** Of attempts under way, in ms. */
  readonly #startedAt = new Map<ConnectionTrace, number>();
  #instruments: Instruments | undefined;

  /** @param meter - asked for when there is something to measure. */
  constructor(meter: () => Meter) {
    this.#meter = meter;
  }

  listen(): Stop {
    const stops = [
      listenTo(
        CONNECTION_CHANNEL,
        (connection) => this.#startedAt.set(connection, performance.now()),
        (connection) => this.#onOutcome(connection),
      ),
      listen(CONNECTION_CLOSED_CHANNEL.name, (message) => {
        this.#onClosed(message as ConnectionTrace);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.#instruments?.stop();
    };
  }

  #onOutcome(connection: ConnectionTrace): void {
    const startedAt = this.#startedAt.get(connection);
    if (startedAt === undefined) return;
    this.#startedAt.delete(connection);
    this.#instruments ??= this.#createInstruments();
    const { createTime, timeouts } = this.#instruments;
    const attributes = poolAttributes(connection);
    if (!('error' in connection)) {
      createTime.record((performance.now() - startedAt) / 1000, attributes);
      this.#connectionsWith(attributes).open.add(connection);
    } else if ((connection.error as { readonly code?: unknown }).code === 'RB_TIMEOUT') {
      timeouts.add(1, attributes);
    }
  }

  #onClosed(connection: ConnectionTrace): void {
    const key = keyOf(poolAttributes(connection));
    const host = this.#hosts.get(key);
    if (host === undefined) return;
    host.open.delete(connection);
    // Nobody may ever observe, and hosts may come and go.
    if (host.open.size === 0 && !host.isTold) this.#hosts.delete(key);
  }

  #connectionsWith(attributes: Attributes): HostConnections {
    const key = keyOf(attributes);
    let known = this.#hosts.get(key);
    if (known === undefined) {
      known = { attributes, open: new Set(), isTold: false };
      this.#hosts.set(key, known);
    }
    return known;
  }

  #createInstruments(): Instruments {
    const meter = this.#meter();
    const count = meter.createObservableUpDownCounter('db.client.connection.count', {
      unit: '{connection}',
      description: 'The number of connections in the state that the attribute names.',
    });
    const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
      unit: '{request}',
      description: 'The number of commands that were sent and are not answered.',
    });
    const observables = [count, pending];
    const observe = (result: BatchObservableResult): void => {
      for (const [key, host] of this.#hosts) {
        const { attributes, open } = host;
        const loads = [...open].map((connection) => connection.pending);
        const used = loads.filter((load) => load > 0).length;
        result.observe(count, used, { ...attributes, [STATE]: 'used' });
        result.observe(count, open.size - used, { ...attributes, [STATE]: 'idle' });
        const sum = loads.reduce((total, load) => total + load, 0);
        result.observe(pending, sum, attributes);
        // What one reader observes reaches all of them, so zeros are told but once.
        host.isTold = open.size > 0;
        if (!host.isTold) this.#hosts.delete(key);
      }
    };
    meter.addBatchObservableCallback(observe, observables);
    return {
      createTime: meter.createHistogram('db.client.connection.create_time', {
        unit: 's',
        description: 'The time it took to open a connection and log in.',
        // The default bounds are for milliseconds.
        advice: { explicitBucketBoundaries: SECONDS_BUCKETS },
      }),
      timeouts: meter.createCounter('db.client.connection.timeouts', {
        unit: '{timeout}',
        description: 'The number of attempts to connect that timed out.',
      }),
      stop: () => {
        meter.removeBatchObservableCallback(observe, observables);
      },
    };
  }
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(attributes);
}
