/**
 * The state of an RbPromise: pending, then settled once, from outside or by following another.
 *
 * ```
 *            resolve(value), reject(reason)
 *   pending ---------------------------------> resolved or rejected
 *      |                                          ^
 *      +-- resolve(promise) --> following --------+  as soon as the followed one is
 * ```
 *
 * A map makes one promise for each command, so a promise is one small object: a closure, an array
 * or a native promise comes only with the callbacks that are attached to it. The functions that
 * this file exports see the private state; they are for the library's own use.
 */

import { MisuseError } from '../errors.js';
import { throwInTask } from '../util/timers.js';
import { type Callback, type Observer, Reaction, reactionFor, ReactionQueue } from './reaction.js';
import { callThen, isObject, thenOf, type Then } from './thenable.js';

/**
 * The call that a promise belongs to. It is told of what goes wrong, and looks at its end which
 * promises are still unhandled. Its methods must not throw.
 */
export interface JoinScope {
  /** Where one call has several scopes: what they have in common. It may be a scope itself. */
  readonly call?: object;
  /** The promise was just rejected, its callbacks have not run yet. Told once for each promise. */
  promiseRejected(promise: Settleable<unknown>): void;
  /** A callback given to `done` of this promise threw. */
  callbackFailed(error: unknown, promise: Settleable<unknown>): void;
}

type AnyPromise = Settleable<unknown>;

// The bits of the state. Above them stands the sequence number.
const RESOLVED = 1;
const REJECTED = 2;
const FOLLOWING = 4;
/** A callback of the promise runs, or some still wait while others run that they set off. */
const RUNNING = 8;
const HANDLED = 16;
const SEQUENCE_SHIFT = 5;
const STATE_MASK = (1 << SEQUENCE_SHIFT) - 1;
const SETTLED = RESOLVED | REJECTED;
const LOCKED = SETTLED | FOLLOWING;

/** That of a promise which belongs to no command. @internal */
export const NO_SEQUENCE = -1;
/** The highest place in the order of issue that a promise has room for. @internal */
export const MAX_SEQUENCE = 2 ** (31 - SEQUENCE_SHIFT) - 1;

/** What a promise holds while callbacks wait, unless it is a single one and there is no content. */
class Waiting {
  content: unknown;
  reactions: Reaction<AnyPromise> | ReactionQueue<AnyPromise>;

  constructor(content: unknown, reactions: Reaction<AnyPromise> | ReactionQueue<AnyPromise>) {
    this.content = content;
    this.reactions = reactions;
  }

  /** What is held may be a value of anybody's: a Proxy may throw at the question. */
  static is(held: unknown): held is Waiting {
    try {
      return held instanceof Waiting;
    } catch {
      return false;
    }
  }
}

/**
 * Resolves with the value as it is, without looking for a `then`. Like the next two, it does
 * nothing if the promise is settled or follows another.
 * @internal
 */
export let settleResolved: (promise: AnyPromise, value: unknown) => void;
/** Rejects. @internal */
export let settleRejected: (promise: AnyPromise, reason: unknown) => void;
/** Settles as a settled promise did. @internal */
export let settleLike: (promise: AnyPromise, source: AnyPromise) => void;
/** Whether the duty of handling a failure has ended, or passed on to another promise. @internal */
export let isHandled: (promise: AnyPromise) => boolean;
/** Ends the duty of handling a failure. @internal */
export let markHandled: (promise: AnyPromise) => void;
/**
 * The place in the order of issue of the command that the promise, or its reason, came from; -1 if
 * there is none. A derived promise has that of its parent.
 * @internal
 */
export let sequenceOf: (promise: AnyPromise) => number;
/** Whether it is a promise of ours. A Proxy is none, and is not asked. @internal */
export let isSettleable: (value: unknown) => value is AnyPromise;
/** The call that the promise belongs to. @internal */
export let scopeOf: (promise: AnyPromise) => JoinScope | undefined;
/** Lets a promise without a scope take that of one whose duty it takes over. @internal */
export let inheritScope: (promise: AnyPromise, source: AnyPromise) => void;
/** Attaches a reaction, and performs it if its turn has come. @internal */
export let attach: (promise: AnyPromise, reaction: Reaction<AnyPromise>) => void;

/**
 * RbPromise without its callbacks: settled from outside, once, and looked into at any time.
 *
 * Its private methods are static: for those of instances each object would hold a field more.
 */
