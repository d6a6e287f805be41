/** The error for options that cannot be used. */

import { MisuseError } from '../errors.js';
import type { OptionProblem } from './validate.js';

/** @param whose - what the options are of; the message begins with it. */
export function optionError({ kind, message }: OptionProblem, whose?: string): MisuseError {
  const code = kind === 'unknown' ? 'RB_UNKNOWN_OPTION' : 'RB_INVALID_ARGUMENT';
  return new MisuseError(code, whose === undefined ? message : `${whose} ${message}`);
}
