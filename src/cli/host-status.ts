/** Asking hosts how they are, and what that comes to for the whole cluster. */

import type { Cluster } from '../cluster.js';
import { ConnectionError } from '../errors.js';
import { isLoading } from '../wire/loading.js';
import { parseInfo, type ServerInfo } from './server-info.js';

/** How a host is. */
export interface HostStatus {
  readonly host: number;
  readonly address: string;
  readonly db: number;
  readonly state: 'up' | 'loading' | 'down';
  /** What the server says of itself; undefined where it says nothing. */
  readonly info?: ServerInfo;
  /** How long a PING took there and back, the median of several; undefined without an answer. */
  readonly latencyMs?: number;
  /** Why the host is not up. */
  readonly error?: unknown;
}

const PINGS = 5;
/** How many hosts are pinged at a time: with all of them, each would wait for the others. */
const PINGED_AT_A_TIME = 4;

/** Asks the hosts, all at once. Whoever fails to answer is down, unless it says that it loads. */
export async function askStatus(
  cluster: Cluster,
  hostIds: readonly number[],
): Promise<HostStatus[]> {
  const statuses = await Promise.all(hostIds.map((id) => askInfo(cluster, id)));
  const waiting = statuses.entries();
  const workers = Array.from({ length: PINGED_AT_A_TIME }, async () => {
    for (const [index, status] of waiting) statuses[index] = await ping(cluster, status);
  });
  await Promise.all(workers);
  return statuses;
}

async function askInfo(cluster: Cluster, host: number): Promise<HostStatus> {
  const pool = cluster.getPoolForHost(host);
  const { address, db } = pool.host;
  const place = { host, address, db };
  try {
    const info = parseInfo(String(await pool.executeCommand('INFO')), db);
    return { ...place, state: info.isLoading ? 'loading' : 'up', info };
  } catch (error) {
    return { ...place, state: stateOf(error), error };
  }
}

async function ping(cluster: Cluster, status: HostStatus): Promise<HostStatus> {
  if (status.state !== 'up') return status;
  const { host, address, db } = status;
  const pool = cluster.getPoolForHost(host);
  const times: number[] = [];
  try {
    for (let count = 0; count < PINGS; count++) {
      const start = performance.now();
      await pool.executeCommand('PING');
      times.push(performance.now() - start);
    }
  } catch (error) {
    return { host, address, db, state: stateOf(error), error };
  }
  return { ...status, latencyMs: median(times) };
}

/** A server that loads its data answers, but lets nobody connect for long. */
function stateOf(error: unknown): 'loading' | 'down' {
  return isLoading(error instanceof ConnectionError ? error.cause : error) ? 'loading' : 'down';
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The sums over all hosts that answered. What is a server's is counted once for each server. */
export interface Totals {
  readonly hosts: number;
  readonly up: number;
  readonly servers: number;
  readonly keys: number;
  readonly memoryBytes: number;
  readonly clients: number;
  readonly commandsPerSecond: number;
  readonly hits: number;
  readonly misses: number;
}

/** Adds up what the hosts say. */
export function totalsOf(statuses: readonly HostStatus[]): Totals {
  const infos = statuses.flatMap(({ info }) => (info === undefined ? [] : [info]));
  const servers = [...new Map(infos.map((info) => [info.runId, info])).values()];
  const sum = (list: readonly ServerInfo[], pick: (info: ServerInfo) => number): number =>
    list.reduce((total, info) => total + pick(info), 0);
  return {
    hosts: statuses.length,
    up: statuses.filter(({ state }) => state === 'up').length,
    servers: servers.length,
    keys: sum(infos, ({ keys }) => keys),
    memoryBytes: sum(servers, ({ memoryBytes }) => memoryBytes),
    clients: sum(servers, ({ clients }) => clients),
    commandsPerSecond: sum(servers, ({ commandsPerSecond }) => commandsPerSecond),
    hits: sum(servers, ({ hits }) => hits),
    misses: sum(servers, ({ misses }) => misses),
  };
}

/** How unevenly something is divided. */
export interface Skew {
  readonly smallest: number;
  readonly smallestHost: number;
  readonly largest: number;
  readonly largestHost: number;
  /** The largest share as a multiple of the mean: 1 is even. */
  readonly largestToMean: number;
}

/** The skew of numbers by host id; undefined where there is nothing to compare. */
export function skewOf(shares: ReadonlyMap<number, number>): Skew | undefined {
  const sorted = [...shares].sort(([hostA, a], [hostB, b]) => a - b || hostA - hostB);
  const [first] = sorted;
  const last = sorted.at(-1);
  const total = sorted.reduce((sum, [, share]) => sum + share, 0);
  if (first === undefined || last === undefined || sorted.length < 2 || total === 0) {
    return undefined;
  }
  return {
    smallest: first[1],
    smallestHost: first[0],
    largest: last[1],
    largestHost: last[0],
    largestToMean: last[1] / (total / sorted.length),
  };
}

/** How many of the reads found their key, from 0 to 1; undefined before the first read. */
export function hitRate({ hits, misses }: Pick<ServerInfo, 'hits' | 'misses'>): number | undefined {
  return hits + misses === 0 ? undefined : hits / (hits + misses);
}
