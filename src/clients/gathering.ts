/** The one promise of a command that went to several hosts, and the sinks of its parts. */

import type { CommandSpec } from '../commands/command-spec.js';
import { CancelledError, FanoutError, RbError } from '../errors.js';
import type { HostInfo } from '../hosts.js';
import {
  type JoinScope,
  RbPromise,
  settleRejected,
  settleResolved,
} from '../promise/rb-promise.js';
import { isInstance } from '../util/foreign.js';
import { keepAlive } from '../util/kept.js';
import { commandError, rejectionOf, unreadableReply } from './command-error.js';
import type { ReplyMapping } from './reply-mapping.js';
import { type CommandSink, SAMPLE, transformed } from './sinks.js';

/** Resolves to the replies by host id when all hosts have answered. */
export class Gathering<T> extends RbPromise<Map<number, T>> {
  /** @internal */
  readonly hosts: readonly HostInfo[];
  readonly #command: string;
  readonly #values: T[] = [];
  readonly #errors = new Map<number, unknown>();
  #missing: number;

  constructor(scope: JoinScope, sequence: number, command: string, hosts: readonly HostInfo[]) {
    super(scope, sequence);
    this.#command = command;
    this.hosts = hosts;
    this.#missing = hosts.length;
    if (this.#missing === 0) settleResolved(this, new Map());
  }

  /** @internal */
  answer(index: number, value: T): void {
    this.#values[index] = value;
    this.#count();
  }

  /** @internal */
  fail(index: number, error: unknown): void {
    this.#errors.set(index, error);
    this.#count();
  }

  #count(): void {
    if (--this.#missing > 0) return;
    const values = new Map<number, T>();
    const errors = new Map<number, unknown>();
    for (const [index, { hostId }] of this.hosts.entries()) {
      if (this.#errors.has(index)) errors.set(hostId, this.#errors.get(index));
      else values.set(hostId, this.#values[index] as T);
    }
    if (errors.size === 0) settleResolved(this, values);
    else settleRejected(this, this.#reason(errors, values));
  }

  /** One that was cancelled is cancelled as a whole, whatever single hosts have answered. */
  #reason(errors: ReadonlyMap<number, unknown>, values: ReadonlyMap<number, T>): Error {
    const reasons = [...errors.values()];
    const cancelled = reasons.find((error) => isInstance(error, CancelledError));
    if (cancelled === undefined)
      return commandError(new FanoutError(errors, values), this.#command);
    return values.size === 0 && reasons.every(didNotRun) ? cancelled : mayHaveRun(cancelled);
  }
}

function didNotRun(error: unknown): boolean {
  return isInstance(error, RbError) && error.maybeExecuted === false;
}

/** The reason of the whole, where some host may have run its part. */
function mayHaveRun(reason: CancelledError): CancelledError {
  if (reason.maybeExecuted === true) return reason;
  const options = reason.cause === undefined ? undefined : { cause: reason.cause };
  return Object.assign(new CancelledError(reason.message, options), reason, {
    maybeExecuted: true,
  });
}

/** The sink for one host's part of a gathering. */
export class FanoutPart implements CommandSink {
  readonly spec: CommandSpec;
  readonly mapping: ReplyMapping;
  readonly #whole: Gathering<unknown>;
  readonly #index: number;
  #isSettled = false;

  constructor(
    whole: Gathering<unknown>,
    index: number,
    { spec, mapping }: { spec: CommandSpec; mapping: ReplyMapping },
  ) {
    this.#whole = whole;
    this.#index = index;
    this.spec = spec;
    this.mapping = mapping;
  }

  get isRetryable(): boolean {
    return this.spec.isReadOnly;
  }

  onReply(reply: unknown): void {
    if (!this.#settle()) return;
    let value: unknown;
    try {
      value = transformed(this.spec, this.mapping, reply);
    } catch (error) {
      const host = this.#whole.hosts[this.#index];
      this.#whole.fail(this.#index, unreadableReply(error, this, host));
      return;
    }
    this.#whole.answer(this.#index, value);
  }

  onError(error: Error): void {
    if (this.#settle()) this.#whole.fail(this.#index, rejectionOf(error, this.spec.name));
  }

  /** A part counts once, also where a merged command answers twice for it. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    return (this.#isSettled = true);
  }
}

const sample = new Gathering(SAMPLE, 0, '', []);
keepAlive(new FanoutPart(sample, 0, SAMPLE));
