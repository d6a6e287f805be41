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
