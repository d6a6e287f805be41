/**
 * One listener on each abort signal, however many calls wait for it. A program may give all of its
 * calls the signal of its end, and Node takes more than ten listeners on one for a leak.
 */

/** Waits for one signal. */
export interface AbortWaiter {
  /** Its place among those who wait; -1 while it does not. */
  abortIndex: number;
  /** Called also if it has stopped waiting since the abort. */
  onAbort(): void;
}

const listeners = new WeakMap<AbortSignal, AbortListener>();

/** From now on it is told of the abort, in no certain order. */
export function awaitAbort(signal: AbortSignal, waiter: AbortWaiter): void {
  let listener = listeners.get(signal);
  if (listener === undefined) listeners.set(signal, (listener = new AbortListener(signal)));
  listener.add(waiter);
}

/** From now on it is not; nothing happens if it has not waited. */
export function stopAwaitingAbort(signal: AbortSignal, waiter: AbortWaiter): void {
  if (waiter.abortIndex !== -1) listeners.get(signal)?.remove(waiter);
}

class AbortListener {
  readonly #signal: AbortSignal;
  /** No Set: what it once held would stay alive with the tables that it has outgrown. */
  readonly #waiters: AbortWaiter[] = [];
  readonly #onAbort = (): void => {
    const waiters = this.#waiters.splice(0);
    // One may end another.
    for (const waiter of waiters) waiter.abortIndex = -1;
    for (const waiter of waiters) waiter.onAbort();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(waiter: AbortWaiter): void {
    if (this.#waiters.length === 0) {
      this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    }
    waiter.abortIndex = this.#waiters.push(waiter) - 1;
  }

  remove(waiter: AbortWaiter): void {
    const index = waiter.abortIndex;
    waiter.abortIndex = -1;
    // The last one takes its place.
    const last = this.#waiters.pop()!;
    if (last !== waiter) {
      this.#waiters[index] = last;
      last.abortIndex = index;
    }
    if (this.#waiters.length === 0) this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
