/**
 * One ordered stream of commands to a host, over one connection at a time.
 *
 * It connects when the first pipeline comes. After a loss, what may be sent again is sent again in
 * its order on the next connection. While connecting fails, the channel pauses, longer each time,
 * and meanwhile rejects at once with the last reason. While the server loads its data, what it did
 * not run waits for another try, and all else behind it.
 *
 *     idle --> connecting --> up <--> down (until it is up again, attempts included)
 *       ^          |          |         ^
 *       '----------+----------'---------'   a connection that was ended on purpose
 */

import { ConnectionError, type ReplyError, type TimeoutError } from '../errors.js';
import { atEndOfTick, clearTimer, now, startTimer, type Timer } from '../util/timers.js';
import { backOff, type BackOffBounds } from './back-off.js';
import type { ConnectPause } from './connect-pause.js';
import { Connection, type ConnectionEvents, type ConnectionOptions } from './connection.js';
import type { LoadingRound } from './loading.js';
import type { Pipeline, ReplySink } from './pipeline.js';

/** Where a channel stands; see the drawing above. */
export type ChannelState = 'idle' | 'connecting' | 'up' | 'down';

/** Is told what becomes of a channel's connection. Its methods must not throw. */
export interface ChannelWatcher {
  /** The state may have changed; with a `reason`, a connection was lost or an attempt failed. */
  onState(from: ChannelState, to: ChannelState, reason: LossReason | undefined): void;
  /** Another attempt to connect after a loss or a failure begins; `pause` ms went before it. */
  onReconnecting(attempt: number, pause: number): void;
}

/** A connection, as those see it who watch it. */
export interface WatchedConnection {
  /** How many requests that were sent are not answered. Commands that were merged are one. */
  readonly pending: number;
}

/** Is told what becomes of one connection. Its methods must not throw. */
export interface ConnectionWatcher {
  onReady(): void;
  /** It could not be opened, or it is over. */
  onEnd(reason: LossReason, isOnPurpose: boolean): void;
}

export interface ChannelOptions {
  readonly connection: ConnectionOptions;
  /** The pauses before a try after LOADING. */
  readonly reconnect: BackOffBounds;
  /** That between failed attempts to connect, of all channels to the host. */
  readonly pause: ConnectPause;
  /** How often a command may be sent again. */
  readonly retries: number;
  /** Whether its commands block, so that the server may say nothing for long. */
  readonly isBlocking?: boolean | undefined;
  readonly watcher?: ChannelWatcher | undefined;
  /** Called for each connection that is being opened; may answer who is to be told of it. */
  readonly watch?: ((connection: WatchedConnection) => ConnectionWatcher | undefined) | undefined;
}

export class Channel implements ConnectionEvents {
  readonly #options: ChannelOptions;
  #connection: Connection | undefined;
  #connectionWatcher: ConnectionWatcher | undefined;
  #state: ChannelState = 'idle';
  /** Not handed to a socket yet, oldest first. */
  #queue: Pipeline[] = [];
  /** Attempts that were made again, since a connection was usable. */
  #newAttempts = 0;
  /** When its connection became usable. */
  #readyAt = 0;
  /** Why it was disconnected last. */
  #disconnectReason: LossReason | undefined;
  /** While it runs, the server has time to load its data, and nothing is sent. */
  #loadingTimer: Timer | undefined;
  #onDrained: (() => void)[] = [];

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Whether a connection is open or being opened. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** How many commands are not answered. */
  get pending(): number {
    let pending = this.#connection?.pendingCommands ?? 0;
    for (const pipeline of this.#queue) pending += pipeline.outstandingCommands;
    return pending;
  }

  #move(to: ChannelState, reason?: LossReason): void {
    const from = this.#state;
    this.#state = to;
    // A copy: what rejects a command is that command's from then on.
    this.#options.watcher?.onState(from, to, reason && copyOf(reason));
  }

