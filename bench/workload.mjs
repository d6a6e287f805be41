/**
 * What the cases have in common. A case prepares a workload:
 *
 * - `keys`: the key of every command, in order
 * - `commands`: for each library the function that issues command number `i` on one of its clients;
 *   one of their own each, so that no library pays for the shapes of another's objects
 * - `before(run)`: called before each run, untimed; `run` is a number used only once
 * - `check(results)`: throws where the results, in the order of `keys`, are not the right ones
 * - `loops`, `latencies`: in the cases that await single commands
 */
import { isDeepStrictEqual } from 'node:util';

/** The array of `make(0)` to `make(size - 1)`. */
export function range(size, make) {
  return Array.from({ length: size }, (_, i) => make(i));
}

/** Throws at the first result that is not what was expected of its key. */
export function checkEach(results, keys, expected) {
  if (results.length !== keys.length) {
    throw new Error(`${results.length} results for ${keys.length} commands`);
  }
  for (const [i, key] of keys.entries()) {
    const wanted = expected(i);
    if (results[i] === wanted) continue;
    // The libraries' records differ in their prototypes only.
    if (typeof wanted === 'object' && isDeepStrictEqual({ ...results[i] }, wanted)) continue;
    throw new Error(`wrong result of '${key}': ${show(results[i])}, expected ${show(wanted)}`);
  }
}

function show(value) {
  return String(JSON.stringify(value)).slice(0, 200);
}
