/** What a verb of the command line consists of. */

import type { Context } from './context.js';
import { UsageError } from './exit.js';

/** One option of a verb. */
export interface VerbOption {
  /** As in the help: `--keys <count>`. */
  readonly flags: string;
  readonly description: string;
  /** What stands for it where it is not given. */
  readonly default?: unknown;
  /** How the help writes that; as it is unless told. */
  readonly defaultText?: string;
  /** Reads its value. */
  readonly parse?: (value: string) => unknown;
  /** Whether it may be given several times: then its value is a list. */
  readonly isRepeatable?: boolean;
}

/** A verb: `rb <name>`. */
export interface Verb<Options extends object> {
  readonly name: string;
  /** What it does, on one line. */
  readonly summary: string;
  /** More about it, for its own help. */
  readonly details: string;
  /** Its operands as in the help: `[key...]`. */
  readonly operands: string;
  readonly options: readonly VerbOption[];
  /** Commands, and what each of them is for. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Its operands are a command of Redis: what follows the first of them is no option of ours. */
  readonly takesCommand?: boolean;
  /** It can be about some hosts only, named by `--on`. */
  readonly takesHostIds?: boolean;
  /** Answers the exit code. */
  readonly run: (
    context: Context,
    operands: readonly string[],
    options: Options,
  ) => Promise<number>;
}

/** A reader of whole numbers within bounds. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
    throw new UsageError(`it must be a whole number, ${bounds}`);
  };
}

/** A reader of numbers above zero. */
export function positive(max: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : NaN;
    if (number > 0 && number <= max) return number;
    throw new UsageError(`it must be a number above 0, up to ${max}`);
  };
}

/** A reader of lists, whose elements commas separate. */
export function listOf<T>(read: (value: string) => T): (value: string) => T[] {
  return (value) => value.split(',').map((part) => read(part.trim()));
}
