/**
 * CRC-32 (the one of zlib and Ethernet), as a signed 32-bit number.
 *
 * It runs once for each routed command, so it allocates nothing.
 */

import { loneSurrogateError } from '../util/key.js';

/** What each byte adds to the sum; from 256 on, with one byte behind it, then with two and three. */
const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const shorter = table[i - 256]!;
    table[i] = table[shorter & 0xff]! ^ (shorter >>> 8);
  }
  return table;
}

/** One step of the sum: the masked index is always inside the table. */
function step(crc: number, byte: number): number {
  return TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
}

/**
 * Four steps at once, of bytes in little-endian order: the lookups do not wait for each other
 * ("slicing by 4", Kounavis and Berry, 2008).
 */
function stepOfFour(crc: number, word: number): number {
  const sum = crc ^ word;
  return (
    TABLE[768 | (sum & 0xff)]! ^
    TABLE[512 | ((sum >>> 8) & 0xff)]! ^
    TABLE[256 | ((sum >>> 16) & 0xff)]! ^
    TABLE[sum >>> 24]!
  );
}

/** The CRC-32 of the bytes from `start` to `end`, signed: from -2147483648 to 2147483647. */
export function crc32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = stepOfFour(crc, word);
  }
  for (; at < end; at++) crc = step(crc, bytes[at]!);
  return ~crc;
}

/**
 * The CRC-32 of the UTF-8 bytes of a text, signed, without making those bytes.
 *
 * @throws {@link MisuseError} `RB_INVALID_ARGUMENT` for a lone surrogate. Plain ASCII never pays for
 * that check.
 */
export function crc32OfString(text: string): number {
  let crc = -1;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return crc32OfUtf8(text, i, crc);
    crc = step(crc, unit);
  }
  return ~crc;
}

/**
 * Writes a text into `target` and answers its CRC-32, both in one go; undefined if it is not ASCII:
 * then a part of it may be written.
 */
export function writeSummed(text: string, target: DataView): number | undefined {
  const { length } = text;
  let crc = -1;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) >= 0x80) return undefined;
    const word = a | (b << 8) | (c << 16) | (d << 24);
    target.setInt32(i, word, true);
    crc = stepOfFour(crc, word);
  }
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return undefined;
    target.setUint8(i, unit);
    crc = step(crc, unit);
  }
  return ~crc;
}

/** Goes on from the first character that is not ASCII. */
function crc32OfUtf8(text: string, start: number, startCrc: number): number {
  let crc = startCrc;
  for (let i = start; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    if (point < 0x80) {
      crc = step(crc, point);
    } else if (point < 0x800) {
      crc = step(crc, 0xc0 | (point >> 6));
      crc = step(crc, 0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      // A surrogate that is still one here has no partner: codePointAt joins pairs.
      if (point >= 0xd800 && point <= 0xdfff) throw loneSurrogateError();
      crc = step(crc, 0xe0 | (point >> 12));
      crc = step(crc, 0x80 | ((point >> 6) & 0x3f));
      crc = step(crc, 0x80 | (point & 0x3f));
    } else {
      crc = step(crc, 0xf0 | (point >> 18));
      crc = step(crc, 0x80 | ((point >> 12) & 0x3f));
      crc = step(crc, 0x80 | ((point >> 6) & 0x3f));
      crc = step(crc, 0x80 | (point & 0x3f));
      i++;
    }
  }
  return ~crc;
}
