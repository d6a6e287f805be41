/** The trace of a batch, and the sinks that see what becomes of its commands. */

import type { HostInfo } from '../hosts.js';
import type { DecodeMapping } from '../wire/decode-mapping.js';
import type { ReplySink } from '../wire/pipeline.js';
import { BATCH_CHANNEL, publishOutcome, publishStart } from './channels.js';
import { HostFields } from './host-fields.js';
import type { BatchTrace, MapTrace } from './traces.js';

/** What a trace says of its batch. */
export interface TracedBatch {
  readonly host: HostInfo;
  readonly commands: number;
  readonly command: string | undefined;
  readonly bytes: number;
  readonly isBlocking: boolean;
  readonly map: MapTrace | undefined;
  readonly sinks: readonly ReplySink[];
  /** How many commands of callers without an answer a sink stands for. */
  readonly commandsOf: (sink: ReplySink) => number;
}

class BatchTracer extends HostFields implements BatchTrace {
  readonly commands: number;
  readonly requests: number;
  readonly command: string | undefined;
  readonly bytes: number;
  readonly isBlocking: boolean;
  readonly map: MapTrace | undefined;
  failed = 0;
  declare error?: unknown;
  readonly #commandsOf: (sink: ReplySink) => number;
  #outstanding: number;

  constructor(batch: TracedBatch) {
    super(batch.host);
    this.commands = batch.commands;
    this.requests = batch.sinks.length;
    this.command = batch.command;
    this.bytes = batch.bytes;
    this.isBlocking = batch.isBlocking;
    this.map = batch.map;
    this.#commandsOf = batch.commandsOf;
    this.#outstanding = batch.sinks.length;
  }

  onAnswer(): void {
    if (--this.#outstanding === 0) publishOutcome(BATCH_CHANNEL, this);
  }

  onFailure(sink: ReplySink, error: Error): void {
    if (this.failed === 0) this.error = error;
    this.failed += this.#commandsOf(sink);
    this.onAnswer();
  }
}

/** Stands before a sink of a batch that is traced. */
export class BatchSink implements ReplySink {
  readonly mapping: DecodeMapping;
  readonly elements?: number;
  /** The one that it stands before. */
  readonly inner: ReplySink;
  readonly #batch: BatchTracer;

  constructor(batch: BatchTracer, inner: ReplySink) {
    this.mapping = inner.mapping;
    if (inner.elements !== undefined) this.elements = inner.elements;
    this.inner = inner;
    this.#batch = batch;
  }

  get isRetryable(): boolean {
    return this.inner.isRetryable;
  }

  onElement(index: number, value: unknown): void {
    this.inner.onElement!(index, value);
  }

  onReply(value: unknown): void {
    this.#batch.onAnswer();
    this.inner.onReply(value);
  }

  onError(error: Error): void {
    this.#batch.onFailure(this.inner, error);
    this.inner.onError(error);
  }
}

/** Publishes a batch and its outcome; `send` is given sinks that see what becomes of it. */
export function traceBatch(batch: TracedBatch, send: (sinks: BatchSink[]) => void): void {
  const trace = new BatchTracer(batch);
  publishStart(BATCH_CHANNEL, trace, () => {
    send(batch.sinks.map((sink) => new BatchSink(trace, sink)));
  });
}
