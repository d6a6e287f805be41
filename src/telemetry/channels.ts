/**
 * The channels on which the library tells what it does. Nothing is made for them, and nothing is
 * published, while nobody listens.
 */

import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { BatchTrace, CommandTrace, ConnectionTrace, MapTrace } from './traces.js';

export const COMMAND_CHANNEL = tracingChannel<unknown, CommandTrace>('redis-blaster:command');
export const BATCH_CHANNEL = tracingChannel<unknown, BatchTrace>('redis-blaster:batch');
export const MAP_CHANNEL = tracingChannel<unknown, MapTrace>('redis-blaster:map');
export const CONNECTION_CHANNEL = tracingChannel<unknown, ConnectionTrace>(
  'redis-blaster:connection',
);
/** Of connections that could be used: when they have ended. */
export const CONNECTION_CLOSED_CHANNEL = channel('redis-blaster:connection-closed');

/** Whether anybody listens to any of the events; not every runtime tells that of the whole. */
export function hasListeners<T extends object>(tracing: TracingChannel<unknown, T>): boolean {
  return (
    tracing.start.hasSubscribers ||
    tracing.end.hasSubscribers ||
    tracing.asyncStart.hasSubscribers ||
    tracing.asyncEnd.hasSubscribers ||
    tracing.error.hasSubscribers
  );
}

/** Publishes that something begins, and runs `fn` with the stores that are bound to that. */
export function publishStart<T extends object, R>(
  tracing: TracingChannel<unknown, T>,
  trace: T,
  fn: () => R,
): R {
  try {
    return tracing.start.runStores<unknown, [], R>(trace, fn);
  } finally {
    tracing.end.publish(trace);
  }
}

/** Publishes how something has ended: well, unless the trace has an error. */
export function publishOutcome<T extends { readonly error?: unknown }>(
  tracing: TracingChannel<unknown, T>,
  trace: T,
): void {
  if ('error' in trace) tracing.error.publish(trace);
  tracing.asyncStart.publish(trace);
  tracing.asyncEnd.publish(trace);
}
