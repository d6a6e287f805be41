/**
 * The pipelines that a connection has sent and that have replies to come, oldest first, and the way
 * of the replies to their sinks.
 *
 *     |p0 . . . .|p1 . . . .|p2 . . . .|
 *          ^ its sink is next    ^ its reply is decoded next
 *
 * Replies are decoded ahead of their delivery, at most those of one read of the socket.
 */

import { ProtocolError } from '../errors.js';
import { isInstance } from '../util/foreign.js';
import type { DecodeMapping } from './decode-mapping.js';
import { commandsOf, ELEMENTS, type Pipeline, type ReplySink } from './pipeline.js';
import { Thrown } from './thrown.js';

/** The connection's side. */
export interface SentQueueEvents {
  /** Asked before a sink gets an error reply: true keeps it from that sink. */
  withholds(pipeline: Pipeline, error: Error): boolean;
  /** Told before a sink gets an error for an element that it has not had yet. */
  onErrorElement(pipeline: Pipeline, error: Error): void;
  /** Every command of the oldest pipeline has its reply; it is not in the queue any more. */
  onAllReplies(pipeline: Pipeline): void;
}

/**
 * How many of these sinks, from the first one on, take a reply as it is. They are scattered in memory,
 * and so short a look at each of them lets the processor fetch several at once.
 */
function countPlain(sinks: readonly ReplySink[], from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const { elements, isPending } = sinks[i]!;
    if (elements !== undefined || isPending === false) return i - from;
  }
  return to - from;
}

/** So many answered pipelines may stand in front of the oldest one. */
const MAX_ANSWERED = 1024;

export class SentQueue {
  readonly #events: SentQueueEvents;
  #pipelines: (Pipeline | undefined)[] = [];
  /** The pipeline whose sink is next, and the one whose reply is decoded next. */
  #first = 0;
  #decoding = 0;
  /** Behind the last one. */
  #end = 0;
  /** How many elements of the array that is delivered now have arrived; undefined before its head. */
  #arrived: number | undefined;
  #isClosed = false;

  constructor(events: SentQueueEvents) {
    this.#events = events;
  }

  /** Whether nothing that was sent is without its reply. */
  get isEmpty(): boolean {
    return this.#first === this.#end;
  }

