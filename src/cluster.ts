/** The cluster: hosts, a router over them, and the clients that talk to them. */

import { BACKEND, type Backend, type ClientCluster } from './clients/backend.js';
import {
  type CommandLists,
  executeCommands,
  type ListResults,
} from './clients/execute-commands.js';
import type { ExtendedFanoutClient } from './clients/fanout-client.js';
import type { LocalClient } from './clients/local-client.js';
import { LocalClients } from './clients/local-clients.js';
import type { ExtendedMappingClient } from './clients/mapping-client.js';
import { typeMappingProblem } from './clients/reply-mapping.js';
import {
  type ExtendedRoutingClient,
  type FanoutOptions,
  RoutingClient,
  type RoutingClientOptions,
} from './clients/routing-client.js';
import { addedCommands } from './commands/added-commands.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from './commands/upstream.js';
import { BadHostSetup } from './errors.js';
import { HostEvents, type HostHealth } from './health.js';
import { type HostConfig, type HostInfo, type HostsInput, parseHosts } from './hosts.js';
import {
  type CallOptions,
  checkOptionNames,
  type PoolOptions,
  resolveCallOptions,
  resolvePoolOptions,
  ROUTING_OPTIONS,
} from './options.js';
import { Pool, type PoolClass } from './pool.js';
import { PartitionRouter } from './routers/partition-router.js';
import type { BaseRouter, RouterClass } from './routers/router.js';
import type { HostStats } from './stats.js';
import { Topology } from './topology.js';
import { copyNote } from './util/foreign.js';
import type { Key } from './util/key.js';
import { assertList } from './util/list.js';
import { describeType, describeValue } from './util/validate.js';

/* eslint-disable @typescript-eslint/no-empty-object-type -- {} is "none", as in @redis/client */

