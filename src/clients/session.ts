/**
 * What the commands of one map or fan-out share: their dispatch, whether they are still taken, and
 * the failures that the join will look at.
 */

import { CancelledError, ClosedError } from '../errors.js';
import {
  isHandled,
  type JoinScope,
  MAX_SEQUENCE,
  type RbPromise,
  sequenceOf,
} from '../promise/rb-promise.js';
import { isInstance } from '../util/foreign.js';
import { atEndOfTick, throwInTask } from '../util/timers.js';
import type { Backend } from './backend.js';
import { Dispatch, type DispatchOptions } from './dispatch.js';
import { warnOfLateFailure } from './late-failure.js';
import type { GiveUpReason } from './lane.js';

/** A failure that nobody handled, or what a callback threw. */
export interface Failure {
  /** The place of its command in the order of issue. */
  readonly sequence: number;
  readonly reason: unknown;
}

/**
 * From here on a join begins to count anew. Not every join does: who still holds a promise of an
 * earlier one may derive others from it, and their places would be those of other commands.
 */
const MANY_ISSUED = MAX_SEQUENCE / 2;

/** So many failures are kept before those that are handled by now are looked for. */
const MIN_KEPT_FAILURES = 1024;

export class Session implements JoinScope {
  readonly backend: Backend;
  readonly dispatch: Dispatch;
  /** Its last join, so that one is always alive; `util/kept.ts` says why. */
  kept: unknown;
  /** Called before everything unanswered is given up: for what is not issued yet. */
  onGiveUp: ((reason: GiveUpReason) => void) | undefined;
  readonly #idleListeners = new Set<() => void>();
  #rejected: RbPromise<unknown>[] = [];
  #keptFailures = MIN_KEPT_FAILURES;
  #thrown: Failure[] = [];
  #issued = 0;
  #reported = 0;
  #isClosed = false;
  #isOver = false;
  /** Whether its call resolved, so that of later failures nobody hears. Once a warning told, false. */
  #tellsOfFailures = false;
  #isCancelling = false;
  /** What commands were cancelled with. Promises derived from theirs may be rejected later. */
  #cancellations: WeakSet<CancelledError> | undefined;

  constructor(backend: Backend, options: DispatchOptions) {
    this.backend = backend;
    this.dispatch = new Dispatch(backend, options);
    this.dispatch.onIdle = () => {
      for (const listener of this.#idleListeners) listener();
    };
  }

  /** How many commands were issued since the last call. */
  takeIssued(): number {
    const issued = this.#issued - this.#reported;
    if (this.#issued > MANY_ISSUED && this.dispatch.isIdle) this.#issued = 0;
    this.#reported = this.#issued;
    return issued;
  }

  /**
   * The place of the next command in the order of issue. Failures of more than `MAX_SEQUENCE`
   * commands between two joins are told in another order.
   */
  nextSequence(): number {
    return this.#issued++;
  }

  assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('This client belongs to a call that has ended');
  }

  /** From now on commands are refused. */
  close(): void {
    this.#isClosed = true;
  }

  /** The call is over: nothing is outstanding, and no join looks for failures any more. */
  end(): void {
    this.#isOver = true;
    this.dispatch.close();
  }

  /** Nothing failed until the end of the call. Of what fails later, and is not handled, a warning tells. */
  succeed(): void {
    this.#tellsOfFailures = true;
  }

  addIdleListener(listener: () => void): void {
    this.#idleListeners.add(listener);
  }

  removeIdleListener(listener: () => void): void {
    this.#idleListeners.delete(listener);
  }

  promiseRejected(promise: RbPromise<unknown>): void {
    const { reason } = promise;
    // Cancelled commands count as handled.
    if (isInstance(reason, CancelledError) && this.#isOwnCancellation(reason)) return;
    if (this.#isOver) {
      if (this.#tellsOfFailures) this.#tellUnlessHandled(promise);
      return;
    }
    this.#rejected.push(promise);
    if (this.#rejected.length > this.#keptFailures) this.#forgetHandled();
  }

  #tellUnlessHandled(promise: RbPromise<unknown>): void {
    atEndOfTick(() => {
      if (!this.#tellsOfFailures || isHandled(promise)) return;
      this.#tellsOfFailures = false;
      warnOfLateFailure(promise.reason);
    });
  }

  #isOwnCancellation(reason: CancelledError): boolean {
    if (this.#isCancelling) (this.#cancellations ??= new WeakSet()).add(reason);
    return this.#cancellations?.has(reason) === true;
  }

  /** Keeps a client that is never joined from holding on to all that ever failed. */
  #forgetHandled(): void {
    this.#rejected = this.#rejected.filter((promise) => !isHandled(promise));
    this.#keptFailures = Math.max(MIN_KEPT_FAILURES, this.#rejected.length * 2);
  }

  callbackFailed(error: unknown, promise: RbPromise<unknown>): void {
    if (this.#isOver) throwInTask(error);
    else this.#thrown.push({ sequence: sequenceOf(promise), reason: error });
  }

  /** The failures since the last call that are unhandled now, in the order of issue. */
  takeFailures(): Failure[] {
    if (this.#rejected.length === 0 && this.#thrown.length === 0) return [];
    const rejected = this.#rejected.filter((promise) => !isHandled(promise));
    const thrown = this.#thrown;
    this.#rejected = [];
    this.#thrown = [];
    return [
      ...rejected.map((promise) => ({ sequence: sequenceOf(promise), reason: promise.reason })),
      ...thrown,
    ].sort((a, b) => a.sequence - b.sequence);
  }

  /** Rejects every unanswered command with a `CancelledError`. */
  cancel(cause?: unknown): void {
    // A callback of what is cancelled may cancel, too.
    const wasCancelling = this.#isCancelling;
    this.#isCancelling = true;
    try {
      const options = cause === undefined ? undefined : { cause };
      this.giveUp(() => new CancelledError('The command was cancelled', options));
    } finally {
      this.#isCancelling = wasCancelling;
    }
  }

  /** Rejects every unanswered command. */
  giveUp(reason: GiveUpReason): void {
    this.onGiveUp?.(reason);
    this.dispatch.giveUp(reason);
  }
}