export class Settleable<T> {
  // The bits last: who looks at them has both cache lines of the promise fetched.
  #scope: JoinScope | undefined;
  /** The content; while callbacks wait the {@link Waiting} that has it, or the only {@link Reaction}. */
  #held: unknown = undefined;
  #bits: number;

  /** A pending promise. It takes no executor: call `resolve` or `reject` on it. */
  constructor();
  /**
   * A promise of a call. `sequence` is its place in the order of issue, at most {@link MAX_SEQUENCE}.
   *
   * @internal
   */
  constructor(scope: JoinScope | undefined, sequence: number);
  constructor(scope?: JoinScope, sequence: number = NO_SEQUENCE) {
    if (typeof scope === 'function') {
      throw new MisuseError('RB_INVALID_ARGUMENT', 'an RbPromise takes no executor function');
    }
    this.#bits = sequence << SEQUENCE_SHIFT;
    this.#scope = scope;
  }

  /** The value of a resolved promise, else `undefined`. */
  get value(): T | undefined {
    return this.#bits & RESOLVED ? (Settleable.#contentOf(this) as T) : undefined;
  }

  /** The reason of a rejected promise, else `undefined`. */
  get reason(): unknown {
    return this.#bits & REJECTED ? Settleable.#contentOf(this) : undefined;
  }

  /** Whether it has neither value nor reason yet; so too while it follows a pending promise. */
  get isPending(): boolean {
    return (this.#bits & SETTLED) === 0;
  }

  /** Whether it has its value. */
  get isResolved(): boolean {
    return (this.#bits & RESOLVED) !== 0;
  }

  /** Whether it failed. */
  get isRejected(): boolean {
    return (this.#bits & REJECTED) !== 0;
  }

  /**
   * Resolves the promise and runs its callbacks. Given another promise, of any kind, this one
   * follows it: it stays pending until that one settles, and then does the same. To handle the
   * failure of a followed RbPromise becomes the duty of this one.
   *
   * @throws MisuseError RB_ALREADY_SETTLED if it is settled, or follows another already.
   * @throws MisuseError RB_SELF_RESOLUTION if `value` is this promise, or follows it.
   */
  resolve(value: T | PromiseLike<T>): void {
    Settleable.#assertOpen(this);
    if (isObject(value) && #bits in value && Settleable.#waitsFor(value, this))
      throw selfResolution();
    Settleable.#adopt(this, value);
    Settleable.#run(this);
  }

  /**
   * Rejects the promise, with whatever reason, and runs its callbacks.
   *
   * @throws MisuseError RB_ALREADY_SETTLED if it is settled, or follows another already.
   */
  reject(reason?: unknown): void {
    Settleable.#assertOpen(this);
    Settleable.#settle(this, REJECTED, reason);
    Settleable.#run(this);
  }

  static #assertOpen(promise: AnyPromise): void {
    if ((promise.#bits & LOCKED) === 0) return;
    const state = promise.#bits & FOLLOWING ? 'follows another' : 'is settled';
    throw new MisuseError('RB_ALREADY_SETTLED', `the promise ${state} already`);
  }

  /** The value or the reason; while it follows an RbPromise, one that it waits for. */
  static #contentOf(promise: AnyPromise): unknown {
    const held = promise.#held;
    return Waiting.is(held) ? held.content : held;
  }

  static #setContent(promise: AnyPromise, content: unknown): void {
    const held = promise.#held;
    if (held instanceof Waiting) held.content = content;
    else promise.#held = held instanceof Reaction ? new Waiting(content, held) : content;
  }

  /** Sets the outcome. To run the callbacks is left to the caller. */
  static #settle(promise: AnyPromise, state: number, value: unknown): void {
    promise.#bits = (promise.#bits & ~FOLLOWING) | state;
    Settleable.#setContent(promise, value);
    if (state === REJECTED) promise.#scope?.promiseRejected(promise);
  }

  /** Settles with a plain value or follows a promise. To run the callbacks is left to the caller. */
  static #adopt(promise: AnyPromise, value: unknown): void {
    if (!isObject(value)) Settleable.#settle(promise, RESOLVED, value);
    else if (#bits in value) Settleable.#follow(promise, value);
    else Settleable.#adoptObject(promise, value);
  }

  static #adoptObject(promise: AnyPromise, value: object): void {
    let then: Then | undefined;
    try {
      then = thenOf(value);
    } catch (error) {
      Settleable.#settle(promise, REJECTED, error);
      return;
    }
    if (then === undefined) Settleable.#settle(promise, RESOLVED, value);
    else Settleable.#followForeign(promise, value, then);
  }

  static #follow(promise: AnyPromise, other: AnyPromise): void {
    if (Settleable.#waitsFor(other, promise)) {
      Settleable.#settle(promise, REJECTED, selfResolution());
      return;
    }
    other.#bits |= HANDLED;
    if (other.#bits & SETTLED) Settleable.#mirror(promise, other);
    else Settleable.#waitFor(promise, other);
  }

  /** Lets a promise settle as the one that it follows. */
  static readonly #Follower = class implements Observer<AnyPromise> {
    constructor(readonly promise: AnyPromise) {}

    onSettled(source: AnyPromise): AnyPromise {
      Settleable.#mirror(this.promise, source);
      return this.promise;
    }
  };

