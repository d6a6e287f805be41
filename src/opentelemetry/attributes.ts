/**
 * What spans and metrics say, in the words of the semantic conventions for database clients. What
 * those have no word for begins with `redis_blaster`.
 */

import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import type { CommandErrorFields } from '../errors.js';
import type { HostTrace } from '../telemetry/traces.js';
import { textOf } from '../util/foreign.js';

/** The bounds of histograms of seconds: those of the conventions. */
export const SECONDS_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Of an operation on a host. */
export function hostAttributes(host: HostTrace): Attributes {
  return {
    'db.system.name': 'redis',
    'db.namespace': String(host.db),
    'server.address': host.serverAddress,
    ...(host.serverPort !== undefined && { 'server.port': host.serverPort }),
    'redis_blaster.host_id': host.hostId,
  };
}

/** Of the connections to a host. */
export function poolAttributes({ address, db, hostId }: HostTrace): Attributes {
  return {
    'db.client.connection.pool.name': `${address}/${db}`,
    'redis_blaster.host_id': hostId,
  };
}

/** What is read of an error, whoever made it. */
interface ErrorShape extends CommandErrorFields {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly message?: unknown;
  readonly failed?: unknown;
  readonly total?: unknown;
}

/** What a caller has thrown may throw again where it is read. */
function shapeOf(error: unknown): ErrorShape {
  if (typeof error !== 'object' || error === null) return {};
  try {
    const { code, name, kind, message, failed, total } = error as ErrorShape;
    return { code, name, kind, message, failed, total };
  } catch {
    return {};
  }
}

/** Whether something has failed, and with which kind of error. */
export function outcomeAttributes(trace: { readonly error?: unknown }): Attributes {
  if (!('error' in trace)) return {};
  const { code, kind, name } = shapeOf(trace.error);
  if (code === 'RB_REPLY' && typeof kind === 'string') {
    return { 'error.type': kind, 'db.response.status_code': kind };
  }
  return { 'error.type': typeof name === 'string' ? name : '_OTHER' };
}

/** Errors of the library whose messages it has written itself. */
const OWN_MESSAGES: ReadonlySet<unknown> = new Set([
  'RB_CONNECTION',
  'RB_PROTOCOL',
  'RB_TIMEOUT',
  'RB_CANCELLED',
  'RB_CLOSED',
  'RB_OVERLOAD',
]);

/** What can be told of an error: a message of the server or of a caller may repeat values. */
function describe(error: unknown): string | undefined {
  const { code, message, failed, total } = shapeOf(error);
  if (code === 'RB_MAP') return `${textOf(failed)} of ${textOf(total)} commands failed`;
  return OWN_MESSAGES.has(code) && typeof message === 'string' ? message : undefined;
}

/** Says on a span how its operation has ended, and ends it. */
export function endSpan(span: Span, trace: { readonly error?: unknown }): void {
  if ('error' in trace) {
    const message = describe(trace.error);
    span.setAttributes(outcomeAttributes(trace));
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
  }
  span.end();
}
