/** The options of the instrumentation. */

import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { MisuseError } from '../errors.js';
import { optionError } from '../util/option-error.js';
import { booleanRule, type OptionRule, type OptionRules, readOptions } from '../util/validate.js';

/** The options of {@link instrument}. */
export interface InstrumentOptions {
  /** Where spans go. Default: the global tracer provider. */
  tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global meter provider. */
  meterProvider?: MeterProvider | undefined;
  /**
   * Whether each command has a span, and a value in the durations, in place of each batch.
   * Default: false.
   */
  commands?: boolean | undefined;
  /** Whether the spans of commands name the keys; only with `commands`. Default: false. */
  keys?: boolean | undefined;
}

function providerRule(name: string, method: string): OptionRule {
  return {
    expected: `a ${name}`,
    accepts: (value) =>
      typeof value === 'object' &&
      value !== null &&
      typeof (value as Record<string, unknown>)[method] === 'function',
  };
}

const RULES: OptionRules<InstrumentOptions> = {
  tracerProvider: providerRule('TracerProvider', 'getTracer'),
  meterProvider: providerRule('MeterProvider', 'getMeter'),
  commands: booleanRule,
  keys: booleanRule,
};

/** Checks the options; what they leave out has no default yet. */
export function checkOptions(options: InstrumentOptions): Partial<InstrumentOptions> {
  const checked = readOptions<InstrumentOptions>(options, RULES, (problem) =>
    optionError(problem, 'instrument:'),
  );
  if (checked.keys === true && checked.commands !== true) {
    throw new MisuseError(
      'RB_INVALID_ARGUMENT',
      'instrument: keys needs commands: a batch does not name its keys',
    );
  }
  return checked;
}
