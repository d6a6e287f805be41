/** What a promise fails with, for a closer look than `rejects` allows. */

/** The reason of a promise that has to be rejected. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('the promise was not rejected');
}

/** Runs `fn` with a list of the uncaught exceptions meanwhile, of which the test runner hears nothing. */
export async function withUncaught(fn: (thrown: unknown[]) => Promise<void>): Promise<void> {
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    await fn(thrown);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
}
