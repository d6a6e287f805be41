/** A Map that only its owner can change: its type alone would keep no program in JavaScript from it. */

import { MisuseError } from '../errors.js';

/** Makes a Map refuse changes; it stays a Map, and {@link setIn} and {@link deleteFrom} change it. */
export function readOnly<K, V>(map: Map<K, V>, how: string): ReadonlyMap<K, V> {
  const refuse = (): never => {
    throw new MisuseError('RB_INVALID_ARGUMENT', `This Map is to be read only; ${how}`);
  };
  for (const name of ['set', 'delete', 'clear']) {
    Object.defineProperty(map, name, { value: refuse, configurable: true });
  }
  return map;
}

export function setIn<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): void {
  Map.prototype.set.call(map, key, value);
}

export function deleteFrom<K>(map: ReadonlyMap<K, unknown>, key: K): void {
  Map.prototype.delete.call(map, key);
}
