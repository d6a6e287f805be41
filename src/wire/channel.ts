/**
 * One ordered stream of commands to a host, over one connection at a time.
 *
 * It connects when the first pipeline comes. After a loss, what may be sent again is sent again in
 * its order on the next connection. While connecting fails, the channel pauses, longer each time,
 * and meanwhile rejects at once with the last reason.
 */

import type { ConnectionError, TimeoutError } from '../errors.js';
import { Connection, type ConnectionEvents, type ConnectionOptions } from './connection.js';
import type { Pipeline, ReplySink } from './pipeline.js';

export interface ChannelOptions {
  readonly connection: ConnectionOptions;
  /** The pauses between failed attempts to connect, in ms. */
  readonly reconnect: { readonly minDelay: number; readonly maxDelay: number };
  /** How often a command may be sent again. */
  readonly retries: number;
}

export class Channel implements ConnectionEvents {
  readonly #options: ChannelOptions;
  #connection: Connection | undefined;
  /** Not handed to a socket yet, oldest first. */
  #queue: Pipeline[] = [];
  #failedAttempts = 0;
  #pausedUntil = 0;
  #lastReason: LossReason | undefined;
  #onDrained: (() => void)[] = [];

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Whether a connection is open or being opened. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** How many commands have no reply. */
  get pending(): number {
    let pending = this.#connection?.pending ?? 0;
    for (const pipeline of this.#queue) pending += pipeline.outstanding;
    return pending;
  }

  /** Sends a pipeline behind all that came before. */
  send(pipeline: Pipeline): void {
    if (this.#connection === undefined && performance.now() < this.#pausedUntil) {
      pipeline.fail(copyOf(this.#lastReason!, false));
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
    return true;
  }

  /** A sent command was given up; a connection on which nothing arrives any more is replaced. */
  expectTraffic(): void {
    this.#connection?.expectTraffic();
  }

  #connect(): void {
    this.#connection = new Connection(this.#options.connection, this);
  }

  onReady(): void {
    this.#failedAttempts = 0;
    this.onWritable();
  }

  /** Hands over what waits, one chunk at a time. */
  onWritable(): void {
    const connection = this.#connection;
    while (this.#queue.length > 0 && connection?.isWritable === true) {
      connection.send(this.#queue.shift()!);
    }
    if (this.#onDrained.length > 0 && this.#queue.length === 0) connection?.drain();
  }

  onClosed(reason: LossReason, unanswered: Pipeline[], wasReady: boolean): void {
    this.#connection = undefined;
    this.#lastReason = reason;
    if (wasReady) this.#recover(reason, unanswered);
    else this.#giveUp(reason);
    this.#drained();
  }

  /** Tells those who wait, unless something is to be sent again. */
  #drained(): void {
    if (this.#connection !== undefined) return;
    for (const onDrained of this.#onDrained.splice(0)) onDrained();
  }

  /** An attempt failed: all that wait are rejected, and the next attempt has to wait. */
  #giveUp(reason: LossReason): void {
    const { minDelay, maxDelay } = this.#options.reconnect;
    const delay = Math.min(maxDelay, minDelay * 2 ** this.#failedAttempts++);
    this.#pausedUntil = performance.now() + delay * (0.5 + Math.random() / 2);
    failAll(this.#takeQueue(), reason);
  }

  /** A working connection was lost: what may be sent again goes out on the next one. */
  #recover(reason: LossReason, unanswered: Pipeline[]): void {
    const lost: [ReplySink, LossReason][] = [];
    const done: Pipeline[] = [];
    const again: Pipeline[] = [];
    for (const pipeline of [...unanswered, ...this.#takeQueue()]) {
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
    this.#connection = undefined;
    this.#pausedUntil = 0;
    this.#failedAttempts = 0;
    const unanswered = connection?.abort() ?? [];
    failAll(
      [...unanswered, ...waiting],
      Object.assign(reason, this.#options.connection.errorFields),
    );
    this.#drained();
  }

  /** Ends the connection when everything that was sent through here is answered. */
  async drain(): Promise<void> {
    if (this.#connection === undefined) return;
    await new Promise<void>((resolve) => {
      this.#onDrained.push(resolve);
      this.onWritable();
    });
  }
}

type LossReason = ConnectionError | TimeoutError;

/** The reason, for commands that were handed to a socket or for those that were not. */
function variantOf(reason: LossReason, maybeExecuted: boolean): LossReason {
  if (reason.maybeExecuted === maybeExecuted) return reason;
  if (reason.maybeExecuted === undefined) return Object.assign(reason, { maybeExecuted });
  return copyOf(reason, maybeExecuted);
}

function copyOf(reason: LossReason, maybeExecuted: boolean): LossReason {
  const Class = reason.constructor as new (message: string, options?: ErrorOptions) => LossReason;
  const options = reason.cause === undefined ? undefined : { cause: reason.cause };
  return Object.assign(new Class(reason.message, options), reason, { maybeExecuted });
}

function failAll(pipelines: Pipeline[], reason: LossReason): void {
  for (const pipeline of pipelines) {
    pipeline.fail(variantOf(reason, pipeline.isSent || pipeline.wasSent));
  }
}
