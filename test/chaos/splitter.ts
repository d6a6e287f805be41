/** Passes replies on unharmed, in pieces of any size that come one by one. */

import type { Link } from './front.js';

/** Sends all replies of a connection in pieces of these lengths, again and again in turn. */
export function splitReplies(link: Link, lengths: readonly number[]): void {
  let held = Buffer.alloc(0);
  let turn = 0;
  let isSending = false;
  const sendPiece = (): void => {
    const length = lengths[turn++ % lengths.length]!;
    link.send(held.subarray(0, length));
    held = held.subarray(length);
    isSending = held.length > 0;
    if (isSending) setImmediate(sendPiece);
  };
  link.handler = (_, chunk) => {
    held = Buffer.concat([held, chunk]);
    if (isSending) return;
    isSending = true;
    setImmediate(sendPiece);
  };
}
