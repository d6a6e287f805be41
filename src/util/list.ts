/** Refuses what is no list of its members. */

import { MisuseError } from '../errors.js';
import { describeType } from './validate.js';

/**
 * A text is none, though it can be iterated over: it is a single member that somebody forgot to put
 * into a list. Nor are bytes.
 *
 * @throws {@link MisuseError} `RB_INVALID_ARGUMENT` that names the list.
 */
export function assertList(name: string, value: unknown): asserts value is Iterable<unknown> {
  const isList =
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    !(value instanceof Uint8Array);
  if (isList) return;
  const given = describeType(value);
  throw new MisuseError(
    'RB_INVALID_ARGUMENT',
    `${name} must be a list (an iterable), not ${given}`,
  );
}
