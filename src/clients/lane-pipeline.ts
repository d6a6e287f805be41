/** A pipeline of a lane: where it stands, and what is counted and traced of it. */

import { ReplyError } from '../errors.js';
import { type BatchTracer, endBatch, noteFailure } from '../telemetry/batch-tracer.js';
import { keepAlive } from '../util/kept.js';
import type { Timer } from '../util/timers.js';
import {
  commandsOf,
  commandsOfAll,
  Pipeline,
  type PipelineOwner,
  type ReplySink,
} from '../wire/pipeline.js';
import type { CommandChannel, CommandCounters } from './backend.js';
import type { SealedCommands } from './command-buffer.js';

export class LanePipeline extends Pipeline {
  readonly commands: number;
  readonly size: number;
  /** In ms: how long a blocking command may block by its own arguments; undefined for others. */
  blockingTime: number | undefined;
  channel: CommandChannel | undefined;
  timer: Timer | undefined;
  /** Whether the dispatch counts on it, and whether the pool does. */
  isPending = true;
  isOccupying = false;
  /** When it was handed to its channel, in ms. */
  sentAt = NaN;
  /** Whether some of its commands never get a reply. */
  hasLost = false;
  /** Whether what is without an answer is not to be counted: it is answered, or was counted. */
  #isAccountedFor = false;
  readonly #counters: CommandCounters;
  #trace: BatchTracer | undefined;

  constructor(
    sealed: SealedCommands,
    owner: PipelineOwner,
    { counters, trace }: { counters: CommandCounters; trace?: BatchTracer | undefined },
  ) {
    super(sealed.bytes, sealed.sinks, owner);
    this.mapping = sealed.mapping;
    this.commands = sealed.commands;
    this.size = sealed.bytes.length;
    this.#counters = counters;
    this.#trace = trace;
  }

  /** What is postponed is taken to be given up. */
  override takePostponed(): ReplySink[] {
    const sinks = super.takePostponed();
    if (sinks.length > 0) this.hasLost = true;
    this.#countUnanswered(sinks);
    return this.#traced(sinks);
  }

  override fail(error: Error): void {
    // From a server that loads its data for too long it is an answer.
    if (error instanceof ReplyError) this.#isAccountedFor = true;
    else this.hasLost = true;
    this.#strike(error);
    super.fail(error);
  }

  override abandon(error: Error): void {
    this.#strike(error);
    // Before any callback, which may end the connection, and so strike what is left of it again.
    this.#isAccountedFor = true;
    this.endTrace();
    super.abandon(error);
  }

  override salvage(maxLosses: number): ReplySink[] {
    const lost = super.salvage(maxLosses);
    if (lost.length > 0) this.hasLost = true;
    this.#countUnanswered(lost);
    return this.#traced(lost);
  }

  #strike(error: Error): void {
    const sinks = this.sinks.slice(this.next);
    this.#countUnanswered(sinks);
    if (this.#trace !== undefined && sinks.length > 0)
      noteFailure(this.#trace, commandsOfAll(sinks), error);
  }

  #countUnanswered(sinks: readonly ReplySink[]): void {
    if (!this.#isAccountedFor) this.#counters.failures += commandsOfAll(sinks);
  }

  /** Sinks that tell the trace why they get no answer, if there is one. */
  #traced(sinks: ReplySink[]): ReplySink[] {
    const trace = this.#trace;
    return trace === undefined ? sinks : sinks.map((sink) => new LostSink(sink, trace));
  }

  /** The server has answered so many commands of callers with an error. */
  noteErrorReply(error: Error, commands: number): void {
    if (this.#trace !== undefined) noteFailure(this.#trace, commands, error);
  }

  /** Nothing is without its answer any more, or what is still to come is dropped. */
  endTrace(): void {
    const trace = this.#trace;
    if (trace === undefined) return;
    // First: what a listener does may end it again.
    this.#trace = undefined;
    endBatch(trace);
  }
}

/** Stands before a sink that gets no answer, in a batch that is traced. */
class LostSink implements ReplySink {
  readonly mapping: ReplySink['mapping'];
  readonly isRetryable = false;
  readonly #sink: ReplySink;
  readonly #trace: BatchTracer;

  constructor(sink: ReplySink, trace: BatchTracer) {
    this.mapping = sink.mapping;
    this.#sink = sink;
    this.#trace = trace;
  }

  onReply(value: unknown): void {
    this.#sink.onReply(value);
  }

  onError(error: Error): void {
    noteFailure(this.#trace, commandsOf(this.#sink), error);
    this.#sink.onError(error);
  }
}

// What a sample is made of.
const NOTHING: SealedCommands = {
  bytes: Buffer.alloc(0),
  sinks: [],
  mapping: undefined,
  commands: 0,
};
const NOBODY: PipelineOwner = { onPipelineDone() {} };
const UNCOUNTED: CommandCounters = {
  commands: 0,
  requests: 0,
  batches: 0,
  failures: 0,
  recordLatency() {},
};
keepAlive(new LanePipeline(NOTHING, NOBODY, { counters: UNCOUNTED }));