  static #waitFor(promise: AnyPromise, other: AnyPromise): void {
    promise.#bits |= FOLLOWING;
    Settleable.#setContent(promise, Settleable.#lastFollowed(other));
    Settleable.#attach(other, reactionFor<AnyPromise>(new Settleable.#Follower(promise)));
  }

  static #followForeign(promise: AnyPromise, thenable: object, then: Then): void {
    promise.#bits |= FOLLOWING;
    Settleable.#setContent(promise, undefined);
    const onResolve = (value: unknown): void => {
      Settleable.#adopt(promise, value);
      Settleable.#run(promise);
    };
    const onReject = (reason: unknown): void => {
      Settleable.#settle(promise, REJECTED, reason);
      Settleable.#run(promise);
    };
    callThen(thenable, then, onResolve, onReject);
  }

  static #mirror(promise: AnyPromise, source: AnyPromise): void {
    Settleable.#inherit(promise, source);
    // A reason brings the place of its command along, so that a join can tell commands apart.
    if (source.#bits & REJECTED && isSameCall(source.#scope, promise.#scope)) {
      Settleable.#takeSequence(promise, source);
    }
    Settleable.#settle(promise, source.#bits & SETTLED, Settleable.#contentOf(source));
  }

  static #inherit(promise: AnyPromise, source: AnyPromise): void {
    if (promise.#scope !== undefined || source.#scope === undefined) return;
    promise.#scope = source.#scope;
    Settleable.#takeSequence(promise, source);
  }

  static #takeSequence(promise: AnyPromise, source: AnyPromise): void {
    promise.#bits = (promise.#bits & STATE_MASK) | (source.#bits & ~STATE_MASK);
  }

  /** Whether `promise` is `other`, or follows it: to follow it back would keep both pending for ever. */
  static #waitsFor(promise: AnyPromise, other: AnyPromise): boolean {
    return promise === other || Settleable.#lastFollowed(promise) === other;
  }

  /** The end of the chain of RbPromises that `promise` follows. */
  static #lastFollowed(promise: AnyPromise): AnyPromise {
    let last = promise;
    for (;;) {
      const followed = last.#bits & FOLLOWING ? Settleable.#contentOf(last) : undefined;
      if (followed === undefined) return last;
      last = followed as AnyPromise;
    }
  }

  static #attach(promise: AnyPromise, reaction: Reaction<AnyPromise>): void {
    const held = promise.#held;
    if (held === undefined && (promise.#bits & LOCKED) === 0) {
      promise.#held = reaction;
      return;
    }
    if ((promise.#bits & SETTLED) === 0 && held instanceof Reaction) {
      promise.#held = new Waiting(
        undefined,
        new ReactionQueue<AnyPromise>(held as Reaction<AnyPromise>, reaction),
      );
    } else if (!Waiting.is(held)) promise.#held = new Waiting(held, reaction);
    else if (held.reactions instanceof ReactionQueue) held.reactions.push(reaction);
    else held.reactions = new ReactionQueue(held.reactions, reaction);
    Settleable.#run(promise);
  }

  static #takeReaction(promise: AnyPromise): Reaction<AnyPromise> | undefined {
    const held = promise.#held;
    if (!Waiting.is(held)) return undefined;
    const { content, reactions } = held;
    if (!(reactions instanceof ReactionQueue)) {
      promise.#held = content;
      return reactions;
    }
    const reaction = reactions.take();
    if (reactions.isEmpty) promise.#held = content;
    return reaction;
  }

  /** Whether it has callbacks to run that no one runs already. */
  static #isDue(promise: AnyPromise): boolean {
    const bits = promise.#bits;
    return (bits & SETTLED) !== 0 && (bits & RUNNING) === 0 && Waiting.is(promise.#held);
  }

  /**
   * Runs the callbacks of a settled promise, and those of each promise that they settle as soon as
   * it is settled. Whose callbacks are interrupted by that waits on a list, not on the call stack,
   * so that a chain may have any length.
   */
  static #run(promise: AnyPromise): void {
    if (Settleable.#isDue(promise)) Settleable.#runFrom(promise, Settleable.#takeReaction(promise));
  }

  static #runFrom(promise: AnyPromise, first: Reaction<AnyPromise> | undefined): void {
    let interrupted: AnyPromise[] | undefined;
    let current: AnyPromise | undefined = promise;
    let reaction = first;
    for (; current !== undefined; reaction = current && Settleable.#takeReaction(current)) {
      if (reaction === undefined) {
        current.#bits &= ~RUNNING;
        current = interrupted?.pop();
        continue;
      }
      current.#bits |= RUNNING;
      const next = Settleable.#perform(current, reaction);
      if (next === undefined || !Settleable.#isDue(next)) continue;
      if (!Waiting.is(current.#held)) current.#bits &= ~RUNNING;
      else (interrupted ??= []).push(current);
      current = next;
    }
  }

  /** Performs a reaction to a settled promise; answers the promise that it was to settle. */
  static #perform(promise: AnyPromise, reaction: Reaction<AnyPromise>): AnyPromise | undefined {
    const { derived, observer } = reaction;
    if (observer !== undefined) return observer.onSettled(promise);
    const callback = promise.#bits & RESOLVED ? reaction.onSuccess : reaction.onFailure;
    if (derived === undefined) {
      if (callback !== undefined) Settleable.#callDone(promise, callback);
      return undefined;
    }
    Settleable.#inherit(derived, promise);
    if (callback !== undefined)
      Settleable.#settleBy(derived, callback, Settleable.#contentOf(promise));
    else settleLike(derived, promise);
    return derived;
  }

  static #callDone(promise: AnyPromise, callback: Callback): void {
    try {
      callback(Settleable.#contentOf(promise));
    } catch (error) {
      if (promise.#scope !== undefined) promise.#scope.callbackFailed(error, promise);
      else throwInTask(error);
    }
  }

  /** Settles as the callback decides, unless somebody has settled the promise meanwhile. */
  static #settleBy(promise: AnyPromise, callback: Callback, argument: unknown): void {
    let result: unknown;
    try {
      result = callback(argument);
    } catch (error) {
      if ((promise.#bits & LOCKED) === 0) Settleable.#settle(promise, REJECTED, error);
      return;
    }
    if ((promise.#bits & LOCKED) === 0) Settleable.#adopt(promise, result);
  }

  static {
    settleResolved = (promise, value) => {
      if (promise.#bits & LOCKED) return;
      const held = promise.#held;
      promise.#bits |= RESOLVED;
      if (held instanceof Waiting) {
        held.content = value;
        Settleable.#run(promise);
        return;
      }
      promise.#held = value;
      if (held !== undefined) Settleable.#runFrom(promise, held as Reaction<AnyPromise>);
    };
    settleRejected = (promise, reason) => {
      if (promise.#bits & LOCKED) return;
      Settleable.#settle(promise, REJECTED, reason);
      Settleable.#run(promise);
    };
    settleLike = (promise, source) => {
      if ((promise.#bits & LOCKED) === 0) Settleable.#mirror(promise, source);
    };
    isHandled = (promise) => (promise.#bits & HANDLED) !== 0;
    markHandled = (promise) => {
      promise.#bits |= HANDLED;
    };
    sequenceOf = (promise) => promise.#bits >> SEQUENCE_SHIFT;
    isSettleable = (value): value is AnyPromise => isObject(value) && #bits in value;
    scopeOf = (promise) => promise.#scope;
    inheritScope = (promise, source) => Settleable.#inherit(promise, source);
    attach = (promise, reaction) => Settleable.#attach(promise, reaction);
  }
}

function isSameCall(one: JoinScope | undefined, other: JoinScope | undefined): boolean {
  return (one?.call ?? one) === (other?.call ?? other);
}

function selfResolution(): MisuseError {
  return new MisuseError('RB_SELF_RESOLUTION', 'a promise cannot be resolved with itself');
}
