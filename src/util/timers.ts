/** Timers and the clock as they were at first, whatever replaces the globals later. */

const { setTimeout, clearTimeout, setImmediate, performance } = globalThis;
const clock = performance.now.bind(performance);

export type Timer = ReturnType<typeof setTimeout>;

export function startTimer(callback: () => void, timeoutMs: number): Timer {
  return setTimeout(callback, timeoutMs);
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

/** In ms, since some time in the past. */
export function now(): number {
  return clock();
}
