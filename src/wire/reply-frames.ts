/**
 * The aggregates of a reply that are not complete yet, innermost last. The frames are used again,
 * so a nested reply costs no allocation but its own values.
 */

import type { DecodeMapping, ListConstructor } from './decode-mapping.js';
import * as RESP from './resp-types.js';

const enum Kind {
  Array,
  Set,
  /** A map as a plain object. */
  Object,
  Map,
  /** An attribute: read and dropped. */
  Attribute,
}

/** Up to this length the first room that V8 makes in an array is enough. */
const GROWN = 16;
const MAX_RESERVED = 4096;

export class Frame {
  kind: Kind = Kind.Array;
  remaining = 0;
  index = 0;
  container: unknown = undefined;
  /** The field whose value comes next. */
  key: unknown = undefined;
  hasKey = false;
  /** The class of the list that it becomes in the end, where that is a caller's own. */
  list: ListConstructor | undefined;
  /** Of an attribute: how the values around it are decoded. */
  outside: DecodeMapping | undefined;

  get isAttribute(): boolean {
    return this.kind === Kind.Attribute;
  }

  /** Hands over the aggregate. Throws what the class of a caller's own does. */
  take(): unknown {
    const { container, list } = this;
    this.container = undefined;
    this.key = undefined;
    return list === undefined ? container : listOf(list, container as unknown[]);
  }

  /** Adds the next value; true if it was the last. */
  add(value: unknown): boolean {
    switch (this.kind) {
      case Kind.Array:
        (this.container as unknown[])[this.index++] = value;
        break;
      case Kind.Set:
        (this.container as Set<unknown>).add(value);
        break;
      case Kind.Object:
      case Kind.Map:
        this.#addField(value);
        break;
      case Kind.Attribute:
        break;
    }
    return --this.remaining === 0;
  }

  #addField(value: unknown): void {
    if (!this.hasKey) {
      this.key = value;
      this.hasKey = true;
      return;
    }
    this.hasKey = false;
    if (this.kind === Kind.Map) (this.container as Map<unknown, unknown>).set(this.key, value);
    else setField(this.container as Record<string, unknown>, nameOf(this.key), value);
  }
}

function listOf(List: ListConstructor, values: readonly unknown[]): unknown[] {
  const list = new List();
  for (const [index, value] of values.entries()) list[index] = value;
  return list;
}

/** The name of a field, whatever type it was sent in. */
function nameOf(key: unknown): string {
  if (typeof key === 'string') return key;
  try {
    return String(key);
  } catch {
    // A map with a field `toString` cannot be turned into text.
    return Object.prototype.toString.call(key);
  }
}

/** Sets an own property, also where the name has a meaning of its own in JavaScript. */
function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else {
    object[name] = value;
  }
}

/**
 * One that need not grow, unless it is so long that the server has to show its elements first.
 */
function arrayFor(count: number): unknown[] {
  return count > GROWN && count <= MAX_RESERVED ? new Array<unknown>(count) : [];
}

export class FrameStack {
  readonly #frames: Frame[] = [];
  #top: Frame | undefined;
  depth = 0;

  /** Whether the next value is the name of a field: it is text, whatever the mapping. */
  get expectsKey(): boolean {
    const top = this.#top;
    return top !== undefined && (top.kind === Kind.Object || top.kind === Kind.Map) && !top.hasKey;
  }

  /** Adds a value to the innermost aggregate; true if that is now complete. */
  add(value: unknown): boolean {
    return this.#top!.add(value);
  }

  pop(): Frame {
    const frame = this.#top!;
    this.depth--;
    this.#top = this.depth === 0 ? undefined : this.#frames[this.depth - 1]!;
    return frame;
  }

  clear(): void {
    this.#frames.length = 0;
    this.#top = undefined;
    this.depth = 0;
  }

  open(type: number, count: number, mapping: DecodeMapping): void {
    if (type === RESP.ATTRIBUTE) {
      this.#push(Kind.Attribute, count, undefined);
      this.#top!.outside = mapping;
    } else if (type === RESP.MAP && !mapping.mapAsArray) {
      if (mapping.mapAsMap) this.#push(Kind.Map, count, new Map());
      else this.#push(Kind.Object, count, {});
    } else if (type === RESP.MAP) this.#push(Kind.Array, count, arrayFor(count), mapping.mapList);
    else if (type === RESP.SET && mapping.setAsSet) this.#push(Kind.Set, count, new Set());
    else this.#push(Kind.Array, count, arrayFor(count));
  }

  #push(kind: Kind, count: number, container: unknown, list?: ListConstructor): void {
    const frame = (this.#frames[this.depth++] ??= new Frame());
    frame.kind = kind;
    frame.remaining = count;
    frame.index = 0;
    frame.container = container;
    frame.hasKey = false;
    frame.list = list;
    this.#top = frame;
  }
}
