/** The connections to one host, and the bounds on what may wait for it. */

import { commandForMessage, type RawArgument } from './commands/key-table.js';
import { BadHostSetup, ConnectionError, OverloadError } from './errors.js';
import type { HostLoad, HostMonitor } from './health.js';
import { connectionOptions } from './host-connection.js';
import type { HostInfo } from './hosts.js';
import type { ResolvedPoolOptions } from './options.js';
import { HostCounters } from './stats.js';
import { traceConnection } from './telemetry/connection-tracer.js';
import { Channel } from './wire/channel.js';
import { ConnectPause } from './wire/connect-pause.js';
import { atEndOfTick, clearTimer, startTimer } from './util/timers.js';

/** What a pool is made with, beside its host. */
export interface PoolSettings extends ResolvedPoolOptions {
  /** The version of RESP that connections speak. */
  readonly protocol: 2 | 3;
  /** Sends a raw command to this host; the cluster's, since a pool knows no commands. */
  readonly execute: (
    hostId: number,
    name: string,
    args: readonly RawArgument[],
  ) => Promise<unknown>;
  /**
   * Is told what becomes of the connections.
   *
   * @internal
   */
  readonly monitor?: HostMonitor;
  /**
   * Counts what goes through the pool.
   *
   * @internal
   */
  readonly counters?: HostCounters;
}

/** Rejects what it holds when the pool disconnects. */
interface Holder {
  holderIndex: number;
  readonly goesOn: boolean;
  rejectHeld(error: Error): void;
  /** The same for commands that block alone. */
  rejectBlocking?(error: Error): void;
}

interface Waiter {
  readonly hasRoom: boolean;
  onRoom(): void;
}

/**
 * So many parts of the bounds are sent apart, where what has no room waits: with one alone, nothing
 * would go before all of it is answered.
 */
const PIECES = 8;

/** Idle connections for blocking commands that are kept for the next ones. */
const MAX_IDLE_BLOCKING = 4;

/**
 * The connections to one host. A cluster makes one for each; a subclass of it can be given as the
 * cluster's `pool` option. Commands of clients do not go through its `executeCommand`: to watch those,
 * use the tracing channels.
 *
 * @example
 * const pool = cluster.getPoolForHost(0);
 * console.log(pool.host.address, pool.connections, pool.pending);
 */
export class Pool {
  /** The host that the connections lead to. */
  readonly host: HostInfo;
  readonly #counters: HostCounters;
  readonly #settings: PoolSettings;
  readonly #channels: Channel[];
  readonly #pause: ConnectPause;
  #nextChannel = 0;
  readonly #busyBlocking = new Set<Channel>();
  #idleBlocking: Channel[] = [];
  #pendingCommands = 0;
  #pendingBytes = 0;
  readonly #maxPendingCommands: number;
  readonly #maxPendingBytes: number;
  readonly #waitsForRoom: boolean;
  readonly #waiters = new Set<Waiter>();
  #isCallingWaiters = false;
  #willCallWaiters = false;
  #isRemoved = false;
  /** While it drains. */
  #blockingRefusal: ConnectionError | undefined;
  readonly #onIdle = new Set<() => void>();
  /** No Set: what it once held would stay alive with the tables that it has outgrown. */
  readonly #holders: Holder[] = [];

  /**
   * Called by the cluster, also for a subclass, which hands both on with `super`.
   *
   * @param host - the host to connect to.
   * @param settings - the cluster's `poolOptions`, and what the pool needs of its cluster.
   */
  constructor(host: HostInfo, settings: PoolSettings) {
    this.host = host;
    this.#settings = settings;
    this.#maxPendingCommands = settings.maxPendingCommands;
    this.#maxPendingBytes = settings.maxPendingBytes;
    this.#waitsForRoom = settings.onOverload === 'wait';
    this.#counters = settings.counters ?? new HostCounters();
    this.#pause = new ConnectPause(settings.reconnect);
    this.#channels = Array.from({ length: settings.connectionsPerHost }, () => this.#newChannel());
  }

