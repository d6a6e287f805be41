/** How the hosts of a cluster are, and the events that tell of changes. */

import { EventEmitter } from 'node:events';
import { MisuseError } from './errors.js';
import type { HostInfo } from './hosts.js';
import { now } from './util/timers.js';
import { describeType, describeValue } from './util/validate.js';
import type { ChannelState, ChannelWatcher } from './wire/channel.js';

/**
 * How a host is, as far as the connections of its pool can tell:
 *
 * - `'idle'`: there is no connection. None was needed yet, or they were ended on purpose.
 * - `'connecting'`: the first connection is being opened.
 * - `'up'`: at least one connection is usable.
 * - `'down'`: the last usable connection was lost, or an attempt to connect failed while there was
 *   none. It stays so, also while other attempts are under way, until a connection is usable.
 */
export type HostState = 'idle' | 'connecting' | 'up' | 'down';

/** What is known of a host, at the moment at which it was asked. */
export interface HostHealth {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /** Whether it can be used, as far as is known. */
  readonly state: HostState;
  /** Since when it is in that state. */
  readonly since: Date;
  /**
   * Why the last connection was lost, or why the last attempt failed: a `ConnectionError` or a
   * `TimeoutError`. It stays when the host is up again; left out if that never happened.
   */
  readonly lastError?: Error;
  /** Commands that count against `maxPendingCommands`: they are on their way and not answered. */
  readonly pendingCommands: number;
  /** Bytes that count against `maxPendingBytes`. */
  readonly pendingBytes: number;
  /** How many connections are open or being opened. */
  readonly connections: number;
  /** How many attempts to connect again there were, after a loss or after a failed attempt. */
  readonly reconnects: number;
}

/** A host has no usable connection any more, or could not be reached in the first place. */
export interface HostDownEvent {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /** Why the connection was lost, or the attempt failed. */
  readonly error: Error;
}

/** A host can be used, for the first time or again. */
export interface HostUpEvent {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /** How long it was down, in milliseconds; left out if it was not. */
  readonly downtime?: number;
}

/** An attempt to connect begins, after a loss or a failed attempt. */
export interface ReconnectingEvent {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /** Which attempt of this connection it is since it was usable, or since the first one: from 1. */
  readonly attempt: number;
  /** The pause that went before it, in milliseconds; 0 right after a loss. */
  readonly delay: number;
}

/** The events of a cluster, by name. */
export interface ClusterEvents {
  /** A host has no usable connection any more, or could not be reached in the first place. */
  hostDown: HostDownEvent;
  /** A host can be used, for the first time or again. */
  hostUp: HostUpEvent;
  /** An attempt to connect begins, after a loss or a failed attempt. */
  reconnecting: ReconnectingEvent;
}

/** A listener for an event of a cluster. */
export type ClusterListener<E extends keyof ClusterEvents> = (event: ClusterEvents[E]) => void;

const EVENT_NAMES: readonly string[] = [
  'hostDown',
  'hostUp',
  'reconnecting',
] satisfies (keyof ClusterEvents)[];

/** Something that tells of its hosts' ups and downs. */
export abstract class HostEvents {
  readonly #emitter = new EventEmitter();

  constructor() {
    // However many want to know, it is their choice.
    this.#emitter.setMaxListeners(0);
  }

  /**
   * Calls `listener` at each such event.
   *
   * `hostDown` comes once when a host goes down, not at every attempt that fails; `reconnecting` at
   * each attempt after that; `hostUp` when it can be used, for the first time too. Listeners run in
   * a tick of their own, after what was settled by the same cause. What one throws is an uncaught
   * exception and disturbs no reply. Listening keeps no process alive.
   *
   * @throws MisuseError RB_INVALID_ARGUMENT for an event that there is not, or no function.
   * @example
   * cluster.on('hostDown', ({ hostId, error }) => console.error(`host ${hostId}:`, error.message));
   */
  on<E extends keyof ClusterEvents>(event: E, listener: ClusterListener<E>): this {
    checkListener(event, listener);
    this.#emitter.on(event, listener);
    return this;
  }

