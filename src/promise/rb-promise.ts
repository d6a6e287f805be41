/**
 * RbPromise: a promise that is settled from outside, can be looked into without waiting, and calls
 * its callbacks synchronously.
 */

import { inspect, type InspectOptionsStylized } from 'node:util';
import { keepAlive } from '../util/kept.js';
import { inspectPromise } from './inspect-promise.js';
import { assertCallback, type Observer, reactionFor, reactionOf } from './reaction.js';
import {
  attach,
  inheritScope,
  isSettleable,
  markHandled,
  scopeOf,
  sequenceOf,
  Settleable,
  settleLike,
  settleResolved,
} from './settleable.js';
import { shapeOf } from './shape.js';
import { isObject } from './thenable.js';

/** @internal */
export {
  isHandled,
  markHandled,
  MAX_SEQUENCE,
  NO_SEQUENCE,
  scopeOf,
  sequenceOf,
  settleRejected,
  settleResolved,
} from './settleable.js';
export type { JoinScope } from './settleable.js';

type AnyPromise = Settleable<unknown>;

/** Whether it is an RbPromise. A Proxy is none, and is not asked. @internal */
export function isRbPromise(value: unknown): value is RbPromise<unknown> {
  return isSettleable(value);
}

/**
 * A promise that anyone who holds it can resolve, and whose state is readable at any time.
 *
 * Callbacks run synchronously, in the order in which they were attached: when the promise settles,
 * or at once if it has. One that is attached while another of the same promise runs waits its turn.
 * `await` works as with every `PromiseLike`.
 *
 * A failure that nobody handles never raises `unhandledRejection` by itself. Where the promise is
 * that of a command, the call in which the command was issued rejects.
 *
 * @example
 * ```ts
 * const promise = new RbPromise<string>();
 * promise.done(value => console.log(value));
 * promise.resolve('hello'); // prints hello before it returns
 * promise.value; // 'hello'
 * ```
 */
export class RbPromise<T> extends Settleable<T> implements PromiseLike<T> {
  /** A promise resolved with `value`; one that follows it if it is a promise itself. */
  static resolved(): RbPromise<void>;
  static resolved<T>(value: T): RbPromise<Awaited<T>>;
  static resolved(value?: unknown): RbPromise<unknown> {
    const promise = new RbPromise<unknown>();
    promise.resolve(value);
    return promise;
  }

  /** A promise rejected with `reason`. */
  static rejected<T = never>(reason?: unknown): RbPromise<T> {
    const promise = new RbPromise<T>();
    promise.reject(reason);
    return promise;
  }

  /**
   * One promise for many. It resolves when all of them have, with their values in the same shape:
   * an array keeps its positions, a Map or record its keys. Values that are no promises count as
   * resolved. It is rejected with the first reason to settle, and takes over the duty of handling
   * all of them.
   *
   * @example
   * ```ts
   * const { name, age } = await RbPromise.all({ name: c.get('name'), age: c.get('age') });
   * ```
   * @throws MisuseError RB_INVALID_ARGUMENT for what is no iterable, Map or record; and whatever
   * the iterable throws.
   */
  static all<V extends readonly unknown[] | []>(
    values: V,
  ): RbPromise<{ -readonly [I in keyof V]: Awaited<V[I]> }>;
  static all<K, V>(values: ReadonlyMap<K, V>): RbPromise<Map<K, Awaited<V>>>;
  static all<V>(values: Iterable<V>): RbPromise<Awaited<V>[]>;
  static all<R extends object & { readonly then?: never }>(
    values: R,
  ): RbPromise<{ -readonly [K in keyof R]: Awaited<R[K]> }>;
  static all(values: unknown): RbPromise<unknown> {
    const { members, build } = shapeOf(values);
    return allOf(members, build);
  }

  /**
   * Attaches callbacks and returns this very promise. What they return is ignored. One that throws
   * is a failure of the call that the promise belongs to; without a call it is thrown in a task of
   * its own. A failure callback handles the failure, a success callback alone does not.
   *
   * @example
   * ```ts
   * await cluster.map((client) => {
   *   client.get('key').done((value) => console.log(value));
   * });
   * ```
   * @throws MisuseError RB_INVALID_ARGUMENT if something is given that is no function.
   */
  done(
    onSuccess?: ((value: T) => unknown) | null,
    onFailure?: ((reason: unknown) => unknown) | null,
  ): this {
    assertCallback(onSuccess);
    assertCallback(onFailure);
    if (onFailure) markHandled(this);
    if (onSuccess || onFailure) attach(this, reactionOf<AnyPromise>(onSuccess, onFailure));
    return this;
  }

