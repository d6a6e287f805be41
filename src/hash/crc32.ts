/**
 * CRC-32 (the one of zlib and Ethernet), as a signed 32-bit number.
 *
 * It runs once for each routed command, so it allocates nothing.
 */

import { loneSurrogateError } from '../util/key.js';

const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

/** One step of the sum: the masked index is always inside the table. */
function step(crc: number, byte: number): number {
  return TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
}

/** The CRC-32 of bytes, signed: from -2147483648 to 2147483647. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = step(crc, bytes[i]!);
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
