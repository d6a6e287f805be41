/** Replies that do not fit in the headroom or in the read area, split at many points. */

import { isDeepStrictEqual } from 'node:util';

import { RESP_TYPES, VerbatimString } from '@redis/client';
import { describe, expect, it } from 'vitest';

import {
  bulk,
  chunked,
  decodeUpstream,
  plain,
  Replies,
  TYPE_MAPPINGS,
  type TypeMapping,
} from './decoding.js';

const KB = 1024;
/** Around the headroom, around the read area, and beyond. */
const lengths = [8 * KB - 8, 8 * KB - 1, 8 * KB, 8 * KB + 1, 9000, 64 * KB - 1, 64 * KB, 150_000];

/** Text in which every place differs from its neighbours, some of it not ASCII. */
function longText(length: number, isAscii = false): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += isAscii ? `${i},` : `${i},\u00fc\u4e16`;
  return text.slice(0, length);
}

/** What is sent before the long token. */
const PREFIX = Buffer.from(':1\r\n*2\r\n+before\r\n');

/** Near both ends of the token, near where buffers end, and here and there between. */
function splitPoints(length: number): number[] {
  const around = [0, 8 * KB, 64 * KB, 72 * KB, length - PREFIX.length].flatMap((at) =>
    Array.from({ length: 17 }, (_, i) => PREFIX.length + at - 8 + i),
  );
  const between = Array.from({ length: 20 }, (_, i) => Math.floor((length * (i + 1)) / 21));
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
    const bytes = Buffer.concat([PREFIX, makeToken(length), Buffer.from('$6\r\nbehind\r\n')]);
    for (const [, mapping] of [TYPE_MAPPINGS[0]!, TYPE_MAPPINGS.at(-1)!]) {
      const expected = decodeUpstream(bytes, mapping).map(comparable);
      const replies = new Replies(mapping);
      const expectWhole = (chunks: readonly Buffer[], where: string): void => {
        const found = replies.decode(...chunks).map(comparable);
        // Not with `expect`: nobody wants to see where long texts differ.
        if (!isDeepStrictEqual(found, expected)) throw new Error(`differs when ${where}`);
      };
      expectWhole([bytes], 'whole');
      // The other mapping takes the same way up to the very end of a token.
      const points = mapping === TYPE_MAPPINGS[0]![1] ? splitPoints(bytes.length) : [100, 9000];
      for (const at of points) {
        expectWhole([bytes.subarray(0, at), bytes.subarray(at)], `split at ${at}`);
      }
      for (const size of [2000, 8 * KB, 16 * KB, 64 * KB]) {
        expectWhole(chunked(bytes, [size]), `in chunks of ${size}`);
      }
    }
  });
});

/** Errors by their message, string objects by their text; all else compares as it is. */
function comparable(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (value instanceof VerbatimString) return [value.format, value.toString()];
  return Array.isArray(value) ? value.map(comparable) : value;
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

  it('one whose class stops the decoder takes no buffer from the next one', () => {
    let stop = (): void => undefined;
    class Stopping extends String {
      constructor(_format: string, text: string) {
        super(text);
        stop();
      }
    }
    const mapping = { [RESP_TYPES.VERBATIM_STRING]: Stopping } as unknown as TypeMapping;
    const stopped = new Replies(mapping);
    stop = () => {
      stopped.decoder.stop();
    };
    const verbatim = bulk(`txt:${longText(300_000)}`, '=');
    expect(stopped.decode(...chunked(verbatim, [64 * KB]))).toEqual([]);

    const other = new Replies();
    const bytes = bulk(longText(300_000));
    other.decoder.write(bytes.subarray(0, 20_000));
    expect(other.decoder.target).toHaveLength(bytes.length - 20_000);
    expect(other.decode(bytes.subarray(20_000))).toEqual([longText(300_000)]);
  });

  it('an array of 100,000 elements over many chunks', () => {
    const bytes = Buffer.from(`*100000\r\n${'$5\r\nvalue\r\n'.repeat(100_000)}`);
    const [value] = new Replies().decode(...chunked(bytes, [65_536, 10_001]));
    expect(value).toEqual(Array.from({ length: 100_000 }, () => 'value'));
  });
});

describe('the buffers of long bulks', () => {
  const MIB = 1024 * 1024;
  /** With a line end this is as long as the buffers that are used again. */
  const lengths = [100_000, MIB - 2, MIB - 1, 2 * MIB];

  it('that became Buffers are never written to again', () => {
    const replies = new Replies({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const kept = lengths.flatMap((length) =>
      replies.decode(...chunked(bulk('k'.repeat(length)), [65_536])),
    ) as Buffer[];
    const others = new Replies();
    for (const length of lengths) {
      for (const filled of [replies, others]) filled.decode(bulk('x'.repeat(length)));
    }
    for (const [i, buffer] of kept.entries()) {
      expect(buffer.equals(Buffer.alloc(lengths[i]!, 'k'))).toBe(true);
    }
  });

  it('of several connections are filled side by side', () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f'];
    const all = letters.map((letter) => ({ letter, replies: new Replies() }));
    const pieces = all.map(({ letter }) => chunked(bulk(letter.repeat(300_000)), [70_000]));
    const values = all.map((): unknown[] => []);
    for (let i = 0; i < pieces[0]!.length; i++) {
      for (const [n, { replies }] of all.entries())
        values[n]!.push(...replies.decode(pieces[n]![i]!));
    }
    for (const [n, letter] of letters.entries())
      expect(values[n]).toEqual([letter.repeat(300_000)]);
  });

  it('hold text of any length and alphabet', () => {
    const replies = new Replies();
    for (const text of ['é'.repeat(60_000), `${'a'.repeat(99_999)}ü`, '漢字'.repeat(20_000)]) {
      expect(replies.decode(...chunked(bulk(text), [64_000]))).toEqual([text]);
    }
  });
});
