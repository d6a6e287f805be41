/**
 * A bulk that is longer than what was read of it. It gets a buffer of its own, which the socket
 * fills from there on: its bytes are not copied once more on their way.
 */

import { allocateLong } from './long-buffers.js';

/** Of this size are the buffers that are used again, for what becomes a string. */
const SPARE_SIZE = 1024 * 1024;
const MAX_SPARE = 4;
const spares: Buffer[] = [];

const EMPTY = Buffer.alloc(0);
const LINE_END = 2;

export class LongBulk {
  /** Its first byte. */
  type = 0;
  #bytes: Buffer = EMPTY;
  #isSpare = false;
  #filled = 0;
  /** With its line end; 0 while there is none. */
  #size = 0;

  /** Whether one is being filled. */
  get isOpen(): boolean {
    return this.#size > 0;
  }

  get isFull(): boolean {
    return this.#filled === this.#size;
  }

  /** The bytes, when they are all there. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Without its line end. */
  get length(): number {
    return this.#size - LINE_END;
  }

  /** The part that is still to be filled. */
  get room(): Buffer {
    return this.#bytes.subarray(this.#filled, this.#size);
  }

  /**
   * Begins one.
   *
   * @param isKept - Whether a reply keeps the buffer, which is then as long as the bulk.
   */
  open(type: number, length: number, isKept: boolean): void {
    this.type = type;
    this.#size = length + LINE_END;
    this.#isSpare = !isKept && this.#size <= SPARE_SIZE;
    this.#bytes = this.#isSpare ? takeSpare() : allocateLong(this.#size);
  }

  /** The socket has put so many bytes into the room. */
  advance(count: number): void {
    this.#filled += count;
  }

  /** Takes what `source` has of it; answers the offset behind that. */
  take(source: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + this.#size - this.#filled);
    this.#filled += source.copy(this.#bytes, this.#filled, at, stop);
    return stop;
  }

  /** The bytes were made use of; nothing if it was dropped meanwhile. */
  close(): void {
    if (this.#isSpare && spares.length < MAX_SPARE) spares.push(this.#bytes);
    this.drop();
  }

  /** Gives up one that may not be whole: the socket may have its buffer, which is not used again. */
  drop(): void {
    this.#isSpare = false;
    this.#bytes = EMPTY;
    this.#filled = 0;
    this.#size = 0;
  }
}

function takeSpare(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(SPARE_SIZE);
}
