import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MisuseError } from '../../src/errors.js';
import { crc32, crc32OfString, writeSummed } from '../../src/hash/crc32.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** By the definition, without a table. */
function bitByBit(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

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

  it('sums up a part of the bytes, of any length and from anywhere', () => {
    const bounds = fc.tuple(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70));
    fc.assert(
      fc.property(bounds, ([bytes, from, length]) => {
        const end = Math.min(from + length, bytes.length);
        const start = Math.min(from, end);
        expect(crc32(bytes, start, end)).toBe(bitByBit(bytes.subarray(start, end)));
      }),
    );
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

describe('writeSummed', () => {
  it('writes ASCII of any length, and answers its sum', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 70 });
    fc.assert(
      fc.property(text, (sample) => {
        const target = Buffer.alloc(sample.length + 3, 0xff);
        const view = new DataView(target.buffer, target.byteOffset, target.length);
        expect(writeSummed(sample, view)).toBe(crc32(utf8(sample)));
        expect(target).toEqual(Buffer.from(`${sample}\xff\xff\xff`, 'latin1'));
      }),
    );
  });

  it('leaves what is not ASCII to others, wherever it is in the text', () => {
    for (const odd of ['\u0080', '\u00ff', '\u0141', '\u4e16', '\ud83d\ude00', '\ud83d']) {
      for (let before = 0; before < 9; before++) {
        const text = `${'a'.repeat(before)}${odd}bcd`;
        expect(writeSummed(text, new DataView(new ArrayBuffer(48)))).toBeUndefined();
      }
    }
  });
});
