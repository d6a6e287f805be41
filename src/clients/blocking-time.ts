/** How long a blocking command may block, by its own arguments. */

import { type RawArgument, streamBlockIndex, wordOf } from '../commands/key-table.js';

/** Commands whose timeout is their first argument; the others have it last. */
const TIMEOUT_FIRST: ReadonlySet<string> = new Set(['BLMPOP', 'BZMPOP']);

/**
 * In milliseconds; `Infinity` for a command that blocks until there is an answer (a timeout of 0),
 * and for a timeout that is no number: the server refuses that at once.
 */
export function blockingTime(name: string, args: readonly RawArgument[]): number {
  const isStreamRead = name === 'XREAD' || name === 'XREADGROUP';
  if (isStreamRead) return orForever(Number(wordOf(args[streamBlockIndex(args) ?? args.length])));
  const timeout = TIMEOUT_FIRST.has(name) ? args[0] : args[args.length - 1];
  return orForever(Number(wordOf(timeout)) * 1000);
}

function orForever(time: number): number {
  return time > 0 ? time : Infinity;
}
