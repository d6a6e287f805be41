/**
 * The memory of long values that callers keep as Buffers.
 *
 * glibc gives what is free at the end of its heap back to the kernel as soon as that is more than
 * 128 KB: so whenever V8 has collected such Buffers. The next ones are fetched again page by page, a map
 * of 1,000 Buffers of 100 KB with 10,000 page faults, which may be half of its time. Two things
 * together make glibc keep the memory while many long values come:
 *
 * - The largest block that was ever freed tells it how much to keep, at most 64 MB (the dynamic
 *   threshold of mallopt(3)). One is allocated and dropped; since nobody touches it, it takes no memory.
 * - As long as a Buffer lives, nothing that lies before it in the heap is at the end. One in 16 MB is
 *   kept alive, for as many as V8 may collect at once, and let go when no more have come for a second.
 */

import { startTimer, type Timer } from '../util/timers.js';

/** The largest that glibc learns from is 32 MB, with what is around it. */
const LARGEST_BLOCK = 31 * 1024 * 1024;
/** Of so many bytes one buffer is kept alive. */
const SPACING = 16 * 1024 * 1024;
const MAX_ALIVE = 8;
const MAX_LENGTH = 1024 * 1024;
const ALIVE_MS = 1000;

const alive: Buffer[] = [];
/** Bytes that were allocated since the last one that is kept alive. */
let since = 0;
let timer: Timer | undefined;

/** A buffer for a long value that a caller keeps; what is in it is not defined. */
export function allocateLong(length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(length);
  since += length;
  if (since >= SPACING && length <= MAX_LENGTH) keepAlive(buffer);
  return buffer;
}

function keepAlive(buffer: Buffer): void {
  since = 0;
  alive.push(buffer);
  if (alive.length > MAX_ALIVE) alive.shift();
  if (timer === undefined) begin();
  else timer.refresh();
}

function begin(): void {
  timer = startTimer(() => (alive.length = 0), ALIVE_MS);
  timer.unref();
  try {
    Buffer.allocUnsafeSlow(LARGEST_BLOCK);
  } catch {
    // Where there is no room for it, glibc had better give back what is free.
  }
}
