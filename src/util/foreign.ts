/**
 * Looks at values that a caller's code has made: reasons above all, which may be anything. A getter
 * or a Proxy may throw at every look, and where replies are delivered that would strike others.
 */

/** `instanceof`; false where the value throws at the question. */
export function isInstance<T>(
  value: unknown,
  Class: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}

/** The message of an error, the text of anything else. */
export function textOf(reason: unknown): string {
  try {
    return String(reason instanceof Error ? reason.message : reason);
  } catch {
    return 'a reason without a text';
  }
}

/**
 * What a message adds where a class, or the class of an object, has the right name all the same: it
 * comes from another copy of this library.
 */
export function copyNote(value: unknown, name: string): string {
  try {
    let prototype: unknown = typeof value === 'function' ? value.prototype : value;
    for (; prototype instanceof Object; prototype = Object.getPrototypeOf(prototype)) {
      if (prototype.constructor.name === name) return ' (of another copy of redis-blaster)';
    }
  } catch {
    // What throws at a look is nothing of ours.
  }
  return '';
}