/** The options of a {@link Cluster}. */
export interface ClusterOptions<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
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
  /** Lua scripts by method name, made with `defineScript`. */
  scripts?: S | undefined;
  /** Functions of the server by library and method name. */
  functions?: F | undefined;
  /** Commands of server modules by module and method name. */
  modules?: M | undefined;
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
  'scripts',
  'functions',
  'modules',
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
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
>
  extends HostEvents
  implements ClientCluster<RESP, TM, M, F, S>
{
  readonly #topology: Topology<RESP, TM>;
  readonly #localClients: LocalClients<RESP, TM, M, F, S>;
  readonly #routingClients = new Map<boolean, ExtendedRoutingClient<RESP, TM, M, F, S>>();

  /**
   * Checks the options and connects to nothing: the first command of a host does.
   *
   * @throws BadHostSetup that names the option, and the host, whose value cannot be used.
   */
  constructor(options: ClusterOptions<RESP, TM, M, F, S>) {
    super();
    checkOptionNames(options, OPTION_NAMES, 'Cluster');
    checkClusterOptions(options);
    const { hostDefaults, typeMapping, routerOptions, modules, functions, scripts } = options;
    const protocol = (options.RESP ?? 3) as RESP;
    const poolOptions = resolvePoolOptions(options.poolOptions);
    this.#topology = new Topology<RESP, TM>({
      hosts: parseHosts(options.hosts, hostDefaults),
      // For hosts to come, whatever becomes of the caller's object.
      hostDefaults: hostDefaults && { ...hostDefaults },
      protocol,
      typeMapping,
      addedCommands: addedCommands({ modules, functions, scripts }),
      router: options.router ?? PartitionRouter,
      routerOptions,
      pool: options.pool ?? Pool,
      poolOptions,
      cluster: this,
      emit: (event, payload) => {
        this.emitLater(event, payload);
      },
    });
    this.#localClients = new LocalClients({
      pool: poolOptions,
      protocol,
      typeMapping,
      modules,
      functions,
      scripts,
    });
  }

  /** What the clients of this cluster work with; nothing for users. */
  get [BACKEND](): Backend<RESP, TM> {
    return this.#topology;
  }

  /**
   * The hosts by id, to be read only: {@link addHost} and {@link removeHost} change them.
   *
   * @example
   * for (const [hostId, { address }] of cluster.hosts) console.log(hostId, address);
   */
  get hosts(): ReadonlyMap<number, HostInfo> {
    return this.#topology.hosts;
  }

  /**
   * Adds a host; what it leaves out comes from `hostDefaults`. Keys may live elsewhere from then on;
   * no data is moved.
   *
   * @throws BadHostSetup for a config that cannot be used, and for an id that is taken.
   * @example
   * cluster.addHost({ hostId: 4, host: '10.0.0.5' });
   */
  addHost(config: HostConfig & { readonly hostId: number }): void {
    this.#topology.add(config);
  }

  /**
   * Removes a host and ends its connections at once: what has no answer is rejected with a
   * `ConnectionError`. Answers whether it was there.
   */
  removeHost(hostId: number): boolean {
    const host = this.#topology.remove(hostId);
    if (host !== undefined) this.#localClients.close(host);
    return host !== undefined;
  }

  /**
   * The router over the hosts as they are now; made anew after they changed. It talks to no server.
   *
   * @throws BadHostSetup if the router cannot work with these hosts.
   * @example
   * const hostId = cluster.getRouter().getHostForKey('user:1');
   */
  getRouter(): BaseRouter {
    return this.#topology.getRouting().router;
  }

  /**
   * The pool of a host: its connections, and a way to send it raw commands.
   *
   * @throws BadHostSetup for an unknown id.
   * @example
   * const size = await cluster.getPoolForHost(0).executeCommand('DBSIZE');
   */
  getPoolForHost(hostId: number): Pool {
    return this.#topology.poolOf(hostId);
  }

  /**
   * The local client of a host: a client of `@redis/client`, already connecting, the same one at
   * each call until it is closed. Failures reach its commands. Take a `duplicate()` for what occupies
   * a connection: WATCH, blocking commands, subscriptions.
   *
   * @throws BadHostSetup for an unknown id.
   * @example
   * for await (const keys of cluster.getLocalClient(0).scanIterator({ MATCH: 'user:*' })) {
   *   console.log(keys);
   * }
   */
  getLocalClient(hostId: number): LocalClient<RESP, TM, M, F, S> {
    return this.#localClients.get(this.#topology.host(hostId));
  }

  /**
   * The local client of the host that a key lives on.
   *
   * @throws MisuseError for what is no key; BadHostSetup if the router cannot work with the hosts.
   * @example
   * const replies = await cluster.getLocalClientForKey('stock').multi().decrBy('stock', 3).exec();
   */
  getLocalClientForKey(key: Key): LocalClient<RESP, TM, M, F, S> {
    return this.getLocalClient(this.getRouter().getHostForKey(key));
  }

  /**
   * How each host is at this moment, as far as the connections of its pool can tell. Nothing is sent
   * for it: a host that nobody talks to is not looked at. Local clients do not count.
   *
   * @example
   * for (const [hostId, { state, since, lastError }] of cluster.health()) {
   *   if (state === 'down') console.log(`host ${hostId} since ${since}: ${lastError?.message}`);
   * }
   */
  health(): ReadonlyMap<number, HostHealth> {
    return this.#topology.health();
  }

  /**
   * What was counted of each host since the cluster knows it: commands, how far they were merged,
   * bytes, errors, and how long batches took. Local clients do not count. A host that is removed is
   * forgotten, with what comes for it later.
   *
   * @example
   * for (const [hostId, { commands, failures, latency }] of cluster.stats()) {
   *   console.log(`host ${hostId}: ${commands} commands, ${failures} failed, p99 ${latency.p99} ms`);
   * }
   */
  stats(): ReadonlyMap<number, HostStats> {
    return this.#topology.stats();
  }

  /**
   * The client for commands with one key each; the same one for the same option.
   *
   * @throws MisuseError for an unknown option.
   * @example
   * const client = cluster.getRoutingClient();
   * await client.set('user:1', 'Ada', { expiration: { type: 'EX', value: 60 } });
   * const name = await client.get('user:1'); // string | null
   */
  getRoutingClient(options?: RoutingClientOptions): ExtendedRoutingClient<RESP, TM, M, F, S> {
    const { autoBatch = true } = resolveCallOptions(options, ROUTING_OPTIONS);
    let client = this.#routingClients.get(autoBatch);
    if (client === undefined) {
      client = new RoutingClient(this, { autoBatch }) as ExtendedRoutingClient<RESP, TM, M, F, S>;
      this.#routingClients.set(autoBatch, client);
    }
    return client;
  }

  /**
   * Runs the callback with a client whose commands go to the hosts of their keys, all hosts at once.
   * Resolves to what the callback returned, when every command has its answer; a returned promise is
   * unwrapped. The same as {@link RoutingClient.map} of the routing client.
   *
   * @throws (rejects) the reason of an unhandled failure, a `MapError` for several, a
   * `TimeoutError`, `signal.reason`, or what the callback threw.
   * @example
   * const values = await cluster.map((c) => RbPromise.all(keys.map((key) => c.get(key))));
   *
   * const promises = await cluster.map((c) => keys.map((key) => c.incr(key)), { timeout: 1000 });
   * console.log(promises.map((promise) => promise.value));
   */
  map<T>(
    callback: (client: ExtendedMappingClient<RESP, TM, M, F, S>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    return this.getRoutingClient().map(callback, options);
  }

  /**
   * Runs the callback with a client whose commands go to the hosts that are named, whatever their
   * keys are; each answers a Map of host id to reply. Resolves as {@link map} does. The same as
   * {@link RoutingClient.fanout} of the routing client.
   *
   * @throws (rejects) as {@link map}; the reason of a command that failed on some hosts is a
   * `FanoutError`, which has the answers of the others.
   * @example
   * await cluster.fanout((c) => c.flushDb(), { hosts: [0, 1] });
   *
   * await cluster.fanout(async (c) => {
   *   const two = await c.target([0, 1]).get('motd'); // a Map of two hosts
   *   const one = await c.targetKey('user:1').get('user:1'); // one value
   * });
   */
  fanout<T>(
    callback: (client: ExtendedFanoutClient<RESP, TM, M, F, S>) => T,
    options?: FanoutOptions,
  ): Promise<Awaited<T>> {
    return this.getRoutingClient().fanout(callback, options);
  }

  /**
   * A {@link fanout} to all hosts.
   *
   * @throws (rejects) as {@link fanout}.
   * @example
   * const sizes = await cluster.all((c) => c.dbSize()); // a Map of host id to size
   *
   * // At start: can all hosts be reached?
   * await cluster.all((c) => c.ping(), { timeout: 2000, maxConcurrency: Infinity });
   */
  all<T>(
    callback: (client: ExtendedFanoutClient<RESP, TM, M, F, S>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    return this.getRoutingClient().all(callback, options);
  }

  /**
   * Runs lists of commands, each on the host of its routing key, all at once. The keys of the
   * commands themselves are not looked at. Answers the same shape, with a settled promise for each
   * command.
   *
   * A {@link Script} is loaded where it is missing and run by its hash; its list goes on when it
   * has its answer.
   *
   * @throws (rejects) MisuseError or UnroutableCommand for a bad list, before anything is sent;
   * `MapError` if any command failed, with all promises in `results`; `TimeoutError`;
   * `signal.reason`.
   * @example
   * const { foo } = await cluster.executeCommands({ foo: [['PING'], ['INCR', 'visits']] });
   */
  executeCommands<C extends CommandLists>(
    mapping: C,
    options?: CallOptions,
  ): Promise<ListResults<C>> {
    return executeCommands(this.#topology, mapping, options) as Promise<ListResults<C>>;
  }

  /**
   * Sorts keys by the host that they live on, each host's in their order. Needs no connection.
   *
   * @throws MisuseError for what is no list, and for what is no key; BadHostSetup if the router cannot
   * work with the hosts, or names one that there is not.
   * @example
   * await cluster.fanout((c) => {
   *   for (const [hostId, own] of cluster.groupByHost(keys)) c.target([hostId]).del(own);
   * });
   */
  groupByHost<K extends Key>(keys: Iterable<K>): Map<number, K[]> {
    assertList('keys', keys);
    const router = this.getRouter();
    const groups = new Map<number, K[]>();
    for (const key of keys) {
      const hostId = router.getHostForKey(key);
      const group = groups.get(hostId);
      if (group === undefined) groups.set(this.#topology.host(hostId).hostId, [key]);
      else group.push(key);
    }
    return groups;
  }

  /**
   * Ends all connections at once: what has no answer is rejected with a `ConnectionError`. The
   * cluster can be used again: the next command connects. Disconnected, it keeps no process alive; a
   * local client whose host is down may take half a second more.
   */
  async disconnectPools(): Promise<void> {
    this.#localClients.close();
    await this.#topology.disconnect();
  }

  /**
   * Refuses commands, waits for the answers to those that were issued (for a silent host as long as
   * `connectTimeout`; not for what blocks, nor for local clients), then disconnects. Maps, fan-outs
   * and their clients from before stay refused. What is begun later connects again.
   *
   * @example
   * await using cluster = new Cluster({ hosts });
   */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#topology.close();
    } finally {
      this.#localClients.close();
    }
  }
}

function checkClusterOptions(options: object): void {
  const { RESP, router, pool, typeMapping, ...others } = options as Record<string, unknown>;
  if (RESP !== undefined && RESP !== 2 && RESP !== 3) {
    throw new BadHostSetup(`Cluster: RESP must be 2 or 3, not ${describeValue(RESP)}`);
  }
  if (router !== undefined && !isRouterClass(router)) {
    throw new BadHostSetup('Cluster: router must be a subclass of BaseRouter');
  }
  if (pool !== undefined && !isPoolClass(pool)) {
    const note = copyNote(pool, 'Pool');
    throw new BadHostSetup(
      `Cluster: pool must be a subclass of Pool, not ${describeType(pool)}${note}`,
    );
  }
  const problem = typeMapping === undefined ? undefined : typeMappingProblem(typeMapping);
  if (problem !== undefined) throw new BadHostSetup(`Cluster: ${problem}`);
  for (const name of ['scripts', 'functions', 'modules']) {
    const value = others[name];
    if (value !== undefined && (typeof value !== 'object' || value === null)) {
      throw new BadHostSetup(`Cluster: ${name} must be an object, not ${describeType(value)}`);
    }
  }
}

/** One of another copy of this library will do, as that of a bundle; for `rb where` this is enough. */
function isRouterClass(value: unknown): boolean {
  const prototype = prototypeOf(value) as Partial<BaseRouter> | undefined;
  return typeof prototype?.getHostForKey === 'function';
}

function isPoolClass(value: unknown): boolean {
  return value === Pool || prototypeOf(value) instanceof Pool;
}

function prototypeOf(value: unknown): unknown {
  return typeof value === 'function' ? value.prototype : undefined;
}
