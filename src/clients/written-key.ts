/**
 * The key of a plain command, read once: it is hashed while it is written here, and copied from here
 * into the buffer of the host that it goes to. To read a text character by character takes longer
 * than all else that is done with a short key.
 */

import type { PartitionRouter } from '../routers/partition-router.js';
import type { RespWriter } from '../wire/encoder.js';

/** Longer ones are written by native code, right where they go. */
const LONGEST = 48;

const view = new DataView(new ArrayBuffer(LONGEST));
/** What is written: others may come in between, as callbacks may issue commands. */
let written = '';

/**
 * Writes a key, and answers its host; undefined where this would not be the short way: it is long,
 * or not ASCII.
 */
export function writeKey(router: PartitionRouter, key: string): number | undefined {
  if (key.length > LONGEST) return undefined;
  const hostId = router.writeAndGetHost(key, view);
  // A part of a key may be written over the last one.
  written = hostId === undefined ? '' : key;
  return hostId;
}

/** Appends a key as an argument if it is the one that is written; false if it is not. */
export function appendWritten(target: RespWriter, key: string): boolean {
  if (key !== written) return false;
  target.writeCopy(view, key.length);
  return true;
}
