/** The cluster: hosts, a router over them, and the clients that talk to them. */

import { BACKEND, type Backend, type ClientCluster } from './clients/backend.js';
import type { MappingClient } from './clients/mapping-client.js';
import { RoutingClient, type RoutingClientOptions } from './clients/routing-client.js';
import type { RespVersions, TypeMapping } from './commands/upstream.js';
import { BadHostSetup } from './errors.js';
import { type HostConfig, type HostInfo, type HostsInput, parseHosts } from './hosts.js';
import {
  type CallOptions,
  checkOptionNames,
  type PoolOptions,
  resolvePoolOptions,
} from './options.js';
import { Pool, type PoolClass } from './pool.js';
import { PartitionRouter } from './routers/partition-router.js';
import type { BaseRouter, RouterClass } from './routers/router.js';
import { Topology } from './topology.js';
import type { Key } from './util/key.js';

/** The options of a {@link Cluster}. */
export interface ClusterOptions<
  RESP extends RespVersions = 3,
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  TM extends TypeMapping = {},
> {
  /** The hosts: by id, as a list with ids, or as URLs. */
  hosts: HostsInput;
  /** Fills what a host leaves out, also for `addHost`. */
  hostDefaults?: HostConfig | undefined;
  /** The class that decides which host a key lives on. Default: {@link PartitionRouter}. */
  router?: RouterClass | undefined;
  /** Handed to the router's constructor as it is. */
  routerOptions?: unknown;
  /** How the connections to each host behave. */
  poolOptions?: PoolOptions | undefined;
  /** A subclass of {@link Pool} to use in its place. */
  pool?: PoolClass | undefined;
  /** The version of the Redis protocol. Default: 3. */
  RESP?: RESP | undefined;
  /** In which JavaScript types replies arrive, as in `createClient` of `@redis/client`. */
  typeMapping?: TM | undefined;
}

const OPTION_NAMES: readonly (keyof ClusterOptions)[] = [
  'hosts',
  'hostDefaults',
  'router',
  'routerOptions',
  'poolOptions',
  'pool',
  'RESP',
  'typeMapping',
];

/**
 * Redis hosts among which keys are divided by the client. Nothing connects before the first
 * command.
 *
 * @example
 * const cluster = new Cluster({
 *   hosts: { 0: { port: 6379 }, 1: { port: 6380 } },
 *   hostDefaults: { host: '127.0.0.1' },
 * });
 * const values = await cluster.map((c) => RbPromise.all(keys.map((key) => c.get(key))));
 */
export class Cluster<
  RESP extends RespVersions = 3,
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  TM extends TypeMapping = {},
> implements ClientCluster<RESP, TM> {
  readonly #topology: Topology<RESP, TM>;
  readonly #routingClients = new Map<boolean, RoutingClient<RESP, TM>>();

  /** @throws BadHostSetup that names the option, and the host, whose value cannot be used. */
  constructor(options: ClusterOptions<RESP, TM>) {
    checkOptionNames(options, OPTION_NAMES, 'Cluster');
    const protocol = (options.RESP ?? 3) as RESP;
    checkClusterOptions(options);
    this.#topology = new Topology<RESP, TM>({
      hosts: parseHosts(options.hosts, options.hostDefaults),
      hostDefaults: options.hostDefaults,
      protocol,
      typeMapping: options.typeMapping,
      router: options.router ?? PartitionRouter,
      routerOptions: options.routerOptions,
      pool: options.pool ?? Pool,
      poolSettings: {
        ...resolvePoolOptions(options.poolOptions),
        protocol,
        execute: (pool, name, args) => {
          void pool;
          void name;
          void args;
          return Promise.reject(new Error('later'));
        },
      },
      cluster: this,
    });
  }

  /** @internal */
  get [BACKEND](): Backend<RESP, TM> {
    return this.#topology;
  }

  /** The hosts by id. */
  get hosts(): ReadonlyMap<number, HostInfo> {
    return this.#topology.hosts;
  }

  /**
   * Adds a host; what it leaves out comes from `hostDefaults`. Keys may live elsewhere from then on.
   *
   * @throws BadHostSetup for a config that cannot be used, and for an id that is taken.
   */
  addHost(config: HostConfig & { readonly hostId: number }): void {
    this.#topology.add(config);
  }

  /**
   * Removes a host and ends its connections at once: what has no answer is rejected with a
   * `ConnectionError`. Answers whether it was there.
   */
  removeHost(hostId: number): boolean {
    return this.#topology.remove(hostId);
  }

  /**
   * The router over the hosts as they are now; made anew after they changed.
   *
   * @throws BadHostSetup if the router cannot work with these hosts.
   */
  getRouter(): BaseRouter {
    return this.#topology.getRouter();
  }

  /**
   * The pool of a host.
   *
   * @throws BadHostSetup for an unknown id.
   */
  getPoolForHost(hostId: number): Pool {
    return this.#topology.poolOf(hostId);
  }

  /** The client for commands with one key each; the same one for the same option. */
  getRoutingClient(options?: RoutingClientOptions): RoutingClient<RESP, TM> {
    const autoBatch = options?.autoBatch ?? true;
    let client = this.#routingClients.get(autoBatch);
    if (client === undefined) {
      client = new RoutingClient<RESP, TM>(this, options);
      this.#routingClients.set(autoBatch, client);
    }
    return client;
  }

  /** {@link RoutingClient.map} of the routing client. */
  map<T>(
    callback: (client: MappingClient<RESP, TM>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    return this.getRoutingClient().map(callback, options);
  }

  /**
   * Sorts keys by the host that they live on, each host's in their order. Needs no connection.
   *
   * @throws MisuseError for what is no key.
   */
  groupByHost<K extends Key>(keys: Iterable<K>): Map<number, K[]> {
    const router = this.getRouter();
    const groups = new Map<number, K[]>();
    for (const key of keys) {
      const hostId = router.getHostForKey(key);
      const group = groups.get(hostId);
      if (group === undefined) groups.set(hostId, [key]);
      else group.push(key);
    }
    return groups;
  }

  /**
   * Ends all connections at once: what has no answer is rejected with a `ConnectionError`. The
   * cluster can be used again: the next command connects.
   */
  disconnectPools(): Promise<void> {
    return this.#topology.disconnect();
  }

  /** Waits for the answers to what was sent, meanwhile refuses commands, then disconnects. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#topology.close();
  }
}

function checkClusterOptions(options: object): void {
  const { RESP, router, pool, typeMapping } = options as Record<string, unknown>;
  if (RESP !== undefined && RESP !== 2 && RESP !== 3) {
    throw new BadHostSetup(`Cluster: RESP must be 2 or 3, not ${String(RESP)}`);
  }
  for (const [name, value] of Object.entries({ router, pool })) {
    if (value !== undefined && typeof value !== 'function') {
      throw new BadHostSetup(`Cluster: ${name} must be a class`);
    }
  }
  if (typeMapping !== undefined && (typeof typeMapping !== 'object' || typeMapping === null)) {
    throw new BadHostSetup('Cluster: typeMapping must be an object');
  }
}
