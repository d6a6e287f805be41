/** A span for each map; what is done in its callback is within it. */

import { context, type Context, type Span, SpanKind, trace, type Tracer } from '@opentelemetry/api';
import { MAP_CHANNEL } from '../telemetry/channels.js';
import type { MapTrace } from '../telemetry/traces.js';
import { endSpan } from './attributes.js';
import { listenTo, type Stop } from './listen.js';

export class MapSpans {
  readonly #tracer: Tracer;
  readonly #spans = new Map<MapTrace, { readonly span: Span; readonly context: Context }>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** The context that the commands of a map run in, or that which is active, for others. */
  contextOf(map: MapTrace | undefined): Context {
    const known = map && this.#spans.get(map);
    return known?.context ?? context.active();
  }

  listen(): Stop {
    return listenTo(
      MAP_CHANNEL,
      (map) => this.#start(map),
      (map) => this.#end(map),
    );
  }

  #start(map: MapTrace): void {
    const span = this.#tracer.startSpan(`redis-blaster ${map.operation}`, {
      kind: SpanKind.INTERNAL,
    });
    const inside = trace.setSpan(context.active(), span);
    this.#spans.set(map, { span, context: inside });
    map.runIn((fn) => context.with(inside, fn));
  }

  #end(map: MapTrace): void {
    const span = this.#spans.get(map)?.span;
    if (span === undefined) return;
    this.#spans.delete(map);
    span.setAttribute('redis_blaster.commands', map.commands);
    endSpan(span, map);
  }
}
