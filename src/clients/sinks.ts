/**
 * Where replies go: an {@link RbPromise} of a map, or a native promise of the routing client. A
 * sink is the promise itself or the one object that stands beside it.
 */

import { type CommandSpec, rawSpec } from '../commands/command-spec.js';
import { commandForMessage } from '../commands/key-table.js';
import type { HostInfo } from '../hosts.js';
import {
  type JoinScope,
  RbPromise,
  scopeOf,
  settleRejected,
  settleResolved,
} from '../promise/rb-promise.js';
import { Settleable } from '../promise/settleable.js';
import { keepAlive } from '../util/kept.js';
import type { ReplySink } from '../wire/pipeline.js';
import { rejectionOf, unreadableReply } from './command-error.js';
import { ReplyMapping } from './reply-mapping.js';

/** A sink of the clients: it knows which command it is for. */
export interface CommandSink extends ReplySink {
  readonly spec: CommandSpec;
  readonly mapping: ReplyMapping;
  /** Told of a merge, where anybody wants to know: so many commands went out as one. */
  onMerged?(count: number): void;
}

/** What users get for a decoded reply. */
export function transformed(spec: CommandSpec, mapping: ReplyMapping, reply: unknown): unknown {
  const transform = mapping.protocol === 3 ? spec.transform3 : spec.transform2;
  return transform === undefined ? reply : transform(reply, undefined, mapping.typeMapping);
}

/**
 * What the promises of one command have in common, however often a map issues it: one object for
 * all of them, so that each is as small as can be.
 */
export class CommandContext implements JoinScope {
  readonly call: JoinScope;
  readonly spec: CommandSpec;
  readonly mapping: ReplyMapping;
  /** Where the last of them went, if all go to one host. */
  host: HostInfo | undefined = undefined;

  constructor(call: JoinScope, spec: CommandSpec, mapping: ReplyMapping) {
    this.call = call;
    this.spec = spec;
    this.mapping = mapping;
  }

  promiseRejected(promise: RbPromise<unknown>): void {
    this.call.promiseRejected(promise);
  }

  callbackFailed(error: unknown, promise: RbPromise<unknown>): void {
    this.call.callbackFailed(error, promise);
  }
}

/** The promise of a command in a map or fan-out: its scope is a {@link CommandContext}. */
export class CommandPromise<T> extends RbPromise<T> implements CommandSink {
  /**
   * The same as `new CommandPromise(context, sequence)`, which takes 25 ns where this takes 7: V8 looks
   * for the constructors of derived classes each time. So what lies between `Settleable` and this class
   * must have neither constructors nor fields, nor may this class.
   */
  static of<T>(context: CommandContext, sequence: number): CommandPromise<T>;
  static of(): unknown {
    // eslint-disable-next-line prefer-rest-params -- an array would take as long as is saved
    return Reflect.construct(Settleable, arguments, CommandPromise) as unknown;
  }

  get spec(): CommandSpec {
    return contextOf(this).spec;
  }

  get mapping(): ReplyMapping {
    return contextOf(this).mapping;
  }

  /** @internal */
  set host(host: HostInfo) {
    contextOf(this).host = host;
  }

  get isRetryable(): boolean {
    return contextOf(this).spec.isReadOnly;
  }

  onReply(reply: unknown): void {
    const { spec, mapping } = contextOf(this);
    let value: unknown;
    try {
      value = transformed(spec, mapping, reply);
    } catch (error) {
      settleRejected(this, unreadableReply(error, this, contextOf(this).host));
      return;
    }
    settleResolved(this, value);
  }

  onError(error: Error): void {
    settleRejected(this, rejectionOf(error, this.spec.name));
  }
}

function contextOf(promise: CommandPromise<unknown>): CommandContext {
  return scopeOf(promise) as CommandContext;
}

type Settle = (value: unknown) => void;

let resolveOfNext: Settle;
let rejectOfNext: Settle;
/** One executor for all native promises, so that none needs a closure of its own. */
const capture = (resolve: Settle, reject: Settle): void => {
  resolveOfNext = resolve;
  rejectOfNext = reject;
};

/** The sink of a command whose caller awaits a native promise. */
export class NativeSink implements CommandSink {
  readonly promise: Promise<unknown>;
  readonly spec: CommandSpec;
  readonly mapping: ReplyMapping;
  readonly #resolve: Settle;
  readonly #reject: Settle;

  constructor(spec: CommandSpec, mapping: ReplyMapping) {
    this.promise = new Promise(capture);
    this.#resolve = resolveOfNext;
    this.#reject = rejectOfNext;
    this.spec = spec;
    this.mapping = mapping;
  }

