/** What is a list of its members, and what only looks like one. */

import { isUint8Array } from 'node:util/types';

import { MisuseError } from '../errors.js';
import { describeType } from './validate.js';

/** Whether something can be iterated over; a text, which can be, is none. */
export function isIterable(value: unknown): value is object & Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/**
 * Whether something is a list. A text is none, though it can be iterated over: it is a single member
 * that somebody forgot to put into a list. Nor are bytes.
 */
export function isList(value: unknown): value is object & Iterable<unknown> {
  return isIterable(value) && !isUint8Array(value);
}

/**
 * Refuses what is no list; see {@link isList}.
 *
 * @throws {@link MisuseError} `RB_INVALID_ARGUMENT` that names the list.
 */
export function assertList(name: string, value: unknown): asserts value is Iterable<unknown> {
  if (isList(value)) return;
  const given = describeType(value);
  throw new MisuseError(
    'RB_INVALID_ARGUMENT',
    `${name} must be a list (an iterable), not ${given}`,
  );
}
