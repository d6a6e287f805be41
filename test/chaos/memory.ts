/** How much memory is in use when everything that can be collected is. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { MAX_SPARE, SPARE_SIZE, takeBuffer } from '../../src/wire/spare-buffers.js';

let collect: (() => void) | undefined;

/** Collects garbage, and answers `heapUsed` and `arrayBuffers` together, in bytes. */
export async function settledMemory(): Promise<number> {
  collect ??= exposeCollector();
  letGoOfSpares();
  // What a collection lets go of may let go of more in its finalizers.
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Takes whatever waits to be used again: how much that is depends on the last ten seconds alone. */
function letGoOfSpares(): void {
  for (let i = 0; i < MAX_SPARE; i++) takeBuffer(SPARE_SIZE);
}

function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
