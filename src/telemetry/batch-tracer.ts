/** The trace of a batch. */

import type { HostInfo } from '../hosts.js';
import { BATCH_CHANNEL, publishOutcome, publishStart } from './channels.js';
import { HostFields } from './host-fields.js';
import type { BatchTrace, MapTrace } from './traces.js';

/** What a trace says of its batch. */
export interface TracedBatch {
  readonly host: HostInfo;
  readonly commands: number;
  readonly requests: number;
  readonly command: string | undefined;
  readonly bytes: number;
  readonly isBlocking: boolean;
  readonly map: MapTrace | undefined;
}

export class BatchTracer extends HostFields implements BatchTrace {
  readonly commands: number;
  readonly requests: number;
  readonly command: string | undefined;
  readonly bytes: number;
  readonly isBlocking: boolean;
  readonly map: MapTrace | undefined;
  failed = 0;
  declare error?: unknown;

  constructor(batch: TracedBatch) {
    super(batch.host);
    this.commands = batch.commands;
    this.requests = batch.requests;
    this.command = batch.command;
    this.bytes = batch.bytes;
    this.isBlocking = batch.isBlocking;
    this.map = batch.map;
  }
}

/** Publishes that a batch begins, and runs `send`. */
export function startBatch(trace: BatchTracer, send: () => void): void {
  publishStart(BATCH_CHANNEL, trace, send);
}

/** So many commands of callers have failed. */
export function noteFailure(trace: BatchTracer, commands: number, error: Error): void {
  if (trace.failed === 0) trace.error = error;
  trace.failed += commands;
}

/** Nothing of the batch is without its answer any more. */
export function endBatch(trace: BatchTracer): void {
  publishOutcome(BATCH_CHANNEL, trace);
}