  /** As {@link on}, for the next such event only. */
  once<E extends keyof ClusterEvents>(event: E, listener: ClusterListener<E>): this {
    checkListener(event, listener);
    this.#emitter.once(event, listener);
    return this;
  }

  /** Calls a listener no longer; one that was added twice, once less. */
  off<E extends keyof ClusterEvents>(event: E, listener: ClusterListener<E>): this {
    checkListener(event, listener);
    this.#emitter.off(event, listener);
    return this;
  }

  /** @internal */
  protected emitLater<E extends keyof ClusterEvents>(event: E, payload: ClusterEvents[E]): void {
    if (this.#emitter.listenerCount(event) === 0) return;
    process.nextTick(() => this.#emitter.emit(event, payload));
  }
}

function checkListener(event: unknown, listener: unknown): void {
  if (!EVENT_NAMES.includes(event as string)) {
    const name = describeValue(event);
    const known = EVENT_NAMES.join(', ');
    throw new MisuseError(
      'RB_INVALID_ARGUMENT',
      `There is no event ${name}; the events are ${known}`,
    );
  }
  if (typeof listener !== 'function') {
    const given = describeType(listener);
    throw new MisuseError('RB_INVALID_ARGUMENT', `A listener must be a function, got ${given}`);
  }
}

/** Is told of an event. */
export type EmitHostEvent = <E extends keyof ClusterEvents>(
  event: E,
  payload: ClusterEvents[E],
) => void;

/** What a pool has under way. */
export type HostLoad = Pick<HostHealth, 'pendingCommands' | 'pendingBytes' | 'connections'>;

/** Keeps what is known of one host: all connections of its pool report here. */
export class HostMonitor implements ChannelWatcher {
  readonly #host: HostInfo;
  readonly #emit: EmitHostEvent;
  /** How many connections are in each state; those that are idle are not counted. */
  readonly #counts = { connecting: 0, up: 0, down: 0 };
  #state: HostState = 'idle';
  #since = new Date();
  /** The same moment on the clock that nobody sets. */
  #enteredAt = now();
  #lastError: Error | undefined;
  #reconnects = 0;

  constructor(host: HostInfo, emit: EmitHostEvent) {
    this.#host = host;
    this.#emit = emit;
  }

  get #where(): Pick<HostHealth, 'hostId' | 'address'> {
    const { hostId, address } = this.#host;
    return { hostId, address };
  }

  health(load: HostLoad): HostHealth {
    return {
      ...this.#where,
      state: this.#state,
      since: new Date(this.#since),
      ...(this.#lastError && { lastError: this.#lastError }),
      ...load,
      reconnects: this.#reconnects,
    };
  }

  onState(from: ChannelState, to: ChannelState, reason: Error | undefined): void {
    if (from !== 'idle') this.#counts[from]--;
    if (to !== 'idle') this.#counts[to]++;
    if (reason !== undefined) this.#lastError = reason;
    this.#update(reason !== undefined);
  }

  #update(isFailure: boolean): void {
    const from = this.#state;
    const to = this.#overall(isFailure);
    if (to === from) return;
    const enteredAt = now();
    const lasted = enteredAt - this.#enteredAt;
    this.#state = to;
    this.#since = new Date();
    this.#enteredAt = enteredAt;
    if (to === 'down') this.#emit('hostDown', { ...this.#where, error: this.#lastError! });
    if (to === 'up') {
      this.#emit('hostUp', { ...this.#where, ...(from === 'down' && { downtime: lasted }) });
    }
  }

  /**
   * One usable connection makes a host usable, whatever the others are; and only a failure makes
   * it go down, not the end of that connection on purpose, though others were lost before.
   */
  #overall(isFailure: boolean): HostState {
    const { up, down, connecting } = this.#counts;
    if (up > 0) return 'up';
    if (isFailure || (down > 0 && this.#state === 'down')) return 'down';
    return connecting > 0 ? 'connecting' : 'idle';
  }

  onReconnecting(attempt: number, pause: number): void {
    this.#reconnects++;
    this.#emit('reconnecting', { ...this.#where, attempt, delay: pause });
  }
}
