/** A Lua script for `executeCommands`. */

import { MisuseError } from './errors.js';
import { loadCrypto } from './util/load-module.js';

/**
 * A Lua script. In the lists of `executeCommands` it stands as `[script, keys, args]`; it is loaded
 * where it is missing and run by its hash.
 *
 * @example
 * const script = new Script('return {KEYS, ARGV}');
 * await cluster.executeCommands({ foo: [[script, ['key:1'], [1, 2]]] });
 */
export class Script {
  /** The Lua source. */
  readonly source: string;
  /** The SHA-1 of the source in hexadecimal digits, the name that Redis knows it by. */
  readonly sha: string;

  /**
   * @param source - the Lua source.
   * @throws MisuseError `RB_INVALID_ARGUMENT` if it is no string.
   */
  constructor(source: string) {
    if (typeof source !== 'string') {
      throw new MisuseError('RB_INVALID_ARGUMENT', 'The source of a script must be a string');
    }
    this.source = source;
    this.sha = loadCrypto().createHash('sha1').update(source).digest('hex');
  }
}
