/** How much memory is in use when everything that can be collected is. */

import { MAX_SPARE, SPARE_SIZE, takeBuffer } from '../../src/wire/spare-buffers.js';
import { collectGarbage } from '../helpers/garbage.js';

/** Collects garbage, and answers `heapUsed` and `arrayBuffers` together, in bytes. */
export async function settledMemory(): Promise<number> {
  letGoOfSpares();
  // What a collection lets go of may let go of more in its finalizers.
  for (let i = 0; i < 4; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Takes whatever waits to be used again: how much that is depends on the last ten seconds alone. */
function letGoOfSpares(): void {
  for (let i = 0; i < MAX_SPARE; i++) takeBuffer(SPARE_SIZE);
}
