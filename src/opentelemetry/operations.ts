/** A span and a duration for each operation on a host: a batch, or a command. */

import {
  type Attributes,
  type Context,
  type Histogram,
  type Meter,
  type Span,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { isUint8Array } from 'node:util/types';
import { BATCH_CHANNEL, COMMAND_CHANNEL } from '../telemetry/channels.js';
import type { BatchTrace, CommandTrace, HostTrace, MapTrace } from '../telemetry/traces.js';
import { endSpan, hostAttributes, outcomeAttributes, SECONDS_BUCKETS } from './attributes.js';
import { listenTo, type Stop } from './listen.js';
import type { MapSpans } from './map-spans.js';

interface Operation extends HostTrace {
  readonly map: MapTrace | undefined;
  readonly error?: unknown;
}

/** An operation that is under way. */
interface Running {
  readonly span: Span;
  readonly context: Context;
  /** Those of the duration, without how it has ended. */
  readonly attributes: Attributes;
  /** In ms. */
  readonly startedAt: number;
}

/** What operations are told with. */
export interface OperationTelemetry {
  readonly tracer: Tracer;
  /** Asked for when there is something to measure. */
  readonly meter: () => Meter;
  readonly maps: MapSpans;
}

export class Operations {
  readonly #telemetry: OperationTelemetry;
  readonly #running = new Map<Operation, Running>();
  #duration: Histogram | undefined;

  constructor(telemetry: OperationTelemetry) {
    this.#telemetry = telemetry;
  }

  listenToBatches(): Stop {
    return listenTo(
      BATCH_CHANNEL,
      (batch) => this.#start(batch, nameOf(batch), sizeAttributes(batch)),
      (batch) => this.#end(batch, failureAttributes(batch)),
    );
  }

  listenToCommands({ keys }: { readonly keys: boolean }): Stop {
    return listenTo(
      COMMAND_CHANNEL,
      (command) => this.#start(command, command.command, keys ? keyAttributes(command) : {}),
      (command) => this.#end(command, mergeAttributes(command)),
    );
  }

  #start(operation: Operation, name: string, more: Attributes): void {
    const { tracer, maps } = this.#telemetry;
    const attributes = { ...hostAttributes(operation), 'db.operation.name': name };
    const parent = maps.contextOf(operation.map);
    const span = tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...more } },
      parent,
    );
    const context = trace.setSpan(parent, span);
    this.#running.set(operation, { span, context, attributes, startedAt: performance.now() });
  }

  #end(operation: Operation, more: Attributes): void {
    const running = this.#running.get(operation);
    if (running === undefined) return;
    this.#running.delete(operation);
    const { span, context, attributes, startedAt } = running;
    const seconds = (performance.now() - startedAt) / 1000;
    span.setAttributes(more);
    endSpan(span, operation);
    this.#duration ??= createDuration(this.#telemetry.meter());
    this.#duration.record(seconds, { ...attributes, ...outcomeAttributes(operation) }, context);
  }
}

function createDuration(meter: Meter): Histogram {
  return meter.createHistogram('db.client.operation.duration', {
    unit: 's',
    description: 'Duration of database client operations.',
    advice: { explicitBucketBoundaries: SECONDS_BUCKETS },
  });
}

/** As the server sees it: a command by its name, several of them as a pipeline. */
function nameOf({ requests, command }: BatchTrace): string {
  if (requests === 1 && command !== undefined) return command;
  return command === undefined ? 'PIPELINE' : `PIPELINE ${command}`;
}

function sizeAttributes({ commands, requests }: BatchTrace): Attributes {
  return {
    ...(commands > 1 && { 'db.operation.batch.size': commands }),
    'redis_blaster.requests': requests,
  };
}

function failureAttributes({ failed }: BatchTrace): Attributes {
  return failed > 0 ? { 'redis_blaster.failed_commands': failed } : {};
}

function keyAttributes({ keys }: CommandTrace): Attributes {
  const texts = keys.map((key) => (isUint8Array(key) ? Buffer.from(key).toString() : String(key)));
  return { 'redis_blaster.keys': texts };
}

function mergeAttributes({ mergedCount }: CommandTrace): Attributes {
  return mergedCount > 1 ? { 'redis_blaster.merged_commands': mergedCount } : {};
}
