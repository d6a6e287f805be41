/** The hosts of a cluster, with the pool of each and the router over all. */

import type { Backend } from './clients/backend.js';
import { BufferSizes } from './clients/buffer-sizes.js';
import { BusyPoll } from './clients/busy-poll.js';
import { Dispatch } from './clients/dispatch.js';
import { HostClient } from './clients/host-client.js';
import { ReplyMapping } from './clients/reply-mapping.js';
import type { AddedCommandTable } from './commands/added-commands.js';
import type { RespVersions, TypeMapping } from './commands/upstream.js';
import { BadHostSetup, ClosedError } from './errors.js';
import { type EmitHostEvent, type HostHealth, type HostLoad, HostMonitor } from './health.js';
import { createHost, type HostConfig, type HostInfo } from './hosts.js';
import type { ResolvedPoolOptions } from './options.js';
import { checkPool, type Pool, type PoolClass, type PoolSettings } from './pool.js';
import type { RouterClass, RouterCluster } from './routers/router.js';
import { type Routing, routingOf } from './routers/routing.js';
import { HostCounters, type HostStats } from './stats.js';
import { deleteFrom, readOnly, setIn } from './util/read-only-map.js';
import { describeValue, quote } from './util/validate.js';

export interface TopologyOptions<RESP extends RespVersions, TM extends TypeMapping> {
  readonly hosts: Map<number, HostInfo>;
  readonly hostDefaults: HostConfig | undefined;
  readonly protocol: RESP;
  readonly typeMapping: TM | undefined;
  readonly addedCommands: AddedCommandTable | undefined;
  readonly router: RouterClass;
  readonly routerOptions: unknown;
  readonly pool: PoolClass;
  readonly poolOptions: ResolvedPoolOptions;
  /** What routers get to see. */
  readonly cluster: RouterCluster;
  /** Is told of the hosts' ups and downs. */
  readonly emit: EmitHostEvent;
}

/** That of a host to which nothing was sent yet. */
const NO_LOAD: HostLoad = { pendingCommands: 0, pendingBytes: 0, connections: 0 };

export class Topology<RESP extends RespVersions, TM extends TypeMapping> implements Backend<
  RESP,
  TM
