/** The trace of a map, and which trace the commands of a dispatch belong to. */

import { MAP_CHANNEL, publishOutcome, publishStart } from './channels.js';
import type { MapOperation, MapTrace } from './traces.js';

class MapTracer implements MapTrace {
  readonly operation: MapOperation;
  commands = 0;
  declare error?: unknown;
  #runner: <T>(fn: () => T) => T = (fn) => fn();

  constructor(operation: MapOperation) {
    this.operation = operation;
  }

  runIn(runner: <T>(fn: () => T) => T): void {
    const inner = this.#runner;
    this.#runner = (fn) => runner(() => inner(fn));
  }

  run<T>(fn: () => T): T {
    return this.#runner(fn);
  }
}

const traces = new WeakMap<object, MapTrace>();

/** The trace of the map that a dispatch was made for, if it is traced. */
export function mapOf(dispatch: object): MapTrace | undefined {
  return traces.get(dispatch);
}

/** What is traced as a map. */
export interface TracedMap {
  readonly operation: MapOperation;
  /** The dispatch of its commands. */
  readonly dispatch: object;
  /** How many commands were issued; asked at the end. */
  readonly issued: () => number;
}

/** Runs a map, and publishes it and its outcome. */
export async function traceMap<T>(map: TracedMap, run: () => Promise<T>): Promise<T> {
  const trace = new MapTracer(map.operation);
  traces.set(map.dispatch, trace);
  try {
    return await publishStart(MAP_CHANNEL, trace, () => trace.run(run));
  } catch (error) {
    trace.error = error;
    throw error;
  } finally {
    trace.commands = map.issued();
    publishOutcome(MAP_CHANNEL, trace);
  }
}
