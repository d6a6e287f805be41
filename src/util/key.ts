/** What a key may be, and the bytes that stand for it when it is hashed. */

import { MisuseError } from '../errors.js';
import { isBytes } from './text.js';
import { describeType } from './validate.js';

/**
 * A key: text (hashed and sent as UTF-8), a safe integer or a bigint (its decimal text), or bytes
 * (a `Buffer` or any other `Uint8Array`).
 */
export type Key = string | number | bigint | Uint8Array;

// In every supported Node, but only from ES2024 on in the type library.
interface WellFormedText {
  isWellFormed(): boolean;
}

/**
 * The text or the bytes of a key.
 *
 * @throws {@link MisuseError} `RB_INVALID_ARGUMENT` for anything that is no {@link Key}, and for text
 * with a lone surrogate, which has no UTF-8 form.
 */
export function keyText(key: Key): string | Uint8Array {
  // No switch: it would make V8 look up the name of the type first.
  if (typeof key === 'string') {
    if (!(key as string & WellFormedText).isWellFormed()) throw loneSurrogateError();
    return key;
  }
  if (typeof key === 'bigint' || Number.isSafeInteger(key)) return String(key);
  if (!isBytes(key)) throw invalidKeyError(key);
  return key;
}

/**
 * The bytes of a key, as Redis sees them. A key of bytes is returned itself, not copied.
 *
 * @throws {@link MisuseError} as {@link keyText}.
 */
export function keyBytes(key: Key): Uint8Array {
  const text = keyText(key);
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

/** The error for a text key that cannot be written as UTF-8. */
export function loneSurrogateError(): MisuseError {
  return new MisuseError(
    'RB_INVALID_ARGUMENT',
    'a text key must be well-formed Unicode, and this one has a lone surrogate; pass bytes instead',
  );
}

function invalidKeyError(key: unknown): MisuseError {
  return new MisuseError(
    'RB_INVALID_ARGUMENT',
    `a key is a string, a safe integer, a bigint or bytes (Uint8Array), not ${kindOf(key)}`,
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== 'number') return describeType(value);
  return Number.isInteger(value) ? 'an unsafe integer' : 'a number that is no integer';
}