> {
  readonly busyPoll: BusyPoll | undefined;
  readonly bufferSizes = new BufferSizes();
  readonly #options: TopologyOptions<RESP, TM>;
  readonly #hosts: ReadonlyMap<number, HostInfo>;
  readonly #pools = new Map<number, Pool>();
  readonly #monitors = new Map<number, HostMonitor>();
  readonly #counters = new Map<number, HostCounters>();
  readonly #poolSettings: PoolSettings;
  /** For the raw commands of pools. */
  readonly #dispatch: Dispatch;
  #routing: Routing | undefined;
  #version = 0;
  #isClosing = false;
  #closings = 0;

  constructor(options: TopologyOptions<RESP, TM>) {
    this.#options = options;
    this.#hosts = readOnly(options.hosts, 'addHost and removeHost change the hosts');
    this.busyPoll = options.poolOptions.busyPoll ? new BusyPoll() : undefined;
    this.#dispatch = new Dispatch(this, {
      autoBatch: false,
      maxConcurrency: Infinity,
      isLasting: true,
    });
    const mapping = new ReplyMapping(options.protocol, options.typeMapping);
    this.#poolSettings = {
      ...options.poolOptions,
      protocol: options.protocol,
      execute: (hostId, name, args) =>
        new HostClient(this, this.#dispatch, mapping, hostId).executeCommand(name, args),
    };
    for (const host of this.#hosts.values()) this.#watch(host);
  }

  #watch(host: HostInfo): void {
    this.#monitors.set(host.hostId, new HostMonitor(host, this.#options.emit));
    this.#counters.set(host.hostId, new HostCounters());
  }

  get hosts(): ReadonlyMap<number, HostInfo> {
    return this.#hosts;
  }

  get protocol(): RESP {
    return this.#options.protocol;
  }

  get typeMapping(): TM | undefined {
    return this.#options.typeMapping;
  }

  get commandTimeout(): number | undefined {
    return this.#options.poolOptions.commandTimeout;
  }

  get addedCommands(): AddedCommandTable | undefined {
    return this.#options.addedCommands;
  }

  get topologyVersion(): number {
    return this.#version;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get closings(): number {
    return this.#closings;
  }

  getRouting(): Routing {
    return this.#routing ?? this.#makeRouting();
  }

  #makeRouting(): Routing {
    const { router: Router, cluster, routerOptions } = this.#options;
    const router = new Router(cluster as never, routerOptions as never);
    return (this.#routing = routingOf(router));
  }

  poolOf(hostId: number): Pool {
    if (this.#isClosing) throw new ClosedError('The cluster is closing');
    const pool = this.#pools.get(hostId);
    if (pool !== undefined) return pool;
    const host = this.host(hostId);
    const settings = {
      ...this.#poolSettings,
      monitor: this.#monitors.get(hostId)!,
      counters: this.#counters.get(hostId)!,
    };
    const opened = new this.#options.pool(host, settings);
    checkPool(opened);
    this.#pools.set(hostId, opened);
    return opened;
  }

  /** How each host is now. */
  health(): Map<number, HostHealth> {
    const healths = [...this.#monitors].map(([hostId, monitor]): [number, HostHealth] => [
      hostId,
      monitor.health(this.#pools.get(hostId)?.load ?? NO_LOAD),
    ]);
    return new Map(healths);
  }

  /** What was counted of each host. */
  stats(): Map<number, HostStats> {
    const stats = [...this.#counters].map(([hostId, counters]): [number, HostStats] => [
      hostId,
      counters.stats(this.#hosts.get(hostId)!),
    ]);
    return new Map(stats);
  }

  /** A host by its id. Throws `BadHostSetup` for an unknown one. */
  host(hostId: number): HostInfo {
    const host = this.#hosts.get(hostId);
    if (host === undefined) throw unknownHost(hostId, this.#hosts);
    return host;
  }

  add(config: HostConfig & { readonly hostId: number }): void {
    const host = createHost(config, this.#options.hostDefaults);
    if (this.#hosts.has(host.hostId)) {
      throw new BadHostSetup(`There is a host with the id ${host.hostId} already`);
    }
    setIn(this.#hosts, host.hostId, host);
    this.#watch(host);
    this.#changed();
  }

  /** Answers the host that was removed, if there was one. */
  remove(hostId: number): HostInfo | undefined {
    const host = this.#hosts.get(hostId);
    if (host === undefined) return undefined;
    deleteFrom(this.#hosts, hostId);
    const pool = this.#pools.get(hostId);
    this.#pools.delete(hostId);
    this.#monitors.delete(hostId);
    this.#counters.delete(hostId);
    this.#changed();
    pool?.remove();
    return host;
  }

  #changed(): void {
    this.#routing = undefined;
    this.#version++;
  }

  async disconnect(): Promise<void> {
    const pools = [...this.#pools.values()];
    // First what is held: a turn that one host gives back is not to be taken by the next.
    for (const pool of pools) pool.rejectHeld();
    // What a subclass throws must not keep the others connected.
    const ends = await Promise.allSettled(pools.map(async (pool) => pool.disconnect()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * Refuses commands, and disconnects when those that were issued have their answers. A host that
   * stays silent is waited for as long as connecting to it might take.
   */
  async close(): Promise<void> {
    const { connectTimeout } = this.#options.poolOptions;
    this.#isClosing = true;
    this.#version++;
    try {
      await Promise.all([...this.#pools.values()].map((pool) => pool.drain(connectTimeout)));
      await this.disconnect();
    } finally {
      this.#isClosing = false;
      this.#closings++;
      this.#version++;
    }
  }
}

/** The error for an id that no host has. */
function unknownHost(hostId: unknown, hosts: ReadonlyMap<number, unknown>): BadHostSetup {
  const ids = [...hosts.keys()];
  const known = ids.length === 0 ? 'there are no hosts' : `the ids are ${shorten(ids)}`;
  const id = typeof hostId === 'string' ? quote(hostId) : describeValue(hostId);
  return new BadHostSetup(`There is no host with the id ${id}; ${known}`);
}

function shorten(ids: readonly number[]): string {
  return ids.length <= 8 ? ids.join(', ') : `${ids.slice(0, 8).join(', ')}, … (${ids.length})`;
}
