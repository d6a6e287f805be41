/**
 * Node's own timers, whatever the globals are (in a test or a window those of a browser, which are
 * numbers), and the clock as it was at first.
 */

import * as timers from 'node:timers';

const { setTimeout, clearTimeout, setImmediate } = timers;
const { performance } = globalThis;
const clock = performance.now.bind(performance);

export type Timer = ReturnType<typeof setTimeout>;

export function startTimer(callback: () => void, timeoutMs: number): Timer {
  return setTimeout(callback, timeoutMs);
}

/**
 * A timer for what has to arrive until then. After a long computation timers come before sockets are
 * read: so what has arrived by now is read before the callback is called, which looks once more. It
 * may be called though the timer was cleared.
 *
 * @param mayHaveArrived - whether that is worth it: reading leads to sending, and what is not sent by
 * now could only be given up right behind it. Else the callback is called at once.
 */
export function startDeadline(
  callback: () => void,
  timeoutMs: number,
  mayHaveArrived?: () => boolean,
): Timer {
  return setTimeout(() => {
    if (mayHaveArrived?.() === false) callback();
    else atEndOfTick(callback);
  }, timeoutMs);
}

export function clearTimer(timer: Timer | undefined): void {
  if (timer !== undefined) clearTimeout(timer);
}

/** The last one is kept alive: with its shape V8 would forget Node's optimized code for it. */
const kept: { immediate: unknown } = { immediate: undefined };

/** Runs `callback` when the events that are ready now have been handled. */
export function atEndOfTick(callback: () => void): void {
  kept.immediate = setImmediate(callback);
}

/** Throws where no code of ours can catch it: the process hears of it as an uncaught exception. */
export function throwInTask(error: unknown): void {
  atEndOfTick(() => {
    throw error;
  });
}

/** In ms, since some time in the past. */
export function now(): number {
  return clock();
}