  /** Sends a pipeline behind all that came before. */
  send(pipeline: Pipeline): void {
    const refused = this.#connection === undefined ? this.#options.pause.reason : undefined;
    if (refused !== undefined) {
      // Not while it is issued: whoever goes on with the next command when one fails would go deeper
      // and deeper.
      atEndOfTick(() => {
        pipeline.fail(copyOf(refused, { maybeExecuted: false }));
      });
      return;
    }
    if (this.#queue.length === 0 && this.#mayHandOver) {
      this.#connection!.send(pipeline);
      return;
    }
    this.#queue.push(pipeline);
    if (this.#connection === undefined) this.#connect();
    else this.onWritable();
  }

  /** Takes back a pipeline that was not handed to a socket; false if it was. */
  withdraw(pipeline: Pipeline): boolean {
    const index = this.#queue.indexOf(pipeline);
    if (index === -1) return false;
    this.#queue.splice(index, 1);
    if (this.#queue.length === 0) this.#endLoadingPause();
    return true;
  }

  /** A sent command was given up; a connection on which nothing arrives any more is replaced. */
  expectTraffic(): void {
    this.#connection?.expectTraffic();
  }

  #connect(): void {
    if (this.#state === 'down') {
      this.#options.watcher?.onReconnecting(++this.#newAttempts, this.#options.pause.length);
    } else {
      this.#move('connecting');
    }
    const connection = new Connection(this.#options.connection, this);
    this.#connection = connection;
    const watcher = this.#options.watch?.(connection);
    if (this.#connection === connection) this.#connectionWatcher = watcher;
    // Whoever was told of the connection has disconnected it right away.
    else watcher?.onEnd(copyOf(this.#disconnectReason!), true);
  }

  onReady(): void {
    this.#newAttempts = 0;
    this.#readyAt = now();
    this.#move('up');
    this.#connectionWatcher?.onReady();
    this.onWritable();
  }

  onAnswer(): void {
    this.#options.pause.end();
  }

  /** Hands over what waits, one chunk at a time. */
  onWritable(): void {
    while (this.#queue.length > 0 && this.#mayHandOver) {
      this.#connection!.send(this.#queue.shift()!);
    }
    if (this.#onDrained.length > 0 && this.#queue.length === 0) this.#connection?.drain();
  }

  get #mayHandOver(): boolean {
    return this.#loadingTimer === undefined && this.#connection?.isWritable === true;
  }

  mayRepeat(pipeline: Pipeline): boolean {
    return pipeline.losses < this.#options.retries;
  }

  /** What the server did not run goes first, after a pause; what was tried enough ends it all. */
  onLoading({ answer, pipelines, isExhausted }: LoadingRound): void {
    const again = pipelines.filter((pipeline) => pipeline.hasPostponed);
    // Commands of these were given up meanwhile.
    const done = pipelines.filter((pipeline) => !pipeline.hasPostponed);
    for (const pipeline of again) pipeline.rewind();
    this.#queue = [...again, ...this.#queue];
    if (isExhausted || this.#onDrained.length > 0) this.#leave(answer);
    else if (this.#queue.length > 0) this.#pauseForLoading();
    for (const pipeline of done) pipeline.owner.onPipelineDone(pipeline);
  }

  #pauseForLoading(): void {
    const { losses } = this.#queue[0]!;
    this.#loadingTimer = startTimer(
      () => {
        this.#loadingTimer = undefined;
        this.onWritable();
      },
      backOff(this.#options.reconnect, Math.max(losses - 1, 0)),
    );
  }

  #endLoadingPause(): void {
    clearTimer(this.#loadingTimer);
    this.#loadingTimer = undefined;
  }

  /** Gives up the connection to a server that loads for too long, as an attempt that failed. */
  #leave(cause: ReplyError): void {
    const { address, errorFields } = this.#options.connection;
    const reason = new ConnectionError(`${address} is loading its data`, { cause });
    this.#connection?.abort();
    this.onClosed(Object.assign(reason, errorFields), [], false);
  }

  onClosed(reason: LossReason, unanswered: Pipeline[], wasReady: boolean): void {
    const isOnPurpose = this.#onDrained.length > 0;
    const tellOfEnd = this.#takeWatcher(reason, isOnPurpose);
    const mayGoOn = !wasReady || isOnPurpose || this.#judge(reason, unanswered);
    this.#connection = undefined;
    this.#endLoadingPause();
    if (isOnPurpose) this.#move('idle');
    else this.#move('down', reason);
    if (!wasReady) this.#giveUp(reason);
    else if (mayGoOn) this.#recover(reason, unanswered);
    else failAll([...unanswered, ...this.#takeQueue()], reason);
    tellOfEnd();
    this.#drained();
  }

  /**
   * Who lets us in, and then ends the connection without an answer, is not to be connected to on and
   * on: a pause begins. A connection that stood for long is no such one, and neither is one that
   * nothing was sent on.
   *
   * @returns whether what was lost may be sent again at once: not while the pause before is not over.
   */
  #judge(reason: LossReason, unanswered: Pipeline[]): boolean {
    const { pause, reconnect, isBlocking } = this.#options;
    if (this.#connection?.isAnswering !== false) return true;
    const { minDelay, maxDelay } = reconnect;
    if (now() - this.#readyAt >= (isBlocking === true ? minDelay : maxDelay)) {
      pause.end();
      return true;
    }
    if (unanswered.length === 0) return true;
    const mayGoOn = pause.reason === undefined;
    pause.begin(copyOf(reason));
    return mayGoOn;
  }

  /** Answers a function that tells of the connection's end, when its commands have been told. */
  #takeWatcher(reason: LossReason, isOnPurpose: boolean): () => void {
    const watcher = this.#connectionWatcher;
    if (watcher === undefined) return () => undefined;
    this.#connectionWatcher = undefined;
    // A copy, as for the state.
    const own = copyOf(reason);
    return () => {
      watcher.onEnd(own, isOnPurpose);
    };
  }

  /** Tells those who wait, unless something is to be sent again. */
  #drained(): void {
    if (this.#connection !== undefined) return;
    for (const onDrained of this.#onDrained.splice(0)) onDrained();
  }

  /** An attempt failed: all that wait are rejected, and the next attempt has to wait. */
  #giveUp(reason: LossReason): void {
    // A copy, as for the state.
    this.#options.pause.begin(copyOf(reason));
    failAll(this.#takeQueue(), reason);
  }

  /** A working connection was lost: what may be sent again goes out on the next one. */
  #recover(reason: LossReason, unanswered: Pipeline[]): void {
    const lost: [ReplySink, LossReason][] = [];
    const done: Pipeline[] = [];
    const again: Pipeline[] = [];
    for (const pipeline of [...unanswered, ...this.#takeQueue()]) {
      // These did not run now, but what was sent behind them may have: their order is lost.
      const variantOfPostponed = variantOf(reason, pipeline.wasSent);
      for (const sink of pipeline.takePostponed()) lost.push([sink, variantOfPostponed]);
      const variant = variantOf(reason, pipeline.isSent || pipeline.wasSent);
      for (const sink of pipeline.salvage(this.#options.retries)) lost.push([sink, variant]);
      (pipeline.outstanding === 0 ? done : again).push(pipeline);
    }
    this.#queue = again;
    if (again.length > 0) this.#connect();
    for (const [sink, error] of lost) sink.onError(error);
    for (const pipeline of done) pipeline.owner.onPipelineDone(pipeline);
  }

  #takeQueue(): Pipeline[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  /** Ends the connection at once: what has no answer is rejected. */
  disconnect(reason: ConnectionError): void {
    const waiting = this.#takeQueue();
    const connection = this.#connection;
    this.#disconnectReason = copyOf(Object.assign(reason, this.#options.connection.errorFields));
    const tellOfEnd = this.#takeWatcher(reason, true);
    this.#connection = undefined;
    this.#endLoadingPause();
    this.#newAttempts = 0;
    this.#move('idle');
    const unanswered = connection?.abort() ?? [];
    failAll([...unanswered, ...waiting], reason);
    tellOfEnd();
    this.#drained();
  }

  /** Ends the connection when everything that was sent through here is answered. */
  async drain(): Promise<void> {
    if (this.#connection === undefined) {
      this.#move('idle');
      return;
    }
    await new Promise<void>((resolve) => {
      this.#onDrained.push(resolve);
      this.onWritable();
    });
  }
}

/** Why there is no connection. */
export type LossReason = ConnectionError | TimeoutError;

/** The reason, for commands that were handed to a socket or for those that were not. */
function variantOf(reason: LossReason, maybeExecuted: boolean): LossReason {
  if (reason.maybeExecuted === maybeExecuted) return reason;
  if (reason.maybeExecuted === undefined) return Object.assign(reason, { maybeExecuted });
  return copyOf(reason, { maybeExecuted });
}

function copyOf(reason: LossReason, fields: object = {}): LossReason {
  const Class = reason.constructor as new (message: string, options?: ErrorOptions) => LossReason;
  const options = reason.cause === undefined ? undefined : { cause: reason.cause };
  return Object.assign(new Class(reason.message, options), reason, fields);
}

function failAll(pipelines: Pipeline[], reason: LossReason): void {
  for (const pipeline of pipelines) {
    // The server has said that these did not run, unless on a connection that was lost before.
    const variantOfPostponed = variantOf(reason, pipeline.wasSent);
    for (const sink of pipeline.takePostponed()) sink.onError(variantOfPostponed);
    pipeline.fail(variantOf(reason, pipeline.isSent || pipeline.wasSent));
  }
}
