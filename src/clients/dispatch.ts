/**
 * The way of commands from one client to the hosts: one lane for each host, flushed when a lane's
 * buffer is full and at the end of the tick, on so many hosts at once.
 */

import { ClosedError } from '../errors.js';
import { atEndOfTick, now } from '../util/timers.js';
import type { Backend } from './backend.js';
import type { BufferSizes } from './buffer-sizes.js';
import { type GiveUpReason, Lane, type LaneHost } from './lane.js';

/**
 * While so many pipelines are under way, replies come one after the other, and commands behind them:
 * what is sent a turn or two of the loop later is more at a time.
 */
const STREAM = 2;
/** So many turns it waits at most. More bring little: nearly all replies of a round have come. */
const TURNS = 2;
/** In ms: if the turns take longer, nothing is to wait for the next one. */
const SHORT_TURNS = 0.2;

export interface DispatchOptions {
  readonly autoBatch: boolean;
  /** On how many hosts commands may be unanswered at once. */
  readonly maxConcurrency: number;
  /** Whether it can be used again after its cluster was disposed of. */
  readonly isLasting?: boolean;
}

export class Dispatch implements LaneHost {
  readonly autoBatch: boolean;
  /** Called whenever nothing is outstanding any more. */
  onIdle: (() => void) | undefined;
  readonly #backend: Backend;
  readonly #maxConcurrency: number;
  #topologyVersion: number;
  /** How often the cluster may have been disposed of at most, for commands to be taken. */
  readonly #closings: number;
  /** By the id of their host, which is found quicker than in a Map. Ids may be far apart. */
  readonly #lanes: (Lane | undefined)[] = [];
  /** Lanes of hosts that were removed or changed while commands were outstanding. */
  readonly #formerLanes = new Set<Lane>();
  /** Of a dispatch that was closed one lane, so that one is always alive; `util/kept.ts` says why. */
  kept: Lane | undefined;
  #dirty: Lane[] = [];
  readonly #waiting: Lane[] = [];
  #turns = 0;
  #isHandOutScheduled = false;
  #pending = 0;
  /** How many of these block: their replies may be long in coming. */
  #blocking = 0;
  /** When the first of the dirty lanes became so, in ms. */
  #dirtyAt = 0;
  /** So many turns of the loop they have waited for more commands. */
  #gathered = 0;
  readonly #endOfTick = (): void => {
    this.#gathered = this.#mayGather ? this.#gathered + 1 : 0;
    if (this.#gathered > 0) atEndOfTick(this.#endOfTick);
    else this.#flush();
  };

