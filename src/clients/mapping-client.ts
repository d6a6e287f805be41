/** The client of a map: commands go to the hosts of their keys, and answer with RbPromises. */

import type { CommandSpec } from '../commands/command-spec.js';
import { rawSpec } from '../commands/command-spec.js';
import type { RedisArgument, RespVersions, TypeMapping } from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import type { CallOptions } from '../options.js';
import { resolveCallOptions } from '../options.js';
import { RbPromise, settleRejected } from '../promise/rb-promise.js';
import { CommandClient, attachCommands, hostOf, routesByKey, sendTo } from './command-client.js';
import { refusedCommand } from './command-error.js';
import type { MappedCommands } from './command-methods.js';
import type { CommandWriter, RawArgument } from './command-writer.js';
import { joinSession } from './join.js';
import { type ReplyMapping, replyMapping } from './reply-mapping.js';
import type { Session } from './session.js';
import { CommandPromise } from './sinks.js';

const GET = rawSpec('GET', []);
const SET = rawSpec('SET', []);

// The commands are attached to the prototype below; here are their types.
export interface MappingClient<
  RESP extends RespVersions = 3,
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  TM extends TypeMapping = {},
> extends MappedCommands<RESP, TM> {}

/**
 * Sends each command to the host of its key, all hosts at once, and answers with an
 * {@link RbPromise} that has its value when the map has been joined.
 *
 * Neighbouring `GET`s to one host are merged into an `MGET`, neighbouring `SET`s without options
 * into an `MSET`, unless `autoBatch` is off.
 */
export class MappingClient<RESP extends RespVersions, TM extends TypeMapping> extends CommandClient {
  readonly #session: Session;
  readonly #mapping: ReplyMapping;

  /** @internal */
  constructor(session: Session, mapping: ReplyMapping) {
    super();
    this.#session = session;
    this.#mapping = mapping;
  }

  /**
   * Sends any command, by its name; the reply is what the decoder makes of it.
   *
   * @example
   * await cluster.map((client) => client.executeCommand('SET', 'key', 'value'));
   */
  executeCommand(name: string, ...args: RawArgument[]): RbPromise<unknown> {
    return this.runRaw(name, args) as RbPromise<unknown>;
  }

  /** A client of the same map whose replies have other types. */
  withTypeMapping<M extends TypeMapping>(typeMapping: M): MappingClient<RESP, M> {
    return new MappingClient(this.#session, replyMapping(this.#mapping.protocol, typeMapping));
  }

  /**
   * Waits for everything that is outstanding; the client stays usable.
   *
   * @throws (rejects) the reason of an unhandled failure, or a `MapError` for several; a
   * `TimeoutError` at the deadline; `signal.reason` when aborted.
   */
  join(options?: Pick<CallOptions, 'timeout' | 'signal'>): Promise<void> {
    try {
      return joinSession(this.#session, resolveCallOptions(options, ['timeout', 'signal']));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Rejects every unanswered command with a `CancelledError`. Unsent work is withdrawn; the replies
   * to what was sent are dropped. Cancelled commands count as handled.
   */
  cancel(): void {
    this.#session.cancel();
  }

  /** Joins. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.join();
  }

  protected override issue(command: CommandWriter, spec: CommandSpec): RbPromise<unknown> {
    const session = this.#session;
    session.assertOpen();
    const hostId = hostOf(session.backend, command, spec);
    const promise = this.#promise<unknown>(spec);
    sendTo(session.dispatch, hostId, command, { spec, sink: promise });
    return promise;
  }

  protected override refuse(error: unknown, command: string | undefined): RbPromise<never> {
    const session = this.#session;
    const promise = new RbPromise<never>(session, session.nextSequence());
    settleRejected(promise, refusedCommand(error, command));
    return promise;
  }

  #promise<T>(spec: CommandSpec): CommandPromise<T> {
    const session = this.#session;
    return new CommandPromise<T>(session, session.nextSequence(), spec, this.#mapping);
  }

  /** The short way of a plain GET or SET; undefined if it has to go the long way. */
  #quick(
    spec: CommandSpec,
    key: unknown,
    value?: string | Uint8Array,
  ): RbPromise<unknown> | undefined {
    if (typeof key !== 'string' && !(key instanceof Uint8Array)) return undefined;
    const session = this.#session;
    try {
      session.assertOpen();
      const router = session.backend.getRouter();
      if (!routesByKey(router)) return undefined;
      const lane = session.dispatch.lane(router.getHostForKey(key));
      const promise = this.#promise<unknown>(spec);
      if (value === undefined) lane.appendGet(key, promise);
      else lane.appendSet(key, value, promise);
      return promise;
    } catch (error) {
      return this.refuse(error, spec.name);
    }
  }

  static {
    const { prototype } = MappingClient as { prototype: MappingClient<3> };
    attachCommands(MappingClient);
    const { get, set } = prototype;
    define(prototype, 'get', function (this: MappingClient<3>, ...args: unknown[]) {
      const quick = args.length === 1 ? this.#quick(GET, args[0]) : undefined;
      return quick ?? Reflect.apply(get, this, args);
    });
    define(prototype, 'set', function (this: MappingClient<3>, ...args: unknown[]) {
      const value = args[2] === undefined ? plainValue(args[1]) : undefined;
      const quick = value === undefined ? undefined : this.#quick(SET, args[0], value);
      return quick ?? Reflect.apply(set, this, args);
    });
    define(prototype, 'mGet', function (this: MappingClient<3>, keys: unknown) {
      return this.#gather(keys);
    });
    define(prototype, 'mSet', function (this: MappingClient<3>, pairs: unknown) {
      return this.#scatter(pairs);
    });
  }

  /** `MGET` over all hosts: the values in the order of the keys. */
  #gather(keys: unknown): RbPromise<unknown> {
    const list = Array.isArray(keys) ? (keys as RedisArgument[]) : [keys as RedisArgument];
    if (list.length === 0) return this.refuse(nothingGiven('MGET', 'key'), 'MGET');
    return RbPromise.all(list.map((key) => this.get(key)));
  }

  /** `MSET` over all hosts: not atomic, as it is on one. */
  #scatter(pairs: unknown): RbPromise<unknown> {
    let list;
    try {
      list = readPairs(pairs);
    } catch (error) {
      return this.refuse(error, 'MSET');
    }
    return RbPromise.all(list.map(([key, value]) => this.set(key, value))).then(() => 'OK');
  }
}

function define(prototype: object, name: string, value: (...args: never[]) => unknown): void {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** The value of a SET as it is sent; undefined if it is none. */
function plainValue(value: unknown): string | Uint8Array | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** The forms that `mSet` takes: a record, a list of pairs, or a flat list. */
function readPairs(pairs: unknown): [RedisArgument, RedisArgument][] {
  const flat = Array.isArray(pairs)
    ? (pairs as unknown[]).flat()
    : Object.entries((pairs ?? {}) as object).flat();
  if (flat.length === 0) throw nothingGiven('MSET', 'pair');
  if (flat.length % 2 === 1) {
    throw new MisuseError('RB_INVALID_ARGUMENT', 'MSET needs a value for each key');
  }
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] as RedisArgument,
    flat[2 * i + 1] as RedisArgument,
  ]);
}

function nothingGiven(command: string, what: string): MisuseError {
  return new MisuseError('RB_INVALID_ARGUMENT', `${command} needs at least one ${what}`);
}
