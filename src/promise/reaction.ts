/** What waits for a promise to settle. `P` is the class of the promise. */

import { MisuseError } from '../errors.js';

/** A user's callback, whatever the type of its argument. */
export type Callback = (argument: unknown) => unknown;

/**
 * What the library attaches itself. A method of a class, since V8 throws away code that is optimized
 * for a function when it collects that function: one for each use would have it compiled each time.
 */
export interface Observer<P> {
  /** Answers the promise that it settled, whose callbacks are due. */
  onSettled(source: P): P | undefined;
}

/** What `done` and `then` attach, with a derived promise if it was `then`; or an observer of ours. */
export class Reaction<P> {
  constructor(
    readonly onSuccess: Callback | undefined,
    readonly onFailure: Callback | undefined,
    readonly derived: P | undefined,
    readonly observer?: Observer<P>,
  ) {}
}

/** Whatever is no function counts as no callback, as with native promises. */
export function reactionOf<P>(onSuccess: unknown, onFailure: unknown, derived?: P): Reaction<P> {
  return new Reaction(
    isCallback(onSuccess) ? onSuccess : undefined,
    isCallback(onFailure) ? onFailure : undefined,
    derived,
  );
}

/** May be attached to any number of promises. */
export function reactionFor<P>(observer: Observer<P>): Reaction<P> {
  return new Reaction<P>(undefined, undefined, undefined, observer);
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** @throws MisuseError RB_INVALID_ARGUMENT for what is neither a function nor left out. */
export function assertCallback(value: unknown): void {
  if (value === undefined || value === null || typeof value === 'function') return;
  throw new MisuseError(
    'RB_INVALID_ARGUMENT',
    `a callback must be a function, not ${typeof value}`,
  );
}

/** Two reactions or more of one promise: first in, first out. */
export class ReactionQueue<P> {
  readonly #items: Reaction<P>[];
  #next = 0;

  constructor(...items: Reaction<P>[]) {
    this.#items = items;
  }

  get isEmpty(): boolean {
    return this.#next === this.#items.length;
  }

  push(item: Reaction<P>): void {
    this.#items.push(item);
  }

  /** Removes and answers the oldest, if there is one. */
  take(): Reaction<P> | undefined {
    return this.#items[this.#next++];
  }
}
