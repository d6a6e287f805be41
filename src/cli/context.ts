/** What a verb works with. */

import { Cluster, type ClusterOptions } from '../cluster.js';
import { BadHostSetup } from '../errors.js';
import { type FoundOptions, noClusterError } from './cluster-options.js';
import { UsageError } from './exit.js';
import type { Output } from './output.js';

/** What a {@link Context} is made of. */
export interface ContextParts {
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted with a `Stopped` when the call is to end. */
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  /** Limits connecting and each command, in milliseconds. */
  readonly timeout: number | undefined;
  /** The ids of the hosts to talk to; undefined for all. */
  readonly hostIds: readonly number[] | undefined;
  /** The name of the router that the call asks for. */
  readonly routerName: string | undefined;
  readonly findOptions: () => Promise<FoundOptions | undefined>;
}

/** What a verb says about the cluster that it needs. */
export interface OpenOptions {
  /** In which types replies arrive; the cluster's own unless told. */
  readonly typeMapping?: object;
  /** The time limit where neither the call nor the config has one, in milliseconds. */
  readonly defaultTimeout?: number;
}

/** The streams, the options that all verbs share, and the cluster. */
export class Context {
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  readonly #parts: ContextParts;
  readonly #clusters: Cluster[] = [];

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.output = parts.output;
    this.stdin = parts.stdin;
    this.signal = parts.signal;
    this.isJson = parts.isJson;
  }

  /** The name of the router that the call asks for; undefined for the cluster's own. */
  get routerName(): string | undefined {
    return this.#parts.routerName;
  }

  /** The options of the cluster that the call names; undefined if it names none. */
  async findOptions(): Promise<ClusterOptions | undefined> {
    return (await this.#parts.findOptions())?.options;
  }

  /** Makes the cluster that the call names. It is disconnected when the verb has ended. */
  async openCluster(settings: OpenOptions = {}): Promise<Cluster> {
    const found = await this.#parts.findOptions();
    if (found === undefined) throw noClusterError();
    const { typeMapping, defaultTimeout } = settings;
    const options: ClusterOptions = {
      ...found.options,
      ...(typeMapping !== undefined && { typeMapping }),
      poolOptions: this.#poolOptions(found.options, defaultTimeout),
    };
    const cluster = namingOrigin(found.origin, () => new Cluster(options));
    this.#clusters.push(cluster);
    if (cluster.hosts.size === 0) throw new UsageError(`${found.origin}: hosts is empty`);
    return cluster;
  }

  #poolOptions(options: ClusterOptions, defaultTimeout: number | undefined) {
    const given: unknown = options.poolOptions ?? {};
    // Whatever else a file may have there is for the cluster to refuse.
    if (typeof given !== 'object') return options.poolOptions;
    const { timeout } = this.#parts;
    if (timeout !== undefined) {
      return { ...given, connectTimeout: timeout, commandTimeout: timeout };
    }
    return { connectTimeout: defaultTimeout, commandTimeout: defaultTimeout, ...given };
  }

  /** Whether the call names hosts of the cluster by their ids. */
  get hasHostIds(): boolean {
    return this.#parts.hostIds !== undefined;
  }

  /** The ids of the hosts that the call is about, in ascending order. */
  hostIdsOf(cluster: Cluster): readonly number[] {
    const ids = this.#parts.hostIds ?? [...cluster.hosts.keys()];
    const unknown = ids.find((id) => !cluster.hosts.has(id));
    if (unknown !== undefined) {
      const known = [...cluster.hosts.keys()].sort((a, b) => a - b);
      throw new BadHostSetup(`there is no host ${unknown}: the ids are ${shortList(known)}`);
    }
    return [...ids].sort((a, b) => a - b);
  }

  /** Ends what is connected. */
  async close(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.disconnectPools()));
  }
}

/** Says in which file a value is wrong. */
function namingOrigin<T>(origin: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof BadHostSetup) error.message = `${origin}: ${error.message}`;
    throw error;
  }
}

/** Ascending ids with ranges: `0-3, 7`. */
export function shortList(ids: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
