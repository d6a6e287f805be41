/**
 * The memory of encoded commands, used again when the server has answered them. What is new comes from
 * the system page by page: without this, a map of 100,000 SETs has up to 700 page faults more, and V8
 * has as many buffers to collect as the map has pipelines.
 */

import { startTimer, type Timer } from '../util/timers.js';

/** Of this size are the buffers that are used again: few get longer. */
export const SPARE_SIZE = 72 * 1024;
/** For what is much shorter they would take more memory than they save. */
const SHORTEST = SPARE_SIZE / 2;
/** In all 9 MB: what 200,000 short commands take that are under way at once. */
export const MAX_SPARE = 128;
/** They are let go when none was given back for so long. */
const SPARE_MS = 10_000;

const spares: ArrayBufferLike[] = [];
/** Those in use; one that is never given back is collected as garbage. */
const lent = new WeakSet<ArrayBufferLike>();
let timer: Timer | undefined;

/** A buffer of at least `size` bytes; what is in it is not defined. */
export function takeBuffer(size: number): Buffer {
  if (size < SHORTEST || size > SPARE_SIZE) return Buffer.allocUnsafe(size);
  const spare = spares.pop();
  const bytes = spare === undefined ? Buffer.allocUnsafeSlow(SPARE_SIZE) : Buffer.from(spare);
  lent.add(bytes.buffer);
  return bytes;
}

/** Gives back the memory behind `bytes`, if it was taken here. Nobody may use it any more. */
export function giveBackBuffer({ buffer }: Buffer): void {
  if (buffer.byteLength !== SPARE_SIZE || !lent.delete(buffer)) return;
  if (spares.length < MAX_SPARE) spares.push(buffer);
  if (timer === undefined) timer = startTimer(() => (spares.length = 0), SPARE_MS).unref();
  else timer.refresh();
}
