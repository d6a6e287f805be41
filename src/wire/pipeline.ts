/**
 * The unit in which commands travel: some encoded commands, and for each of them the sink that
 * takes its reply.
 *
 *     bytes:  |*2 $3 GET $1 a|*2 $3 GET $1 b|*3 $3 SET $1 c $1 v|
 *     sinks:   s0             s1             s2
 *     next:                   1                (s0 has its reply)
 *
 * A pipeline is handed to the socket whole or not at all, and its commands are answered in order.
 */

import { type ReplyError, TimeoutError } from '../errors.js';
import type { DecodeMapping } from './decode-mapping.js';
import { isInstance } from '../util/foreign.js';
import { endOfCommand } from './encoder.js';
import { giveBackBuffer } from './spare-buffers.js';

/** Takes the reply of one command. Its methods must not throw. */
export interface ReplySink {
  /** How the values of the reply are to be decoded. */
  readonly mapping: DecodeMapping;
  /** Whether the command may be sent again after a lost connection: it only reads. */
  readonly isRetryable: boolean;
  /** Whether it waits for its reply, where it knows. */
  readonly isPending?: boolean;
  /**
   * Where the reply is to be an array whose elements are those of single commands: how many they
   * are. They go to {@link onElement} one by one as they arrive, or to {@link onElementError}, and
   * nothing goes to `onReply`. If the command is sent again, they begin anew.
   */
  readonly elements?: number;
  /**
   * How many commands of callers without an answer it stands for; 1 unless told. Where it takes elements
   * it has to tell: as many as have not arrived.
   */
  readonly commands?: number;
  onElement?(index: number, value: unknown): void;
  /** The server's error, or a `Thrown`. */
  onElementError?(index: number, error: Error): void;
  onReply(value: unknown): void;
  /**
   * The server's error, why there will be no reply, or a `Thrown`. One error may strike many sinks.
   */
  onError(error: Error): void;
}

/** Comes before the elements of an array that are delivered one by one. */
export const ELEMENTS = Symbol('elements');

/** Who is told when nothing of a pipeline is outstanding any more. */
export interface PipelineOwner {
  onPipelineDone(pipeline: Pipeline): void;
  /** Told before a sink gets an error, for its reply or an element; it strikes so many commands. */
  onErrorReply?(pipeline: Pipeline, error: Error, commands: number): void;
}

/** Makes the error for an error reply, so that it can say where it is from. */
export type ReplyErrorFactory = (message: string) => ReplyError;

/** Stands in for a sink whose command was given up: its reply is read and dropped. */
class DroppedSink implements ReplySink {
  readonly mapping: DecodeMapping;
  readonly isRetryable = false;
  readonly elements?: number;
  readonly commands: number;

  constructor(sink: ReplySink) {
    this.mapping = sink.mapping;
    if (sink.elements !== undefined) this.elements = sink.elements;
    this.commands = commandsOf(sink);
  }

  onElement(): void {}
  onElementError(): void {}
  onReply(): void {}
  onError(): void {}
}

/** How many commands of callers without an answer a sink stands for. */
export function commandsOf(sink: ReplySink): number {
  return sink.commands ?? 1;
}

/** And how many all of these. */
export function commandsOfAll(sinks: readonly ReplySink[]): number {
  return sinks.reduce((commands, sink) => commands + commandsOf(sink), 0);
}

/** Whether it is the reason of an `AbortSignal.timeout()`. */
function isTimeoutOfSignal(cause: unknown): boolean {
  return isInstance(cause, DOMException) && cause.name === 'TimeoutError';
}

const NO_BYTES = Buffer.alloc(0);

/** For the many pipelines of which nothing is postponed. */
const NONE: number[] = [];

export class Pipeline {
  /** The index of the first command that is not answered. */
  next = 0;
  /** The index of the first command whose reply has not begun to arrive. */
  decoded = 0;
  /** How all replies are to be decoded; undefined where each sink has its own way. */
  mapping: DecodeMapping | undefined;
  /** Whether it was handed to a socket: from then on its commands may have been executed. */
  isSent = false;
  /** Whether it was handed to a socket that is gone since. */
  wasSent = false;
  /** Whether it was given up because its replies took too long. */
  hasTimedOut = false;
  /** How often its commands were to be sent and were not answered, or were refused unrun. */
  losses = 0;
  /** The indexes of commands that the server has refused unrun, and that are to be sent again. */
  #postponed: number[] = NONE;