  /**
   * A new promise for what the callback returns; without a callback for the outcome, it settles as
   * this one does. A callback that throws rejects it. The duty of handling a failure passes on to
   * the new promise.
   *
   * @example
   * ```ts
   * const total = await cluster.map((client) => client.get('total').then(Number));
   * ```
   */
  then<R1 = T, R2 = never>(
    onSuccess?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onFailure?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): RbPromise<R1 | R2> {
    const derived = new RbPromise<R1 | R2>(scopeOf(this), sequenceOf(this));
    markHandled(this);
    attach(this, reactionOf<AnyPromise>(onSuccess, onFailure, derived));
    return derived;
  }

  /**
   * `then` with a callback for the failure alone.
   *
   * @example
   * ```ts
   * const value = await cluster.map((client) => client.get('key').catch(() => null));
   * ```
   */
  catch<R = never>(onFailure?: ((reason: unknown) => R | PromiseLike<R>) | null): RbPromise<T | R> {
    return this.then(undefined, onFailure);
  }

  /**
   * A new promise that settles as this one does, after the callback has run and the promise that
   * it may return has resolved. A callback that throws, or whose promise is rejected, rejects it.
   * The callback gets no argument. The duty of handling a failure passes on to the new promise.
   */
  finally(onSettled?: (() => unknown) | null): RbPromise<T> {
    if (typeof onSettled !== 'function') return this.then();
    return this.then(
      (value) => after(onSettled(), () => value),
      (reason) =>
        after(onSettled(), () => {
          throw reason;
        }),
    );
  }

  /** @internal */
  [inspect.custom](depth: number | null, options: InspectOptionsStylized): string {
    return inspectPromise(this, depth, options);
  }
}

// As messages about wrong arguments name it. Declared as a member it would make TypeScript take an
// RbPromise for a native promise.
Object.defineProperty(RbPromise.prototype, Symbol.toStringTag, {
  value: 'RbPromise',
  configurable: true,
});

/** What `pass` answers, once `result` has resolved. */
function after<R>(result: unknown, pass: () => R): R | RbPromise<R> {
  return isObject(result) ? RbPromise.resolved(result).then(pass) : pass();
}

/**
 * One promise for many, as `RbPromise.all` makes it of an array that is its own. The values take the
 * places of their promises: from an array that lives longer than they, promises would live on.
 *
 * @internal
 */
export function allOf(
  members: unknown[],
  build: (values: unknown[]) => unknown = (values) => values,
): RbPromise<unknown> {
  const joint = new Joint(members, build);
  joint.observe();
  return joint.whole;
}

class Joint implements Observer<AnyPromise> {
  readonly whole = new RbPromise<unknown>();
  readonly #members: unknown[];
  readonly #build: (values: unknown[]) => unknown;
  /** One more than are pending, until all have been looked at. */
  #pending = 1;

  constructor(members: unknown[], build: (values: unknown[]) => unknown) {
    this.#members = members;
    this.#build = build;
  }

  observe(): void {
    const members = this.#members;
    const reaction = reactionFor<AnyPromise>(this);
    for (let index = 0; index < members.length; index++) {
      const member = members[index];
      if (!isObject(member)) continue;
      const promise = member instanceof RbPromise ? member : RbPromise.resolved(member);
      members[index] = promise;
      markHandled(promise);
      inheritScope(this.whole, promise);
      if (promise.isResolved) continue;
      this.#pending++;
      // Not left to `attach`: amidst the callbacks of a promise it would wait for its turn.
      if (promise.isRejected) settleLike(this.whole, promise);
      else attach(promise, reaction);
    }
    this.#onResolved();
  }

  onSettled(source: AnyPromise): AnyPromise {
    if (source.isRejected) settleLike(this.whole, source);
    else this.#onResolved();
    return this.whole;
  }

  #onResolved(): void {
    if (--this.#pending > 0) return;
    const values = valuesOf(this.#members);
    settleLike(this.whole, holding(this.#build(values)));
  }
}

function valuesOf(members: unknown[]): unknown[] {
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (member instanceof RbPromise) members[index] = member.value;
  }
  return members;
}

/** A promise resolved with the value as it is. */
function holding(value: unknown): RbPromise<unknown> {
  const promise = new RbPromise<unknown>();
  settleResolved(promise, value);
  return promise;
}

const [single, several] = [new RbPromise<unknown>(), new RbPromise<unknown>()];
// A single callback and several are held in different ways.
RbPromise.all([single, several, several]);
new RbPromise<unknown>().resolve(single);
keepAlive(single);
keepAlive(several);
