/**
 * OpenTelemetry for all clusters of the process: spans and metrics by the semantic conventions for
 * database clients. Needs `@opentelemetry/api`.
 *
 * @module redis-blaster/opentelemetry
 */

import { type Meter, metrics, trace } from '@opentelemetry/api';
import { ConnectionMetrics } from './connection-metrics.js';
import { MapSpans } from './map-spans.js';
import { Operations } from './operations.js';
import { checkOptions, type InstrumentOptions } from './options.js';

export type { InstrumentOptions } from './options.js';

const SCOPE = 'redis-blaster';

/**
 * Reports all clusters of the process to OpenTelemetry: a span for each map, within it one for each
 * batch that goes to a host, and metrics of batches and connections. Call it once, before the first
 * command. Values are never reported, keys only if asked for.
 *
 * @returns a function that ends it; what is under way then is not reported any more.
 * @throws MisuseError RB_UNKNOWN_OPTION, RB_INVALID_ARGUMENT for options that cannot be used.
 * @example
 * import { instrument } from 'redis-blaster/opentelemetry';
 * const stop = instrument();
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider, commands, keys = false } = checkOptions(options);
  const tracer = tracerProvider.getTracer(SCOPE);
  // Asked for late: the global one may be set after this.
  const meter = (): Meter => (meterProvider ?? metrics.getMeterProvider()).getMeter(SCOPE);
  const maps = new MapSpans(tracer);
  const operations = new Operations({ tracer, meter, maps });
  const stops = [
    maps.listen(),
    commands === true ? operations.listenToCommands({ keys }) : operations.listenToBatches(),
    new ConnectionMetrics(meter).listen(),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