  constructor(
    public bytes: Buffer,
    /** One for each command in `bytes`. */
    public sinks: ReplySink[],
    readonly owner: PipelineOwner,
  ) {}

  /** How many requests are not answered, those included that were postponed. */
  get outstanding(): number {
    return this.sinks.length - this.next + this.#postponed.length;
  }

  /** How many commands of callers these requests stand for. */
  get outstandingCommands(): number {
    const postponed = this.#postponed.map((index) => this.sinks[index]!);
    return commandsOfAll(postponed) + commandsOfAll(this.sinks.slice(this.next));
  }

  /** Whether commands are to be sent again though they had a reply. */
  get hasPostponed(): boolean {
    return this.#postponed.length > 0;
  }

  /**
   * Keeps the command that had its reply last, an answer that it was not run, to be sent again;
   * false if nobody waits for it any more.
   */
  postpone(): boolean {
    const index = this.next - 1;
    if (this.sinks[index] instanceof DroppedSink) return false;
    if (this.#postponed === NONE) this.#postponed = [];
    this.#postponed.push(index);
    return true;
  }

  /** Gives up what was postponed: answers its sinks, which are the caller's to settle. */
  takePostponed(): ReplySink[] {
    const sinks = this.#postponed.map((index) => this.sinks[index]!);
    this.#postponed = NONE;
    return sinks;
  }

  /** Gives every unanswered command its error. Nothing is outstanding afterwards. */
  fail(error: Error): void {
    const struck = [...this.takePostponed(), ...this.sinks.slice(this.next)];
    this.next = this.sinks.length;
    for (const sink of struck) sink.onError(error);
    this.owner.onPipelineDone(this);
  }

  /** Gives every unanswered command its error. Replies that are still to come are dropped. */
  abandon(error: Error): void {
    this.hasTimedOut = error instanceof TimeoutError || isTimeoutOfSignal(error.cause);
    const struck = [...this.takePostponed(), ...this.sinks.slice(this.next)];
    for (let i = this.next; i < this.sinks.length; i++) {
      this.sinks[i] = new DroppedSink(this.sinks[i]!);
    }
    for (const sink of struck) sink.onError(error);
  }

  /** All replies are in, and no socket has the bytes: their memory is used again. */
  recycle(): void {
    giveBackBuffer(this.bytes);
    this.bytes = NO_BYTES;
  }

  /** All replies are in: keeps what was postponed, ready to be sent again. */
  rewind(): void {
    this.losses++;
    this.#keep(this.#postponed);
  }

  /**
   * After a loss: keeps the unanswered commands that may be sent again, ready for the next
   * connection, and answers the sinks of the others. Nothing must be postponed.
   */
  salvage(maxLosses: number): ReplySink[] {
    const mayRetry = this.losses++ < maxLosses;
    const kept: number[] = [];
    const lost: ReplySink[] = [];
    for (let i = this.next; i < this.sinks.length; i++) {
      const sink = this.sinks[i]!;
      if (mayRetry && (!this.isSent || sink.isRetryable)) kept.push(i);
      else lost.push(sink);
    }
    this.wasSent ||= this.isSent;
    this.#keep(kept);
    return lost;
  }

  /** Makes it a pipeline of the commands with these indexes, as if it had not been sent. */
  #keep(indexes: readonly number[]): void {
    const pieces: Buffer[] = [];
    let index = 0;
    let start = 0;
    for (const kept of indexes) {
      for (; index < kept; index++) start = endOfCommand(this.bytes, start);
      const end = endOfCommand(this.bytes, start);
      pieces.push(this.bytes.subarray(start, end));
      start = end;
      index++;
    }
    this.bytes = Buffer.concat(pieces);
    this.sinks = indexes.map((i) => this.sinks[i]!);
    this.next = 0;
    this.decoded = 0;
    this.isSent = false;
    this.#postponed = NONE;
  }
}
