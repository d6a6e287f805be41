/** Shows what a test file leaves behind: sockets, timers, child processes, and listeners of the process. */

import { afterAll, beforeAll } from 'vitest';

import { condition } from './condition.js';
import { countResources, surplusOf } from './resources.js';

/**
 * Notes what is there now.
 *
 * @returns A check that waits until no more than that is left, and fails with the names of what
 * stays beyond `timeoutMs` milliseconds (2,000 unless told).
 */
export function watchLeaks(): (timeoutMs?: number) => Promise<void> {
  const before = countResources();
  return async (timeoutMs = 2000) => {
    let left: string[] = [];
    await condition(() => {
      left = surplusOf(before, countResources());
      return left.length === 0;
    }, timeoutMs).catch(() => {});
    if (left.length > 0) throw new Error(`the tests left behind: ${left.join('; ')}`);
  };
}

/**
 * Fails the test file if its tests leave a socket, a timer, a child process, or a listener of the
 * process. `setup.ts` calls it for every file.
 */
export function expectNoLeaks(): void {
  let check: ReturnType<typeof watchLeaks> | undefined;
  beforeAll(() => {
    check = watchLeaks();
  });
  afterAll(() => check?.());
}
