/** Replies that do not fit in the headroom or in the read area, split at many points. */

import { describe, expect, it } from 'vitest';

import { bulk, chunked, decodeUpstream, plain, Replies, TYPE_MAPPINGS } from './decoding.js';

const KB = 1024;
/** Around the headroom, around the read area, and beyond. */
const lengths = [
  8 * KB - 8,
  8 * KB - 7,
  8 * KB - 6,
  8 * KB - 1,
  8 * KB,
  8 * KB + 1,
  9000,
  64 * KB - 9,
  64 * KB - 1,
  64 * KB,
  64 * KB + 1,
  72 * KB,
  200_000,
];

/** Text in which every place differs from its neighbours, some of it not ASCII. */
function longText(length: number, isAscii = false): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += isAscii ? `${i},` : `${i},\u00fc\u4e16`;
  return text.slice(0, length);
}

/** Near both ends, near where buffers end, and here and there between. */
function splitPoints(length: number): number[] {
  const around = [0, 4 * KB, 8 * KB, 16 * KB, 64 * KB, 72 * KB, 128 * KB, length].flatMap((at) =>
    Array.from({ length: 31 }, (_, i) => at - 15 + i),
  );
  const between = Array.from({ length: 40 }, (_, i) => Math.floor((length * (i + 1)) / 41));
  return [...new Set([...around, ...between])].filter((at) => at > 0 && at < length);
}

/** What a long token is sent as, with something before and behind it. */
const forms: readonly (readonly [string, (length: number) => Buffer])[] = [
  ['a bulk', (length) => bulk(longText(length))],
  ['an ASCII bulk', (length) => bulk(longText(length, true))],
  ['a verbatim string', (length) => bulk(`txt:${longText(length)}`, '=')],
  ['a blob error', (length) => bulk(longText(length), '!')],
  ['a simple string', (length) => Buffer.from(`+${longText(length)}\r\n`)],
  ['an error', (length) => Buffer.from(`-${longText(length, true)}\r\n`)],
  ['a big number', (length) => Buffer.from(`(${'7'.repeat(Math.min(length, 9000))}\r\n`)],
  ['a double', (length) => Buffer.from(`,0.${'3'.repeat(length)}\r\n`)],
  ['a simple string with line feeds', (length) => Buffer.from(`+${'ab\n'.repeat(length / 3)}\r\n`)],
];

describe.each(forms)('%s', (_name, makeToken) => {
  it.each(lengths)('of %i bytes is whole, wherever it is split', (length) => {
    const token = makeToken(length);
    const bytes = Buffer.concat([
      Buffer.from(':1\r\n*2\r\n+before\r\n'),
      token,
      Buffer.from('$6\r\nbehind\r\n'),
    ]);
    for (const [, mapping] of [TYPE_MAPPINGS[0]!, TYPE_MAPPINGS.at(-1)!]) {
      const expected = JSON.stringify(decodeUpstream(bytes, mapping).map(plain), withBigInts);
      const replies = new Replies(mapping);
      const decode = (chunks: readonly Buffer[]): string =>
        JSON.stringify(replies.decode(...chunks).map(plain), withBigInts);
      expect(decode([bytes]) === expected).toBe(true);
      for (const at of splitPoints(bytes.length)) {
        const found = decode([bytes.subarray(0, at), bytes.subarray(at)]);
        if (found !== expected) expect(`split at ${at}`).toBe('whole');
      }
      for (const size of [997, 4 * KB, 8 * KB, 16 * KB, 64 * KB]) {
        const found = decode(chunked(bytes, [size]));
        if (found !== expected) expect(`in chunks of ${size}`).toBe('whole');
      }
    }
  });
});

function withBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

describe('long replies', () => {
  it.each([
    ['a bulk', bulk(longText(20_000))],
    ['a simple string', Buffer.from(`+${longText(20_000)}\r\n`)],
  ])('%s byte by byte', (_, bytes) => {
    const replies = new Replies();
    expect(replies.decode(...chunked(bytes, [1]))).toEqual(decodeUpstream(bytes));
  });

  it('a long field of a map', () => {
    const name = longText(70_000);
    const bytes = Buffer.concat([Buffer.from('%1\r\n'), bulk(name), Buffer.from(':1\r\n')]);
    for (const [, mapping] of TYPE_MAPPINGS) {
      const found = new Replies(mapping).decode(...chunked(bytes, [5000])).map(plain);
      expect(found).toEqual(decodeUpstream(bytes, mapping).map(plain));
    }
  });

  it('long and short ones in turn', () => {
    const parts = Array.from({ length: 60 }, (_, i) => [
      bulk(longText((i * 1733) % 90_000)),
      Buffer.from(`:${i}\r\n+${longText((i * 577) % 20_000)}\r\n`),
    ]);
    const bytes = Buffer.concat(parts.flat());
    const expected = decodeUpstream(bytes);
    for (const size of [1000, 8 * KB, 10_000, 64 * KB, 1024 * KB]) {
      expect(new Replies().decode(...chunked(bytes, [size]))).toEqual(expected);
    }
  });

  it('a length with many zeros in front', () => {
    const bytes = Buffer.from(`$${'0'.repeat(9000)}5\r\nhello\r\n:7\r\n`);
    for (const at of splitPoints(bytes.length)) {
      expect(new Replies().decode(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['hello', 7]);
    }
    expect(new Replies().decode(...chunked(bytes, [1]))).toEqual(['hello', 7]);
  });

  it('an array of 100,000 elements over many chunks', () => {
    const bytes = Buffer.from(`*100000\r\n${'$5\r\nvalue\r\n'.repeat(100_000)}`);
    const [value] = new Replies().decode(...chunked(bytes, [65_536, 10_001]));
    expect(value).toEqual(Array.from({ length: 100_000 }, () => 'value'));
  });
});