  #newChannel(isBlocking = false): Channel {
    const { host } = this;
    const counters = this.#counters;
    const settings = this.#settings;
    return new Channel({
      connection: { ...connectionOptions(host, settings), traffic: counters },
      reconnect: settings.reconnect,
      pause: this.#pause,
      retries: settings.retries,
      isBlocking,
      watcher: settings.monitor,
      watch: (connection) => traceConnection(host, connection, isBlocking),
    });
  }

  /** @internal */
  get counters(): HostCounters {
    return this.#counters;
  }

  /** @internal */
  get waitsForRoom(): boolean {
    return this.#waitsForRoom;
  }

  /** @internal */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  get #allChannels(): Channel[] {
    return [...this.#channels, ...this.#busyBlocking, ...this.#idleBlocking];
  }

  /** How many connections are open or being opened. */
  get connections(): number {
    return this.#allChannels.filter((channel) => channel.isConnected).length;
  }

  /** How many commands were handed to the connections and have no answer. */
  get pending(): number {
    return this.#allChannels.reduce((sum, channel) => sum + channel.pending, 0);
  }

  /**
   * What is under way, as the bounds count it.
   *
   * @internal
   */
  get load(): HostLoad {
    return {
      pendingCommands: this.#pendingCommands,
      pendingBytes: this.#pendingBytes,
      connections: this.connections,
    };
  }

  /**
   * Sends a raw command to this host, whatever its keys are.
   *
   * @throws (rejects) as the commands of a routing client do.
   * @example
   * const info = await cluster.getPoolForHost(0).executeCommand('INFO', 'memory');
   */
  executeCommand(name: string, ...args: RawArgument[]): Promise<unknown> {
    // The id may be another host's by now.
    if (this.isRemoved) return Promise.reject(this.#unknown(name));
    return this.#settings.execute(this.host.hostId, name, args);
  }

  /**
   * Ends all connections at once; what has no answer is rejected with a `ConnectionError`. The next
   * command connects again.
   */
  disconnect(): Promise<void> {
    this.#end('was disconnected');
    return Promise.resolve();
  }

  /**
   * Rejects what no connection has yet, so that it takes no connection which others leave now.
   *
   * @internal
   */
  rejectHeld(what = 'was disconnected'): void {
    const reason = Object.assign(this.#lost(what), { maybeExecuted: false });
    const holders = [...this.#holders];
    // What would go on when the others are rejected comes first.
    for (const holder of holders) if (holder.goesOn) holder.rejectHeld(reason);
    for (const holder of holders) if (!holder.goesOn) holder.rejectHeld(reason);
  }

  #end(what: string): void {
    this.rejectHeld(what);
    const channels = this.#allChannels;
    this.#idleBlocking = [];
    for (const channel of channels) channel.disconnect(this.#lost(what));
    this.#pause.end();
  }

  #unknown(command: string): BadHostSetup {
    const { hostId, address } = this.host;
    const error = new BadHostSetup(`Host ${hostId} (${address}) was removed`);
    const name = typeof command === 'string' ? commandForMessage(command) : undefined;
    return Object.assign(error, { hostId, address, command: name, maybeExecuted: false });
  }

  #lost(what: string): ConnectionError {
    const { hostId, address } = this.host;
    const error = new ConnectionError(`Host ${hostId} (${address}) ${what}`);
    return Object.assign(error, { hostId, address });
  }

  /**
   * Ends the pool for good: its host was removed. Who still has it must not send anything.
   *
   * @internal
   */
  remove(): void {
    this.#isRemoved = true;
    this.#end('was removed');
  }

  /**
   * Why a command is not taken: the host was removed, or there is no room.
   *
   * @internal
   */
  refusal(): OverloadError | ConnectionError {
    if (this.isRemoved) return Object.assign(this.#lost('was removed'), { maybeExecuted: false });
    const { hostId, address } = this.host;
    const error = new OverloadError(
      `Too much is waiting for host ${hostId} (${address}): poolOptions.maxPendingCommands or ` +
        'maxPendingBytes is reached',
    );
    return Object.assign(error, { hostId, address, maybeExecuted: false });
  }

  /**
   * Ends all connections when everything that was issued is answered, or after `timeoutMs`. What
   * blocks is not waited for.
   *
   * @internal
   */
  async drain(timeoutMs: number): Promise<void> {
    const { hostId, address } = this.host;
    const disposed = (): ConnectionError => new ConnectionError('The cluster was disposed of');
    // Those that wait come first: they would take the room, or the turns, of the others.
    const held = Object.assign(disposed(), { hostId, address, maybeExecuted: false });
    this.#blockingRefusal = held;
    try {
      for (const holder of [...this.#holders]) holder.rejectBlocking?.(held);
      for (const channel of [...this.#busyBlocking]) channel.disconnect(disposed());
      await this.#whenIdle(timeoutMs);
      const channels = this.#isIdle ? this.#allChannels : [];
      await Promise.all(channels.map((channel) => channel.drain()));
    } finally {
      // A cluster that was disposed of may be used again.
      this.#blockingRefusal = undefined;
    }
  }

  /** @internal */
  get blockingRefusal(): ConnectionError | undefined {
    return this.#blockingRefusal;
  }

  get #isIdle(): boolean {
    return this.#pendingCommands === 0 && this.#holders.length === 0;
  }

  #checkIdle(): void {
    if (this.#onIdle.size > 0 && this.#isIdle) for (const onIdle of this.#onIdle) onIdle();
  }

  async #whenIdle(timeoutMs: number): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => {
      const onIdle = (): void => {
        clearTimer(timer);
        this.#onIdle.delete(onIdle);
        resolve();
      };
      const timer = startTimer(onIdle, timeoutMs);
      this.#onIdle.add(onIdle);
    });
  }

  /** @internal */
  openChannel(): Channel {
    const channel = this.usableChannel(this.#channels[this.#nextChannel]!);
    this.#nextChannel = (this.#channels.indexOf(channel) + 1) % this.#channels.length;
    return channel;
  }

  /** @internal */
  usableChannel(channel: Channel): Channel {
    if (channel.isConnected || this.#pause.reason === undefined) return channel;
    // The host may take fewer connections than there may be.
    return this.#channels.find(({ isConnected }) => isConnected) ?? channel;
  }

  /** @internal */
  openBlockingChannel(): Channel {
    const channel = this.#idleBlocking.pop() ?? this.#newChannel(true);
    this.#busyBlocking.add(channel);
    return channel;
  }

  /** @internal */
  closeBlockingChannel(channel: Channel, isClean: boolean): void {
    if (!this.#busyBlocking.delete(channel)) return;
    const isKept = isClean && !this.isRemoved && this.#idleBlocking.length < MAX_IDLE_BLOCKING;
    if (isKept) this.#idleBlocking.push(channel);
    else channel.disconnect(new ConnectionError('The connection of a blocking command was closed'));
  }

  /** @internal */
  get hasRoom(): boolean {
    return (
      this.#pendingCommands < this.#maxPendingCommands && this.#pendingBytes < this.#maxPendingBytes
    );
  }

  /** @internal */
  isPiece(commands: number, bytes: number): boolean {
    return commands >= this.#maxPendingCommands / PIECES || bytes >= this.#maxPendingBytes / PIECES;
  }

  /**
   * Whether a piece may go now. One that is larger than what is left goes alone: beside nothing but
   * commands that block, for which it might wait forever.
   *
   * @internal
   */
  hasRoomFor(commands: number, bytes: number): boolean {
    // Those that wait come first, also where less would fit already.
    if (this.#waiters.size > 0 && !this.#isCallingWaiters) return false;
    const fits =
      this.#pendingCommands + commands <= this.#maxPendingCommands &&
      this.#pendingBytes + bytes <= this.#maxPendingBytes;
    return fits || (this.hasRoom && this.#pendingCommands === this.#busyBlocking.size);
  }

  /** @internal */
  occupy(commands: number, bytes: number): void {
    this.#pendingCommands += commands;
    this.#pendingBytes += bytes;
  }

  /** @internal */
  release(commands: number, bytes: number): void {
    this.#pendingCommands -= commands;
    this.#pendingBytes -= bytes;
    if (this.#waiters.size > 0) this.#callWaiters();
    this.#checkIdle();
  }

  #callWaiters(): void {
    // What a waiter sends may fail at once: the room that it gives back is for the next turn here.
    if (this.#isCallingWaiters) return;
    this.#isCallingWaiters = true;
    try {
      for (const waiter of this.#waiters) {
        if (!waiter.hasRoom) break;
        this.#waiters.delete(waiter);
        waiter.onRoom();
      }
    } finally {
      this.#isCallingWaiters = false;
    }
  }

  /** @internal */
  addHolder(holder: Holder): void {
    if (holder.holderIndex === -1) holder.holderIndex = this.#holders.push(holder) - 1;
  }

  /** @internal */
  removeHolder(holder: Holder): void {
    const index = holder.holderIndex;
    if (index === -1) return;
    holder.holderIndex = -1;
    // The last one takes its place.
    const last = this.#holders.pop()!;
    if (last !== holder) {
      this.#holders[index] = last;
      last.holderIndex = index;
    }
    this.#checkIdle();
  }

  /** @internal */
  awaitRoom(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  /** @internal */
  stopAwaitingRoom(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.callWaitersSoon();
  }

  /**
   * What waits first is gone, or is another: it, or those behind it, may have room. Not at once:
   * meanwhile the pool may be about to end.
   *
   * @internal
   */
  callWaitersSoon(): void {
    if (this.#waiters.size === 0 || this.#willCallWaiters) return;
    this.#willCallWaiters = true;
    atEndOfTick(() => {
      this.#willCallWaiters = false;
      this.#callWaiters();
    });
  }
}

/** What a subclass may change. */
const OPEN_MEMBERS = new Set([
  'constructor',
  'connections',
  'pending',
  'executeCommand',
  'disconnect',
]);

/**
 * Refuses a pool whose class changes, knowingly or not, what the clients rely on.
 *
 * @throws BadHostSetup that names the member.
 */
export function checkPool(pool: Pool): void {
  const closed = Object.getOwnPropertyNames(Pool.prototype).filter(
    (name) => !OPEN_MEMBERS.has(name),
  );
  let object: object = pool;
  while (object !== Pool.prototype) {
    const found = closed.find((name) => Object.hasOwn(object, name));
    if (found !== undefined) {
      throw new BadHostSetup(
        `pool: ${pool.constructor.name} must not have a member ${found}, which is Pool's own`,
      );
    }
    object = Object.getPrototypeOf(object) as object;
  }
}

/** A class that the `pool` option takes: {@link Pool} or a subclass. */
export type PoolClass = new (host: HostInfo, settings: PoolSettings) => Pool;
