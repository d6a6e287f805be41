/**
 * RESP requests, appended to one growing buffer: no string, array or Buffer per argument.
 */

import { giveBackBuffer, SPARE_SIZE, takeBuffer } from './spare-buffers.js';

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const STAR = 0x2a;
const ZERO = 0x30;

/** Up to this many characters a loop over the string beats a call into native code. */
const SHORT = 48;
/** Up to this many bytes, copying words in a loop beats a call into native code. */
const SHORT_COPY = 160;
const WORD = 4;
/** How many bytes end an argument. */
export const LINE_END = 2;
/** The longest `*count` or `$length` with its line end. */
const HEADER = 20;

/** The offset behind the command that begins at `start`: what was written here, read back. */
export function endOfCommand(bytes: Buffer, start: number): number {
  let at = lineEnd(bytes, start);
  for (let left = numberIn(bytes, start, at); left > 0; left--) {
    const content = lineEnd(bytes, at);
    at = content + numberIn(bytes, at, content) + 2;
  }
  return at;
}

/** The offset behind the line at `at`. */
function lineEnd(bytes: Buffer, at: number): number {
  return bytes.indexOf(LF, at) + 1;
}

/** The number in a line, behind its type. */
function numberIn(bytes: Buffer, start: number, end: number): number {
  return Number(bytes.latin1Slice(start + 1, end - 2));
}

/** A buffer that is shorter sees few copies: a view of it would cost more than it saves. */
const VIEWED = 1024;

const EMPTY = Buffer.alloc(0);

export class RespWriter {
  bytes: Buffer = EMPTY;
  /** The same as words. */
  #view: DataView | undefined;
  /** How much of `bytes` is written. */
  length = 0;
  /** How much the first write makes room for. */
  readonly #capacity: number;
  /** How much it is lengthened to where that is not enough. */
  expected = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Hands over what is written, and begins with nothing. */
  detach(): Buffer {
    const written = this.bytes.subarray(0, this.length);
    this.bytes = EMPTY;
    this.#view = undefined;
    this.length = 0;
    return written;
  }

  /** Makes sure that `count` more bytes fit. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const { length } = this.bytes;
    const next = Math.min(length * 4, Math.max(length * 2, SPARE_SIZE));
    const expected = length === 0 ? this.#capacity : this.expected;
    const wanted = Math.max(next, expected, this.length + count);
    const grown = takeBuffer(wanted);
    this.bytes.copy(grown, 0, 0, this.length);
    giveBackBuffer(this.bytes);
    this.bytes = grown;
    this.#view = wanted < VIEWED ? undefined : viewOf(grown);
  }

  /** `*count`, the head of a command with so many arguments. */
  writeArrayHeader(count: number): void {
    this.reserve(HEADER);
    this.#writeHeader(STAR, count);
  }

  #writeHeader(type: number, value: number): void {
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = type;
    if (value < 10) {
      bytes[at++] = ZERO + value;
    } else if (value < 100) {
      const tens = (value / 10) | 0;
      bytes[at++] = ZERO + tens;
      bytes[at++] = ZERO + value - tens * 10;
    } else {
      at += bytes.write(String(value), at, 'latin1');
    }
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.length = at;
  }

  /** One argument, as UTF-8; answers its size in bytes. */
  writeString(text: string): number {
    const count = text.length;
    if (count > SHORT) return this.#writeLong(text);
    this.reserve(count + HEADER);
    const start = this.length;
    this.#writeHeader(DOLLAR, count);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.length = start;
        return this.#writeLong(text);
      }
      bytes[at++] = code;
    }
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.length = at;
    return count;
  }

  #writeLong(text: string): number {
    const size = Buffer.byteLength(text);
    this.reserve(size + HEADER);
    this.#writeHeader(DOLLAR, size);
    this.bytes.write(text, this.length, size === text.length ? 'latin1' : 'utf8');
    return this.#endBulk(size);
  }

  /** One argument, byte by byte; answers its size. */
  writeBytes(argument: Uint8Array): number {
    const size = argument.length;
    this.reserve(size + HEADER);
    this.#writeHeader(DOLLAR, size);
    this.bytes.set(argument, this.length);
    return this.#endBulk(size);
  }

  #endBulk(size: number): number {
    const at = this.length + size;
    this.bytes[at] = CR;
    this.bytes[at + 1] = LF;
    this.length = at + LINE_END;
    return size;
  }

  /** One argument, the first `size` bytes of `source`, which holds whole words of 32 bits. */
  writeCopy(source: DataView, size: number): void {
    // The last word may reach beyond the end.
    this.reserve(size + HEADER + WORD);
    this.#writeHeader(DOLLAR, size);
    const at = this.length;
    if (this.#view !== undefined) copyWords(source, this.#view, at, size);
    else for (let i = 0; i < size; i++) this.bytes[at + i] = source.getUint8(i);
    this.#endBulk(size);
  }

  /** Bytes that are RESP already. */
  writeEncoded(encoded: Uint8Array): void {
    this.reserve(encoded.length);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < encoded.length; i++) bytes[at++] = encoded[i]!;
    this.length = at;
  }

  /** Makes of `size` bytes a gap of `wider` ones, for {@link fillGap}: what is behind them moves. */
  widen(start: number, size: number, wider: number): void {
    this.reserve(wider - size);
    this.bytes.copyWithin(start + wider, start + size, this.length);
    this.length += wider - size;
  }

  /** Puts RESP in a gap; what was written behind it moves up to it. */
  fillGap(start: number, size: number, encoded: Uint8Array): void {
    const unused = size - encoded.length;
    if (unused > 0) {
      this.bytes.copyWithin(start + encoded.length, start + size, this.length);
      this.length -= unused;
    }
    this.bytes.set(encoded, start);
  }

  /** A whole command: its head, and the arguments that another writer holds. */
  appendCommand(count: number, args: RespWriter): void {
    // At once: memory that is not there is not to leave half a command.
    this.reserve(HEADER + args.length + WORD);
    this.#writeHeader(STAR, count);
    this.#copy(args);
  }

  /** Everything that another writer holds, as it is. */
  append(other: RespWriter): void {
    this.reserve(other.length + WORD);
    this.#copy(other);
  }

  #copy(other: RespWriter): void {
    const count = other.length;
    // The last word may reach beyond the end, on both sides.
    other.reserve(WORD);
    const source = other.#view;
    const target = this.#view;
    if (count > SHORT_COPY) other.bytes.copy(this.bytes, this.length, 0, count);
    else if (source === undefined || target === undefined) this.#appendBytes(other.bytes, count);
    else copyWords(source, target, this.length, count);
    this.length += count;
  }

  #appendBytes(source: Buffer, count: number): void {
    const { bytes, length } = this;
    for (let i = 0; i < count; i++) bytes[length + i] = source[i]!;
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function copyWords(source: DataView, target: DataView, at: number, count: number): void {
  for (let i = 0; i < count; i += WORD) {
    target.setInt32(at + i, source.getInt32(i, true), true);
  }
}
