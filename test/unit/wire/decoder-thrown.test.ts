/** Classes of a type mapping that throw: that is the outcome of their reply alone. */

import { describe, expect, it } from 'vitest';

import { RESP_TYPES } from '@redis/client';
import { Thrown } from '../../../src/wire/thrown.js';
import { bulk, chunked, Replies, type TypeMapping } from './decoding.js';

const reason: unknown = Object.create(null);
function fail(): never {
  throw reason;
}

class NoList extends Array<unknown> {
  constructor() {
    super();
    fail();
  }
}

class List extends Array<unknown> {}

class FrozenList extends Array<unknown> {
  constructor() {
    super();
    Object.freeze(this);
  }
}

class WatchedList extends Array<unknown> {
  constructor() {
    super();
    return new Proxy(this, { set: fail });
  }
}

class NoText extends String {
  constructor(_format: string, text: string) {
    super(text);
    fail();
  }
}

const list = (List: new () => unknown[]) => ({ [RESP_TYPES.MAP]: List }) as unknown as TypeMapping;
const text = { [RESP_TYPES.VERBATIM_STRING]: NoText } as unknown as TypeMapping;
const map = '%1\r\n$1\r\nf\r\n*2\r\n:1\r\n:2\r\n';

/** The reply between two others, whole and in pieces of many sizes. */
function* decoded(mapping: TypeMapping, reply: string): Generator<unknown[]> {
  const bytes = Buffer.from(`+before\r\n${reply}+after\r\n`);
  for (const size of [bytes.length, 1, 2, 3, 5, 7, 1000, 10_000]) {
    const replies = new Replies(mapping);
    yield replies.decode(...chunked(bytes, [size]));
  }
}

describe.each<[string, TypeMapping, string]>([
  ['the list of a map', list(NoList), map],
  ['the list of an empty map', list(NoList), '%0\r\n'],
  ['a list that takes no elements', list(WatchedList), map],
  ['lists of maps in maps', list(NoList), `*2\r\n%1\r\n+f\r\n${map}${map}`],
  ['a verbatim string', text, '=5\r\ntxt:x\r\n'],
  ['one that is long', text, bulk(`txt:${'x'.repeat(20_000)}`, '=').toString()],
  ['one in a map in a set', text, '~2\r\n%1\r\n+f\r\n=5\r\ntxt:x\r\n:1\r\n'],
  ['one that is the name of a field', text, '%1\r\n=5\r\ntxt:x\r\n:1\r\n'],
])('%s that throws', (_, mapping, reply) => {
  it('takes the place of the reply, and of no other', () => {
    for (const values of decoded(mapping, reply)) {
      expect(values).toEqual(['before', expect.any(Thrown), 'after']);
      expect((values[1] as Thrown).reason).toBe(reason);
    }
  });
});

describe('a list', () => {
  it('that is frozen throws what the engine does', () => {
    for (const values of decoded(list(FrozenList), map)) {
      expect(values).toEqual(['before', expect.any(Thrown), 'after']);
      expect((values[1] as Thrown).reason).toBeInstanceOf(TypeError);
    }
  });

  it('is not made of what accompanies a reply, or a part of it', () => {
    const attribute = `|2\r\n+a\r\n${map}+b\r\n|1\r\n+c\r\n:2\r\n:3\r\n`;
    for (const values of decoded(list(NoList), `${attribute}:1\r\n`)) {
      expect(values).toEqual(['before', 1, 'after']);
    }
    for (const values of decoded(list(NoList), `*3\r\n:1\r\n${attribute}:2\r\n|0\r\n:3\r\n`)) {
      expect(values).toEqual(['before', [1, 2, 3], 'after']);
    }
    const mapping = { ...list(List), [RESP_TYPES.NUMBER]: String } as TypeMapping;
    for (const values of decoded(mapping, `*2\r\n${attribute}${map}${attribute}:1\r\n`)) {
      expect(values).toEqual(['before', [List.from<unknown>(['f', ['1', '2']]), '1'], 'after']);
    }
  });
});
