import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MisuseError } from '../../src/errors.js';
import { crc32, crc32OfString } from '../../src/hash/crc32.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('crc32', () => {
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926 | 0],
    ['a', 0xe8b7be43 | 0],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of %j is the published value, read as a signed number', (text, sum) => {
    expect(crc32(utf8(text))).toBe(sum);
    expect(crc32OfString(text)).toBe(sum);
  });

  it('reads a view from its own offset', () => {
    const whole = utf8('--123456789--');
    expect(crc32(whole.subarray(2, 11))).toBe(0xcbf43926 | 0);
  });

  it('of a text is that of its UTF-8 bytes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(fc.property(text, (sample) => crc32OfString(sample) === crc32(utf8(sample))));
  });

  it.each([
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ])('encodes the character at the edge of a length right: %j', (edge) => {
    for (const text of [edge, `a${edge}`, `${edge}a${edge}`]) {
      expect(crc32OfString(text)).toBe(crc32(utf8(text)));
    }
  });

  it.each(['\ud800', '\udfff', 'a\ud83d', '\ude00\ud83d', 'é\ud83dé'])(
    'of a text with a lone surrogate is refused',
    (text) => {
      expect(() => crc32OfString(text)).toThrow(MisuseError);
    },
  );
});
