/** Lets many things go on at a time, or one alone. */

import { condition } from '../helpers/condition.js';

export class Turnstile {
  #inside = 0;
  /** While it is set, it is waited for. */
  #closed: Promise<void> | undefined;

  /** Runs `fn` beside others. */
  async pass<T>(fn: () => Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    this.#inside++;
    try {
      return await fn();
    } finally {
      this.#inside--;
    }
  }

  /** Runs `fn` when all that go on have ended, and lets nothing else begin meanwhile. */
  async alone(fn: () => Promise<void>, patienceMs: number): Promise<void> {
    while (this.#closed !== undefined) await this.#closed;
    let open!: () => void;
    this.#closed = new Promise((resolve) => (open = resolve));
    try {
      await condition(() => this.#inside === 0, patienceMs);
      await fn();
    } finally {
      this.#closed = undefined;
      open();
    }
  }
}
