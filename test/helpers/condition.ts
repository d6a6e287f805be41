/** Waiting for something to be so, in place of waiting for some time. */

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `fn` again and again until it answers something truthy, and resolves to that.
 *
 * @param timeoutMs - How long to go on, in milliseconds; 5,000 unless told.
 * @throws An error that names `fn`; its `cause` is what `fn` threw last.
 */
export async function condition<T>(
  fn: () => T | Promise<T>,
  timeoutMs = 5000,
): Promise<Awaited<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await fn();
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`not so within ${timeoutMs} ms: ${String(fn)}`, { cause });
    }
    await delay(5);
  }
}
