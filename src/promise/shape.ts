/** Takes apart what `RbPromise.all` is given, and puts the settled values together the same way. */

import { types } from 'node:util';
import { MisuseError } from '../errors.js';

/** A collection taken apart. */
export interface Shape {
  /** The members in their order: promises and plain values. */
  readonly members: unknown[];
  /** Makes the result of as many values as there are members, in the same order. */
  readonly build: (values: unknown[]) => unknown;
}

/**
 * Takes a collection apart: a Map and a record keep their keys, symbols too; any other iterable
 * becomes an array.
 *
 * @throws MisuseError RB_INVALID_ARGUMENT for anything else, a promise too.
 */
export function shapeOf(collection: unknown): Shape {
  if (types.isMap(collection)) {
    const keys = [...collection.keys()];
    return {
      members: [...collection.values()],
      build: (values) => new Map(keys.map((key, index) => [key, values[index]])),
    };
  }
  if (isIterable(collection)) return { members: [...collection], build: (values) => values };
  if (!isRecord(collection)) {
    throw new MisuseError(
      'RB_INVALID_ARGUMENT',
      'RbPromise.all takes an iterable, a Map or a record of promises',
    );
  }
  const keys = Reflect.ownKeys(collection).filter((key) => isEnumerable(collection, key));
  return {
    members: keys.map((key) => collection[key]),
    build: (values) => Object.fromEntries(keys.map((key, index) => [key, values[index]])),
  };
}

function isEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  if (value === null || value === undefined) return false;
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

/** Async iterables and promises are objects too, but their members are out of sight. */
function isRecord(value: unknown): value is Readonly<Record<PropertyKey, unknown>> {
  if (typeof value !== 'object' || value === null || Symbol.asyncIterator in value) return false;
  return !('then' in value) || typeof value.then !== 'function';
}
