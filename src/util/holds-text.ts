/** Looks for a text among what a caller gave, which may be anything. */

import { isMap, isUint8Array } from 'node:util/types';

/** Whether a value is this text, or has it as a name or a value in it, at whatever depth. */
export function holdsText(given: unknown, text: string): boolean {
  const found = new Set<object>();
  const isFound = (value: unknown): boolean => {
    if (typeof value === 'object' && value !== null && !isUint8Array(value)) found.add(value);
    return value === text;
  };
  if (isFound(given)) return true;
  // Goes on over what is added meanwhile, each object once: it may hold itself.
  for (const object of found) if (someMember(object, isFound)) return true;
  return false;
}

function someMember(object: object, test: (member: unknown) => boolean): boolean {
  if (Array.isArray(object)) return object.some(test);
  if (isMap(object)) return [...object].some(([key, value]) => test(key) || test(value));
  if (Object.keys(object).some(test)) return true;
  // What an object inherits counts too, but for what every object has.
  let owner: object | null = object;
  while (owner !== null && owner !== Object.prototype) {
    for (const name of Reflect.ownKeys(owner)) if (test(valueOf(object, owner, name))) return true;
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  return false;
}

/** The value that `owner` has for an object. A getter counts where it answers a text. */
function valueOf(object: object, owner: object, name: string | symbol): unknown {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  if (property?.get === undefined) return property?.value;
  try {
    const answer: unknown = property.get.call(object);
    // Objects that a getter makes may have such getters themselves, without an end.
    return typeof answer === 'string' ? answer : undefined;
  } catch {
    return undefined;
  }
}
