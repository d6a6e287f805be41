/** The end of a call: when nothing is outstanding, at its deadline, or when it is aborted. */

import { MapError, MisuseError, TimeoutError } from '../errors.js';
import {
  isRbPromise,
  NO_SEQUENCE,
  type RbPromise,
  scopeOf,
  sequenceOf,
} from '../promise/rb-promise.js';
import { isObject, thenOf } from '../promise/thenable.js';
import { hasListeners, MAP_CHANNEL } from '../telemetry/channels.js';
import { traceMap } from '../telemetry/map-tracer.js';
import type { MapOperation } from '../telemetry/traces.js';
import { type AbortWaiter, awaitAbort, stopAwaitingAbort } from '../util/abort-listener.js';
import { clearTimer, startDeadline, type Timer } from '../util/timers.js';
import { describeType } from '../util/validate.js';
import type { Failure, Session } from './session.js';

export interface JoinOptions {
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Waits for everything that a session has outstanding; rejects with its unhandled failures. */
export function joinSession(session: Session, options: JoinOptions): Promise<void> {
  return new Join(session, options).run(() => undefined);
}

/**
 * Runs a callback and joins: resolves to what the callback returned, after everything that was
 * issued in it has its answer. The session is closed afterwards.
 *
 * @param conclude - makes the outcome of that, still within what is traced.
 */
export function runCall<T, R = Awaited<T>>(
  session: Session,
  options: JoinOptions,
  callback: () => T,
  operation: MapOperation,
  conclude?: (result: Awaited<T>) => R,
): Promise<R> {
  const join = new Join(session, options, true);
  const run = (): Promise<R> => {
    const ended = join.run(callback) as Promise<Awaited<T>>;
    return (conclude === undefined ? ended : ended.then(conclude)) as Promise<R>;
  };
  if (!hasListeners(MAP_CHANNEL)) return run();
  return traceMap({ operation, dispatch: session.dispatch, issued: () => join.issued }, run);
}

/** Refuses what cannot be run, before anything is begun. */
export function assertCallback(callback: unknown): void {
  if (typeof callback === 'function') return;
  const given = describeType(callback);
  throw new MisuseError('RB_INVALID_ARGUMENT', `The callback must be a function, got ${given}`);
}

/** Those of a join that has ended. */
const NO_OPTIONS: JoinOptions = { timeout: undefined, signal: undefined };

interface Outcome {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

class Join implements AbortWaiter {
  readonly #session: Session;
  #options: JoinOptions;
  readonly #closesSession: boolean;
  /** How many commands were issued; known when it has ended. */
  issued = 0;
  abortIndex = -1;
  #timer: Timer | undefined;
  /** Ends the call; undefined when it is over. */
  #outcome: Outcome | undefined;
  /** What the callback returned, once that has settled. */
  #result: { readonly value: unknown } | undefined;
  readonly #onIdle = (): void => {
    this.#check();
  };

  constructor(session: Session, options: JoinOptions, closesSession = false) {
    this.#session = session;
    this.#options = options;
    this.#closesSession = closesSession;
    session.kept = this;
  }

