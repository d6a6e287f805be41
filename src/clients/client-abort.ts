/** How the sockets of a local client are ended, also those that the client does not have yet. */

/**
 * So many listeners are kept: more than one attempt to connect has. Node forgets to take back one
 * of those that a socket leaves with its signal.
 */
const MAX_LISTENERS = 16;

type Listener = (event: Event) => void;

/** An abort signal, as far as sockets make use of one, that its owner aborts. */
export class ClientAbort {
  #isAborted = false;
  readonly #listeners = new Set<Listener>();

  get aborted(): boolean {
    return this.#isAborted;
  }

  addEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#listeners.size <= MAX_LISTENERS) return;
    const [oldest] = this.#listeners;
    this.#listeners.delete(oldest!);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(new Event('abort'));
  }
}