  /** Whether anything that has no reply was given up because it took too long. */
  get hasTimedOut(): boolean {
    for (let i = this.#first; i < this.#end; i++) if (this.#pipelines[i]!.hasTimedOut) return true;
    return false;
  }

  /** What has no reply, oldest first. */
  get pipelines(): Pipeline[] {
    return this.#pipelines.slice(this.#first, this.#end) as Pipeline[];
  }

  push(pipeline: Pipeline): void {
    this.#pipelines[this.#end++] = pipeline;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#pipelines = [];
    this.#first = 0;
    this.#decoding = 0;
    this.#end = 0;
    this.#arrived = undefined;
  }

  /** Lets go of everything, and delivers nothing any more. */
  close(): void {
    this.clear();
    this.#isClosed = true;
  }

  /**
   * How the reply that begins now is to be decoded; undefined if no command waits for one. To be
   * asked once for each reply.
   */
  nextMapping(): DecodeMapping | undefined {
    if (this.#decoding === this.#end) return undefined;
    const pipeline = this.#pipelines[this.#decoding]!;
    const mapping = pipeline.mapping ?? pipeline.sinks[pipeline.decoded]!.mapping;
    if (++pipeline.decoded === pipeline.sinks.length) this.#decoding++;
    return mapping;
  }

  /**
   * Whether the elements of the reply that was asked for last, an array of `count`, are to be
   * delivered one by one.
   *
   * @throws ProtocolError where another number of them was asked for.
   */
  takesElements(count: number): boolean {
    const { elements } = this.#lastAskedFor;
    if (elements !== undefined && elements !== count) {
      throw new ProtocolError(
        `The server sent an array of ${count} where ${elements} elements were asked for`,
      );
    }
    return elements !== undefined;
  }

  get #lastAskedFor(): ReplySink {
    const current = this.#pipelines[this.#decoding];
    const hasBegun = current !== undefined && current.decoded > 0;
    const { sinks, decoded } = hasBegun ? current : this.#pipelines[this.#decoding - 1]!;
    return sinks[decoded - 1]!;
  }

  /**
   * Gives the first `count` of these replies to their sinks, in order. Answers false when the queue is
   * closed, as by a callback of a reply.
   *
   * @throws ProtocolError where elements were asked for, for what is no array.
   */
  deliver(replies: readonly unknown[], count: number): boolean {
    for (let at = 0; at < count && !this.#isClosed;) {
      const pipeline = this.#pipelines[this.#first]!;
      const { sinks, next } = pipeline;
      const waiting = Math.min(count - at, sinks.length - next);
      const plain = countPlain(sinks, next, next + waiting);
      for (let i = 0; i < plain && !this.#isClosed; i++) this.#deliverOne(pipeline, replies[at++]);
      if (plain === 0) at = this.#deliverNext(pipeline, replies, at, count);
      if (!this.#isClosed && pipeline.next === sinks.length) this.#shift();
    }
    return !this.#isClosed;
  }

  #deliverOne(pipeline: Pipeline, reply: unknown): void {
    const sink = pipeline.sinks[pipeline.next++]!;
    if (!isInstance(reply, Error)) sink.onReply(reply);
    else if (reply instanceof Thrown || !this.#events.withholds(pipeline, reply))
      sink.onError(reply);
  }

  /** Gives the next sink its reply, or the elements of it that have come; answers what is behind. */
  #deliverNext(pipeline: Pipeline, replies: readonly unknown[], at: number, count: number): number {
    const isInside = this.#arrived !== undefined;
    if (!isInside && replies[at] !== ELEMENTS) {
      this.#deliverWhole(pipeline, replies[at]);
      return at + 1;
    }
    return this.#deliverElements(pipeline, replies, isInside ? at : at + 1, count);
  }

  #deliverWhole(pipeline: Pipeline, reply: unknown): void {
    const { elements } = pipeline.sinks[pipeline.next]!;
    if (elements !== undefined && !isInstance(reply, Error)) {
      throw new ProtocolError(`The server sent no array where ${elements} elements were asked for`);
    }
    this.#deliverOne(pipeline, reply);
  }

  #deliverElements(
    pipeline: Pipeline,
    values: readonly unknown[],
    from: number,
    count: number,
  ): number {
    const arrived = this.#arrived ?? 0;
    const elements = pipeline.sinks[pipeline.next]!.elements!;
    const more = Math.min(count - from, elements - arrived);
    for (let i = 0; i < more && !this.#isClosed; i++) {
      const value = values[from + i];
      if (isInstance(value, Error)) this.#deliverErrorElement(pipeline, arrived + i, value);
      // Looked up each time: a callback of an element may have given up the commands.
      else pipeline.sinks[pipeline.next]!.onElement!(arrived + i, value);
    }
    // Whoever has closed it has settled the pipeline.
    if (this.#isClosed) return count;
    const isWhole = arrived + more === elements;
    this.#arrived = isWhole ? undefined : arrived + more;
    if (isWhole) pipeline.next++;
    return from + more;
  }

  #deliverErrorElement(pipeline: Pipeline, index: number, error: Error): void {
    const sink = pipeline.sinks[pipeline.next]!;
    const hasHadIt = index < sink.elements! - commandsOf(sink);
    if (!hasHadIt && !(error instanceof Thrown)) this.#events.onErrorElement(pipeline, error);
    sink.onElementError!(index, error);
  }

  #shift(): void {
    const pipeline = this.#pipelines[this.#first]!;
    this.#pipelines[this.#first++] = undefined;
    if (this.isEmpty) {
      // Used again from its start: mostly one is sent, answered, and then the next one is sent.
      this.#first = this.#decoding = this.#end = 0;
    } else if (this.#first === MAX_ANSWERED) {
      this.#pipelines = this.pipelines;
      this.#decoding -= MAX_ANSWERED;
      this.#end -= MAX_ANSWERED;
      this.#first = 0;
    }
    this.#events.onAllReplies(pipeline);
  }
}
