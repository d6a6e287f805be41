/** What the right replies are compared with. */
import { isDeepStrictEqual } from 'node:util';

/** The array of `make(0)` to `make(size - 1)`. */
export function range(size, make) {
  return Array.from({ length: size }, (_, i) => make(i));
}

/**
 * Throws at the first result that is not what was expected of its key. A number may come in any
 * form that Redis or a library gives it, and a record may be a list of its fields.
 */
export function checkEach(results, keys, expected) {
  if (results.length !== keys.length) {
    throw new Error(`${results.length} results for ${keys.length} commands`);
  }
  for (const [i, key] of keys.entries()) {
    const wanted = expected(i);
    if (results[i] === wanted || isSame(results[i], wanted)) continue;
    throw new Error(`wrong result of '${key}': ${show(results[i])}, expected ${show(wanted)}`);
  }
}

function isSame(result, wanted) {
  if (typeof wanted === 'number') return isNumeric(result) && Number(result) === wanted;
  if (typeof wanted === 'string') return false;
  if (wanted instanceof Uint8Array) {
    return result instanceof Uint8Array && Buffer.compare(result, wanted) === 0;
  }
  return isDeepStrictEqual(recordOf(result), wanted);
}

function isNumeric(result) {
  return ['number', 'boolean'].includes(typeof result) || (typeof result === 'string' && result);
}

function recordOf(result) {
  if (!Array.isArray(result)) return { ...result };
  return Object.fromEntries(
    result.map(({ key, field, value, score }) =>
      score === undefined ? [key ?? field, value] : [value, score],
    ),
  );
}

function show(value) {
  return String(JSON.stringify(value)).slice(0, 200);
}
