/**
 * The values of our decoder are those of the decoder of `@redis/client`, however the bytes come.
 *
 * On purpose different: a field `__proto__` is an own property like any other, an error, nested or not,
 * is our ReplyError, and a number is the nearest one there is, also close to 2 ** 53 and beyond.
 */

import { isDeepStrictEqual } from 'node:util';

import { RESP_TYPES } from '@redis/client';
import { describe, expect, it } from 'vitest';

import { ReplyError } from '../../../src/errors.js';
import { DecodeMapping } from '../../../src/wire/decode-mapping.js';
import { CORPUS } from './corpus.js';
import { bulk, chunked, decodeUpstream, plain, Replies, TYPE_MAPPINGS } from './decoding.js';

function expectSame(actual: readonly unknown[], expected: unknown, where: string): void {
  const found = actual.map(plain);
  // The cheap comparison first: there are many of them, and almost all hold.
  if (!isDeepStrictEqual(found, expected))
    expect({ where, found }).toEqual({ where, found: expected });
}

describe.each(TYPE_MAPPINGS)('with %s', (_, mapping) => {
  it.each(CORPUS)('%s: whole, byte by byte and split anywhere', (_name, bytes) => {
    const replies = new Replies(mapping);
    const expected = decodeUpstream(bytes, mapping).map(plain);
    expect(expected).toHaveLength(1);
    expectSame(replies.decode(bytes), expected, 'whole');
    expectSame(replies.decode(...chunked(bytes, [1])), expected, 'byte by byte');
    for (let at = 1; at < bytes.length; at++) {
      const found = replies.decode(bytes.subarray(0, at), bytes.subarray(at));
      expectSame(found, expected, `split at ${at}`);
    }
  });

  it('all of them pipelined, in chunks of many sizes', () => {
    const replies = new Replies(mapping);
    const all = Buffer.concat(CORPUS.map(([, bytes]) => bytes));
    const expected = decodeUpstream(all, mapping).map(plain);
    expect(expected).toHaveLength(CORPUS.length);
    for (let size = 1; size < 300; size++) {
      expectSame(replies.decode(...chunked(all, [size])), expected, `chunks of ${size}`);
    }
    expectSame(replies.decode(...chunked(all, [1, 7, 64, 3, 1000, 2])), expected, 'mixed chunks');
    expectSame(replies.decode(all), expected, 'one chunk');
  });
});

describe('a number', () => {
  it('is exact while it is safe, and rounded once where it is not', () => {
    const numbers = [0n, 1n, 15n, 16n, 47n, 48n, 57n, 58n, 100n].flatMap((below) => [
      2n ** 53n - below,
      2n ** 53n + below,
      2n ** 63n - 1n - below,
      10n ** 15n - below,
      10n ** 15n + below,
    ]);
    for (const number of [...numbers, ...numbers.map((value) => -value)]) {
      expect(new Replies().decode(Buffer.from(`:${number}\r\n`))).toEqual([Number(number)]);
    }
  });
});

describe('text of every length', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const lengths = Array.from({ length: letters.length }, (_, i) => i + 1);

  it('is whole, amidst others and at the end of what was read', () => {
    const texts = lengths.map((length) => letters.slice(0, length));
    const replies = new Replies();
    expect(replies.decode(Buffer.concat(texts.map((text) => bulk(text))))).toEqual(texts);
    for (const text of texts) expect(replies.decode(bulk(text))).toEqual([text]);
  });

  it('is decoded as UTF-8, wherever a character beyond ASCII stands', () => {
    const replies = new Replies();
    for (const length of lengths) {
      for (let at = 0; at < length; at++) {
        const text = `${letters.slice(0, at)}é${letters.slice(at + 1, length)}`;
        const found = replies.decode(Buffer.concat([bulk(text), bulk('plain'), bulk(text)]));
        expect(found).toEqual([text, 'plain', text]);
      }
    }
  });

  it('does not depend on what follows it', () => {
    for (const length of lengths) {
      const text = letters.slice(0, length);
      expect(new Replies().decode(Buffer.concat([bulk(text), bulk('ééé')]))).toEqual([text, 'ééé']);
    }
  });
});