  run<T>(callback: () => T): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#outcome = { resolve, reject };
      const { signal } = this.#options;
      if (signal?.aborted === true) {
        this.onAbort();
        return;
      }
      this.#begin();
      this.#call(callback);
    }) as Promise<T>;
  }

  onAbort(): void {
    const reason: unknown = this.#options.signal?.reason;
    this.#stop(reason, () => {
      this.#session.cancel(reason);
    });
  }

  #begin(): void {
    const { timeout, signal } = this.#options;
    this.#session.addIdleListener(this.#onIdle);
    if (signal !== undefined) awaitAbort(signal, this);
    if (timeout !== undefined) {
      const onDeadline = (): void => {
        if (this.#outcome !== undefined) this.#onTimeout(timeout);
      };
      const { dispatch } = this.#session;
      this.#timer = startDeadline(onDeadline, timeout, () => !dispatch.hasUnsent);
    }
  }

  #call(callback: () => unknown): void {
    let result: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      result = callback();
      // Getters of the caller's own may run.
      if (isObject(result) && !isRbPromise(result) && thenOf(result) !== undefined)
        promise = Promise.resolve(result);
    } catch (error) {
      this.#onFailedCallback(error);
      return;
    }
    if (isRbPromise(result)) {
      const settled = (): void => {
        this.#onResult(result);
      };
      result.done(settled, settled);
    } else if (promise !== undefined) {
      promise.then(
        (value) => {
          this.#onResult(value);
        },
        (error: unknown) => {
          this.#onFailedCallback(error);
        },
      );
    } else {
      this.#onResult(result);
    }
  }

  #onResult(value: unknown): void {
    this.#result = { value };
    this.#check();
  }

  #onFailedCallback(error: unknown): void {
    this.#stop(error, () => {
      this.#session.cancel(error);
    });
  }

  #onTimeout(timeout: number): void {
    const { dispatch } = this.#session;
    const hosts = dispatch.silentHosts();
    const noun = hosts.length === 1 ? 'host' : 'hosts';
    const who = hosts.length === 0 ? '' : `; no answer from ${noun} ${hosts.join(', ')}`;
    const error = new TimeoutError(`The call did not end within ${timeout} ms${who}`);
    this.#stop(Object.assign(error, { hosts }), () => {
      this.#session.giveUp((lane) => {
        const { hostId, address } = lane.pool.host;
        return new TimeoutError(`No answer from host ${hostId} (${address}) within ${timeout} ms`);
      });
    });
  }

  /** Ends before everything is answered. */
  #stop(reason: unknown, giveUp: () => void): void {
    const outcome = this.#end();
    if (outcome === undefined) return;
    outcome.reject(reason);
    // Callbacks that run now find the call over: what they would issue is refused.
    giveUp();
    this.#takeStock();
  }

  #check(): void {
    if (!this.#mayEnd) return;
    // Whoever awaits one of the replies goes on before the call is over, and may issue more.
    queueMicrotask(() => {
      process.nextTick(() => {
        if (this.#mayEnd) this.#finish();
      });
    });
  }

  get #mayEnd(): boolean {
    if (this.#outcome === undefined || this.#result === undefined) return false;
    return this.#session.dispatch.isIdle;
  }

  #finish(): void {
    const result = this.#result!.value;
    const { resolve, reject } = this.#end()!;
    const failures = this.#takeStock();
    if (isRbPromise(result) && result.isRejected) {
      failures.push({ sequence: this.#sequenceOf(result), reason: result.reason });
      failures.sort((a, b) => a.sequence - b.sequence);
    }
    if (failures.length > 0) {
      reject(failureOf(eachOnce(failures), this.issued));
      return;
    }
    if (this.#closesSession) this.#session.succeed();
    resolve(isRbPromise(result) ? result.value : result);
  }

  /** The place of a promise's command among those of this call. */
  #sequenceOf(promise: RbPromise<unknown>): number {
    const scope = scopeOf(promise);
    const isOwn = scope === this.#session || scope?.call === this.#session;
    return isOwn ? sequenceOf(promise) : NO_SEQUENCE;
  }

  /** Everything that was issued is settled: answers the failures among it. */
  #takeStock(): Failure[] {
    const session = this.#session;
    this.issued = session.takeIssued();
    if (this.#closesSession) session.end();
    return session.takeFailures();
  }

  /**
   * Keeps nothing of the result, nor of the caller's signal: the session holds on to this object, and
   * so may Node's queue of ticks while the caller issues the next call; a collection that comes then
   * would move all that it leads to.
   */
  #end(): Outcome | undefined {
    const outcome = this.#outcome;
    if (outcome === undefined) return undefined;
    this.#outcome = undefined;
    this.#result = undefined;
    const { signal } = this.#options;
    this.#options = NO_OPTIONS;
    if (this.#closesSession) this.#session.close();
    clearTimer(this.#timer);
    this.#session.removeIdleListener(this.#onIdle);
    if (signal !== undefined) stopAwaitingAbort(signal, this);
    return outcome;
  }
}

/** One command may have failed several promises that were derived from its own, and callbacks. */
function eachOnce(failures: readonly Failure[]): Failure[] {
  return failures.filter(({ sequence, reason }, index) => {
    for (let i = index - 1; failures[i]?.sequence === sequence; i--) {
      if (failures[i]!.reason === reason) return false;
    }
    return true;
  });
}

function failureOf(failures: readonly Failure[], total: number): unknown {
  const reasons = failures.map(({ reason }) => reason);
  if (reasons.length === 1) return reasons[0];
  const failed = new Set(failures.map(({ sequence }) => sequence));
  // A promise of the caller's own that the callback returned: that is no command.
  failed.delete(NO_SEQUENCE);
  return new MapError({ reasons, failed: failed.size, total });
}
