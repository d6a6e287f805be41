/**
 * Strings out of a read buffer, with as few calls into native code as possible.
 *
 * A short ASCII string is cut from one latin1 string of the whole window: V8 copies substrings of
 * fewer than 13 characters, so they pin nothing. Longer ones would, and are made by themselves.
 */

import { isAscii as areAscii } from 'node:buffer';
import { LONGEST, mediumText, SHORTEST } from './medium-text.js';

/** From this length on it pays to look for ASCII, which needs no decoding, in native code. */
const LONG = 4096;
/** From this length on it pays to look once whether a whole window is ASCII. */
const LARGE = 1024;
const NAMES = 512;
const LONGEST_NAME = 32;

export class TextReader {
  #bytes: Buffer | undefined;
  #end = 0;
  #window: string | undefined;
  #windowStart = 0;
  /** Whether it is known that there is nothing but ASCII in the window. */
  #isAsciiWindow = false;
  /** Field names that were seen, by a hash of their bytes. */
  readonly #names: (string | undefined)[] = new Array<string | undefined>(NAMES).fill(undefined);

  /** The next strings come from `bytes`, which hold data up to `end`. */
  open(bytes: Buffer, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#window = undefined;
  }

  /** The next strings come from elsewhere; lets go of the text of the last ones. */
  close(): void {
    this.#bytes = undefined;
    this.#window = undefined;
  }

  read(bytes: Buffer, start: number, stop: number): string {
    const length = stop - start;
    if (length === 0) return '';
    if (length >= SHORTEST || bytes !== this.#bytes) return textOf(bytes, start, stop);
    if (this.#window === undefined) this.#openWindow(bytes, start);
    if (!this.#isAsciiWindow && !isAscii(bytes, start, stop)) return bytes.utf8Slice(start, stop);
    const from = start - this.#windowStart;
    return this.#window!.substring(from, from + length);
  }

  #openWindow(bytes: Buffer, start: number): void {
    const end = this.#end;
    this.#window = bytes.latin1Slice(start, end);
    this.#windowStart = start;
    this.#isAsciiWindow = end - start >= LARGE && areAscii(bytes.subarray(start, end));
  }

  /** A string that is likely to come again, and is then the very same. */
  fieldName(bytes: Buffer, start: number, stop: number): string {
    const length = stop - start;
    if (length === 0 || length > LONGEST_NAME) return this.read(bytes, start, stop);
    let hash = length;
    for (let i = start; i < stop; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = hash & (NAMES - 1);
    const known = this.#names[slot];
    if (known !== undefined && isSame(known, bytes, start, length)) return known;
    const name = bytes.utf8Slice(start, stop);
    if (name.length === length) this.#names[slot] = name;
    return name;
  }
}

function textOf(bytes: Buffer, start: number, stop: number): string {
  const length = stop - start;
  if (length >= LONG) return longText(bytes, start, stop);
  if (length < SHORTEST || length > LONGEST) return bytes.utf8Slice(start, stop);
  return mediumText(bytes, start, length) ?? bytes.utf8Slice(start, stop);
}

function longText(bytes: Buffer, start: number, stop: number): string {
  return areAscii(bytes.subarray(start, stop))
    ? bytes.latin1Slice(start, stop)
    : bytes.utf8Slice(start, stop);
}

function isAscii(bytes: Buffer, start: number, stop: number): boolean {
  for (let i = start; i < stop; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

/** Whether an ASCII string has just these bytes. */
function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