describe('what a decoded value is', () => {
  it('errors are ReplyErrors, also inside aggregates', () => {
    const [top] = new Replies().decode(Buffer.from('-WRONGTYPE no\r\n'));
    expect(top).toBeInstanceOf(ReplyError);
    const [nested] = new Replies().decode(
      Buffer.from('*2\r\n-ERR a\r\n%1\r\n+f\r\n!5\r\nOOM b\r\n'),
    );
    const [first, second] = nested as [ReplyError, { f: ReplyError }];
    expect(first).toBeInstanceOf(ReplyError);
    expect(first).toMatchObject({ kind: 'ERR', message: 'ERR a' });
    expect(second.f).toBeInstanceOf(ReplyError);
    expect(second.f.kind).toBe('OOM');
  });

  it.each([
    ['a bulk', '%2\r\n$9\r\n__proto__\r\n+own\r\n+a\r\n:1\r\n'],
    ['a simple string', '%2\r\n+__proto__\r\n+own\r\n+a\r\n:1\r\n'],
    ['a verbatim string', '%2\r\n=13\r\ntxt:__proto__\r\n+own\r\n+a\r\n:1\r\n'],
    ['an array', '%2\r\n*1\r\n+__proto__\r\n+own\r\n+a\r\n:1\r\n'],
  ])('the field __proto__, %s, is an own property', (_, bytes) => {
    for (const [, mapping] of TYPE_MAPPINGS.slice(0, 8)) {
      const [value] = new Replies(mapping).decode(Buffer.from(bytes));
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value as object).sort()).toEqual(['__proto__', 'a']);
    }
  });

  it('an aggregate as field __proto__ pollutes nothing', () => {
    const bytes = '%1\r\n+__proto__\r\n%1\r\n+polluted\r\n:1\r\n';
    const [value] = new Replies().decode(Buffer.from(bytes));
    expect((value as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('a field that cannot become text the usual way gets a name all the same', () => {
    const bytes = '%1\r\n%2\r\n+toString\r\n+x\r\n+valueOf\r\n+y\r\n:1\r\n';
    const [value] = new Replies().decode(Buffer.from(bytes));
    expect(Object.values(value as object)).toEqual([1]);
  });

  it('Buffers are copies that later replies do not change', () => {
    const replies = new Replies(TYPE_MAPPINGS.at(-1)![1]);
    const [first] = replies.decode(bulk('first'));
    const [simple] = replies.decode(Buffer.from('+first\r\n'));
    const long = replies.decode(...chunked(bulk('f'.repeat(20_000)), [15_000]))[0];
    replies.decode(bulk('other'), Buffer.from('+other\r\n'), bulk('o'.repeat(60_000)));
    expect(String(first)).toBe('first');
    expect(String(simple)).toBe('first');
    expect(String(long)).toBe('f'.repeat(20_000));
  });

  it('lists fields and values of maps in a class of their own, if that is asked for', () => {
    class Fields extends Array<unknown> {}
    const replies = new Replies();
    const mapping = new DecodeMapping({
      [RESP_TYPES.MAP]: Fields,
      [RESP_TYPES.BLOB_STRING]: Buffer,
    });
    replies.nextMapping = () => mapping;
    const [map, list] = replies.decode(
      ...chunked(Buffer.from('%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n%0\r\n*0\r\n'), [3]),
    );
    expect(map).toBeInstanceOf(Fields);
    expect(Array.from(map as Fields)).toEqual([
      Buffer.from('a'),
      1,
      Buffer.from('b'),
      new Fields(),
    ]);
    expect(list).not.toBeInstanceOf(Fields);
  });

  it('decodes with the mapping of the command that the reply is for', () => {
    const replies = new Replies();
    const mappings = [replies.mapping, new DecodeMapping(TYPE_MAPPINGS.at(-1)![1])];
    let count = 0;
    replies.nextMapping = () => mappings[count++ % 2]!;
    const text = '$1\r\na\r\n$1\r\nb\r\n*1\r\n$1\r\nc\r\n$1\r\nd\r\n';
    const values = replies.decode(...chunked(Buffer.from(text), [3]));
    expect(values.map(plain)).toEqual(['a', ['Buffer', '62'], ['Array', ['c']], ['Buffer', '64']]);
  });
});
