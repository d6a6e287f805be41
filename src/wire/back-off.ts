/** The pauses between attempts. */

/** By how much a pause is longer at most. */
const MOST_JITTER = 1.5;

/** The shortest and the longest pause, in ms. */
export interface BackOffBounds {
  readonly minDelay: number;
  readonly maxDelay: number;
}

/**
 * The pause after so many failures in a row, in ms: twice as long each time, from one bound to the
 * other, and up to a half longer by chance, so that not all clients come back at once.
 *
 * @param failures - beside the one that is paused for now.
 */
export function backOff({ minDelay, maxDelay }: BackOffBounds, failures: number): number {
  // At the upper bound, too, there is to be room for chance.
  const doubled = Math.min(minDelay * 2 ** failures, maxDelay / MOST_JITTER);
  const jitter = 1 + (MOST_JITTER - 1) * Math.random();
  return Math.min(Math.max(doubled, minDelay) * jitter, maxDelay);
}
