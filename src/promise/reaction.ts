/** What waits for a promise to settle. `P` is the class of the promise. */

import { MisuseError } from '../errors.js';

/** A user's callback, whatever the type of its argument. */
export type Callback = (argument: unknown) => unknown;

/** What `done` and `then` attach; of `then` there is a derived promise. */
export interface UserReaction<P> {
  readonly onSuccess: Callback | undefined;
  readonly onFailure: Callback | undefined;
  readonly derived: P | undefined;
}

/** What the library attaches itself; answers the promise that it settled, whose callbacks are due. */
export type InnerReaction<P> = (source: P) => P | undefined;

export type Reaction<P> = UserReaction<P> | InnerReaction<P>;

/** Whatever is no function counts as no callback, as with native promises. */
export function reactionOf<P>(
  onSuccess: unknown,
  onFailure: unknown,
  derived?: P,
): UserReaction<P> {
  return {
    onSuccess: isCallback(onSuccess) ? onSuccess : undefined,
    onFailure: isCallback(onFailure) ? onFailure : undefined,
    derived,
  };
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