  get isRetryable(): boolean {
    return this.spec.isReadOnly;
  }

  onReply(reply: unknown): void {
    try {
      this.#resolve(transformed(this.spec, this.mapping, reply));
    } catch (error) {
      this.#reject(unreadableReply(error, this));
    }
  }

  onError(error: Error): void {
    this.#reject(rejectionOf(error, this.spec.name));
  }
}

/** So many sinks of a batch are looked at before the first of them is answered. */
const LOOK_AHEAD = 64;

/**
 * How many of a group of sinks wait for their answer. They are scattered in memory, and so short a
 * look at each of them lets the processor fetch several at once.
 */
function countPending(sinks: readonly CommandSink[], from: number): number {
  const to = Math.min(from + LOOK_AHEAD, sinks.length);
  let count = 0;
  for (let i = from; i < to; i++) if (sinks[i]!.isPending !== false) count++;
  return count;
}

/** Takes the values of an `MGET` that stands for neighbouring `GET`s. */
export class GetBatch implements ReplySink {
  readonly isRetryable = true;
  readonly elements: number;
  readonly mapping: ReplyMapping;
  readonly #sinks: readonly CommandSink[];
  #arrived = 0;
  /** How many of the group that is answered now have waited for it. */
  #pending = 0;

  constructor(sinks: readonly CommandSink[], mapping: ReplyMapping) {
    this.#sinks = sinks;
    this.elements = sinks.length;
    this.mapping = mapping;
    tellOfMerge(sinks);
  }

  get commands(): number {
    return this.elements - this.#arrived;
  }

  onElement(index: number, value: unknown): void {
    if (this.#mayAnswer(index)) this.#sinks[index]!.onReply(value);
  }

  onElementError(index: number, error: Error): void {
    if (this.#mayAnswer(index)) this.#sinks[index]!.onError(error);
  }

  #mayAnswer(index: number): boolean {
    // It had its value before a connection was lost in the middle of the reply.
    if (index < this.#arrived) return false;
    this.#arrived = index + 1;
    if (index % LOOK_AHEAD === 0) this.#pending = countPending(this.#sinks, index);
    return this.#pending > 0;
  }

  /** Never called: all of the reply is elements. */
  onReply(): void {}

  onError(error: Error): void {
    for (let i = this.#arrived; i < this.elements; i++) this.#sinks[i]!.onError(error);
  }
}

/** Takes the one answer of an `MSET` that stands for neighbouring `SET`s. */
export class SetBatch implements ReplySink {
  readonly isRetryable = false;
  readonly mapping: ReplyMapping;
  readonly #sinks: readonly CommandSink[];

  constructor(sinks: readonly CommandSink[], mapping: ReplyMapping) {
    this.#sinks = sinks;
    this.mapping = mapping;
    tellOfMerge(sinks);
  }

  get commands(): number {
    return this.#sinks.length;
  }

  onReply(reply: unknown): void {
    const sinks = this.#sinks;
    let pending = 0;
    for (let i = 0; i < sinks.length; i++) {
      if (i % LOOK_AHEAD === 0) pending = countPending(sinks, i);
      // What one caller writes into a Buffer is not to be seen by the next.
      if (pending > 0) sinks[i]!.onReply(reply instanceof Buffer ? Buffer.from(reply) : reply);
    }
  }

  onError(error: Error): void {
    for (const sink of this.#sinks) sink.onError(error);
  }
}

function tellOfMerge(sinks: readonly CommandSink[]): void {
  // All of one buffer want to know, or none.
  if (sinks[0]?.onMerged === undefined) return;
  for (const sink of sinks) sink.onMerged?.(sinks.length);
}

/** The name of the commands that these sinks of a client wait for, if all have the same. */
export function commonName(sinks: readonly ReplySink[]): string | undefined {
  const name = sentName(sinks[0]!);
  const isCommon = sinks.every((sink) => sentName(sink) === name);
  return isCommon ? commandForMessage(name) : undefined;
}

function sentName(sink: ReplySink): string {
  if (sink instanceof GetBatch) return 'MGET';
  return sink instanceof SetBatch ? 'MSET' : (sink as CommandSink).spec.name;
}

const NO_CALL: JoinScope = { promiseRejected() {}, callbackFailed() {} };
/** What samples belong to. */
export const SAMPLE = new CommandContext(
  NO_CALL,
  rawSpec('GET', []),
  new ReplyMapping(3, undefined),
);

keepAlive(CommandPromise.of(SAMPLE, 0));
keepAlive(new NativeSink(SAMPLE.spec, SAMPLE.mapping));
keepAlive(new GetBatch([], SAMPLE.mapping));
keepAlive(new SetBatch([], SAMPLE.mapping));