  /**
   * Not before all replies that have come are handled: what goes to many hosts at once finds their
   * servers awake more often, and a fan-out of PING to 256 hosts takes a fifth less time.
   */
  readonly #handOutTurns = (): void => {
    this.#isHandOutScheduled = false;
    const next = this.#waiting.splice(0, this.#maxConcurrency - this.#turns);
    this.#turns += next.length;
    for (const lane of next) lane.takeTurn();
  };

  get #mayGather(): boolean {
    const sent = this.#underWay - this.#dirty.length;
    return this.#gathered < TURNS && sent >= STREAM && now() - this.#dirtyAt < SHORT_TURNS;
  }

  #flush(): void {
    const { busyPoll } = this.#backend;
    const dirty = this.#dirty;
    this.#dirty = [];
    busyPoll?.onSending();
    for (const lane of dirty) lane.flush();
    if (this.#underWay > 0) busyPoll?.onSent(this, this.#underWay);
  }

  /** How many pipelines are outstanding whose replies may come any moment. */
  get #underWay(): number {
    return this.#pending - this.#blocking;
  }

  constructor(backend: Backend, { autoBatch, maxConcurrency, isLasting = false }: DispatchOptions) {
    this.#backend = backend;
    this.autoBatch = autoBatch;
    this.#maxConcurrency = maxConcurrency;
    this.#topologyVersion = backend.topologyVersion;
    this.#closings = isLasting ? Infinity : backend.closings;
  }

  get commandTimeout(): number | undefined {
    return this.#backend.commandTimeout;
  }

  get bufferSizes(): BufferSizes {
    return this.#backend.bufferSizes;
  }

  get isIdle(): boolean {
    return this.#pending === 0;
  }

  /**
   * The lane of a host. Throws `BadHostSetup` for an unknown id, `ClosedError` if the cluster was
   * disposed of.
   */
  lane(hostId: number): Lane {
    if (this.#topologyVersion !== this.#backend.topologyVersion) this.#renewLanes();
    // A router of a user's own may answer anything.
    const lane = typeof hostId === 'number' ? this.#lanes[hostId] : undefined;
    return lane ?? this.#openLane(hostId);
  }

  #openLane(hostId: number): Lane {
    return (this.#lanes[hostId] = new Lane(this, this.#backend.poolOf(hostId)));
  }

  #renewLanes(): void {
    if (this.#backend.closings > this.#closings) {
      throw new ClosedError('This client was opened before its cluster was disposed of');
    }
    for (const lane of this.#formerLanes) if (!lane.isBusy) this.#formerLanes.delete(lane);
    for (const lane of this.#currentLanes()) {
      if (this.#isCurrent(lane)) continue;
      this.#lanes[lane.pool.host.hostId] = undefined;
      if (lane.isBusy) this.#formerLanes.add(lane);
    }
    this.#topologyVersion = this.#backend.topologyVersion;
  }

  #isCurrent({ pool: { host } }: Lane): boolean {
    return this.#backend.hosts.get(host.hostId) === host && !this.#backend.isClosing;
  }

  onDirty(lane: Lane): void {
    if (this.#dirty.length === 0) {
      this.#dirtyAt = now();
      atEndOfTick(this.#endOfTick);
    }
    this.#dirty.push(lane);
  }

  askForTurn(lane: Lane): boolean {
    if (this.#turns < this.#maxConcurrency && this.#waiting.length === 0) {
      this.#turns++;
      return true;
    }
    this.#waiting.push(lane);
    return false;
  }

  giveBackTurn(): void {
    this.#turns--;
    if (this.#waiting.length === 0 || this.#isHandOutScheduled) return;
    this.#isHandOutScheduled = true;
    atEndOfTick(this.#handOutTurns);
  }

  onPending(change: 1 | -1, isBlocking: boolean): void {
    this.#pending += change;
    if (isBlocking) this.#blocking += change;
    else if (this.#underWay === 0) this.#backend.busyPoll?.onIdle(this);
    if (this.#pending === 0) this.onIdle?.();
  }

  /** The ids of the hosts that owe an answer. */
  silentHosts(): number[] {
    return this.#allLanes()
      .filter((lane) => lane.isBusy)
      .map((lane) => lane.pool.host.hostId);
  }

  /** Whether something is not handed to a socket. */
  get hasUnsent(): boolean {
    return this.#allLanes().some((lane) => lane.hasUnsent);
  }

  /** Rejects everything that has no answer. */
  giveUp(reason: GiveUpReason): void {
    for (const lane of this.#allLanes()) lane.giveUp(reason);
  }

  /**
   * Lets go of the lanes: nothing is outstanding, and nothing is issued any more. V8 finds that arrays
   * like this one live long, and makes them in its old generation; from there a dead one would keep
   * alive all that is young and that it leads to.
   */
  close(): void {
    this.kept = this.#lanes.pop();
    this.#lanes.length = 0;
    this.#formerLanes.clear();
  }

  #allLanes(): Lane[] {
    return [...this.#formerLanes, ...this.#currentLanes()];
  }

  #currentLanes(): Lane[] {
    return Object.values(this.#lanes).filter((lane) => lane !== undefined);
  }
}
