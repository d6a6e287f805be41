/** Checks what the testing room is called with. */

import { MisuseError } from '../errors.js';
import { optionError } from '../util/option-error.js';
import {
  describeBadValue,
  integerRule,
  isRecord,
  MAX_DELAY,
  readOptions,
} from '../util/validate.js';
import type { OptionRule, OptionRules } from '../util/validate.js';

/** What a {@link TestSetup} is made of. */
export interface TestSetupOptions {
  /** How many servers to start, at most 256; 4 unless told. */
  readonly servers?: number | undefined;
  /** How many databases each server has, each of them a host; 8 unless told. */
  readonly databasesEach?: number | undefined;
  /**
   * The server's executable, a path or a name in `PATH`. Unless told it is `redis-server`, and
   * `valkey-server` where that is not found.
   */
  readonly serverExecutable?: string | undefined;
}

const executableRule: OptionRule = {
  expected: 'the name or the path of an executable',
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
};

const timeoutRule: OptionRule = {
  expected: `a number of milliseconds from 0 to ${MAX_DELAY}`,
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= MAX_DELAY,
};

/** Each is a process: a slip of the keyboard must not freeze the machine. */
const MAX_SERVERS = 256;

/** What the options of a setup have to be. */
export const setupRules: OptionRules<TestSetupOptions> = {
  servers: integerRule(0, MAX_SERVERS),
  databasesEach: integerRule(1),
  serverExecutable: executableRule,
};

/** Options of the cluster, which are its own to check. */
export const clusterRule: OptionRule = { expected: 'an object of options', accepts: isRecord };

/**
 * Reads options, and leaves out what is `undefined`.
 *
 * @param caller - Whose options they are, for messages.
 * @throws MisuseError for an unknown option and for a value that does not fit.
 */
export function readTestingOptions<T extends object>(
  caller: string,
  options: unknown,
  rules: OptionRules<T>,
): Partial<T> {
  return readOptions(options, rules, (problem) => optionError(problem, `${caller}:`));
}

/**
 * Refuses what is no number of milliseconds that a timer can wait.
 *
 * @throws MisuseError
 */
export function assertTimeout(timeoutMs: unknown): void {
  if (timeoutRule.accepts(timeoutMs)) return;
  const message = describeBadValue('the timeout', timeoutMs, timeoutRule);
  throw new MisuseError('RB_INVALID_ARGUMENT', message);
}
