/** What is counted of each host. */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { HostInfo } from './hosts.js';
import type { TrafficCounters } from './wire/connection.js';

/**
 * How long batches took, in milliseconds, from when they were handed to a connection, or to one that
 * was still being opened, to the last answer. Each counts once, whatever the number of its commands.
 * Those that were sent again count with all their attempts; those that were lost, and blocking
 * commands, do not count. Exact to about one percent; all is 0 where nothing was measured.
 */
export interface LatencyStats {
  /** How many batches were measured. */
  readonly count: number;
  /** The shortest. */
  readonly min: number;
  /** The mean. */
  readonly mean: number;
  /** The median: half of them took no longer. */
  readonly p50: number;
  /** 90 of 100 took no longer. */
  readonly p90: number;
  /** 99 of 100 took no longer. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** What was counted of a host since the cluster knows it. */
export interface HostStats {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /**
   * Commands of callers, counted when they leave their buffer, or are refused for want of room or
   * because their host was removed, whatever becomes of them. One that is sent again counts once. What
   * `executeCommands` asks a server about its scripts counts, too.
   */
  readonly commands: number;
  /** The commands that they became: neighbouring `GET`s and `SET`s of a map are merged. */
  readonly requests: number;
  /** In how many pieces they were handed on: what one call issues in one tick, at most about 64 KB. */
  readonly batches: number;
  /** `commands` for each of `requests`: 1 where nothing is merged, 0 where there was nothing. */
  readonly mergeRatio: number;
  /** Bytes handed to the sockets, logins and repetitions included; TLS adds its own. */
  readonly bytesSent: number;
  /** Bytes read from the sockets, before what TLS had added. */
  readonly bytesReceived: number;
  /**
   * Replies that are errors, those included after which a command was sent again. The reply to a
   * merged command is one, but for an `MGET` of which single elements are errors, as proxies answer:
   * these count each.
   */
  readonly errors: number;
  /**
   * Commands of callers that ended without an answer: the connection was lost or could not be made,
   * a timeout, a cancel, a disconnect, a bound of the pool.
   */
  readonly failures: number;
  /** How long its batches took. */
  readonly latency: LatencyStats;
}

/** The latencies of a histogram are whole microseconds, up to an hour. */
const MICROSECONDS = 1000;
const MAX_LATENCY = 3_600_000 * MICROSECONDS;

const NO_LATENCY: LatencyStats = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };

/** The numbers of one host, that its pool, lanes and connections count up. */
export class HostCounters implements TrafficCounters {
  commands = 0;
  requests = 0;
  batches = 0;
  failures = 0;
  bytesSent = 0;
  bytesReceived = 0;
  errors = 0;
  /** Made when there is something to record: it takes some 30 KB. */
  #latencies: RecordableHistogram | undefined;

  recordLatency(latency: number): void {
    this.#latencies ??= createHistogram({ lowest: 1, highest: MAX_LATENCY, figures: 2 });
    const microseconds = Math.round(latency * MICROSECONDS);
    this.#latencies.record(Math.min(Math.max(microseconds, 1), MAX_LATENCY));
  }

  /** A picture of this moment. */
  stats({ hostId, address }: HostInfo): HostStats {
    const { commands, requests, batches, bytesSent, bytesReceived, errors, failures } = this;
    return {
      hostId,
      address,
      commands,
      requests,
      batches,
      mergeRatio: requests === 0 ? 0 : commands / requests,
      bytesSent,
      bytesReceived,
      errors,
      failures,
      latency: latencyStats(this.#latencies),
    };
  }
}

function latencyStats(latencies: RecordableHistogram | undefined): LatencyStats {
  if (latencies === undefined) return { ...NO_LATENCY };
  const percentile = (percent: number): number => latencies.percentile(percent) / MICROSECONDS;
  return {
    count: latencies.count,
    min: latencies.min / MICROSECONDS,
    mean: latencies.mean / MICROSECONDS,
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    max: latencies.max / MICROSECONDS,
  };
}
