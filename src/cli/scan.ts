/** SCAN of one host from its beginning to its end. */

import type { Pool } from '../pool.js';

/** Which keys to look for, and how. */
export interface ScanOptions {
  readonly match?: string;
  readonly type?: string;
  /** How many keys the server looks at for each answer. */
  readonly batch: number;
}

/** The keys of one answer. */
export interface ScanPage {
  readonly keys: readonly Buffer[];
  /** How far the scan has come, from 0 to 1. */
  readonly done: number;
}

/** Scans a host of a cluster whose strings are mapped to bytes. A key may come more than once. */
export async function* scanHost(pool: Pool, options: ScanOptions): AsyncGenerator<ScanPage> {
  const { match, type, batch } = options;
  const args = [
    ...(match === undefined ? [] : ['MATCH', match]),
    ...['COUNT', String(batch)],
    ...(type === undefined ? [] : ['TYPE', type]),
  ];
  let cursor = '0';
  do {
    const reply = await pool.executeCommand('SCAN', cursor, ...args);
    const [next, keys] = reply as [Buffer, Buffer[]];
    cursor = next.toString();
    yield { keys, done: cursor === '0' ? 1 : progressOf(cursor) };
  } while (cursor !== '0');
}

/**
 * The share that a cursor stands for. A server counts the cursor up from its highest bit, so its bits
 * in reverse are a binary fraction, whatever the size of the table is.
 */
export function progressOf(cursor: string): number {
  let rest = BigInt(cursor);
  let share = 0;
  for (let weight = 0.5; rest > 0n; weight /= 2) {
    if ((rest & 1n) === 1n) share += weight;
    rest >>= 1n;
  }
  return share;
}
