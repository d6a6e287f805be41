/** The client of a map: commands go to the hosts of their keys, and answer with RbPromises. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import { tooMany } from '../commands/signature.js';
import type {
  RedisArgument,
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import { allOf, type RbPromise } from '../promise/rb-promise.js';
import { optionError } from '../util/option-error.js';
import type { Text } from '../util/text.js';
import { describeType, isRecord } from '../util/validate.js';
import { defineMethod, hostOf, sendTo } from './command-client.js';
import type { AddedCommands, MappedCommands } from './command-methods.js';
import type { CommandWriter } from './command-writer.js';
import { ISSUE, ISSUE_PLAIN, MAPPING, NEW_PROMISE, REFUSE, RUN_RAW, SESSION } from './members.js';
import {
  assertKey,
  hostOfPlain,
  plainValue,
  sendPlain,
  shortenPlainMethods,
  wrongArgument,
} from './plain-commands.js';
import { givenMapping, type ReplyMapping } from './reply-mapping.js';
import type { Session } from './session.js';
import { SessionClient } from './session-client.js';

/* eslint-disable @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars,
   @typescript-eslint/no-unsafe-declaration-merging -- the commands are attached to the prototype; an
   interface that is merged with the class has their types, and must have the class's parameters */

/** A mapping client with the commands that were added to the cluster. */
export type ExtendedMappingClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> = MappingClient<RESP, TM, M, F, S> &
  AddedCommands<'mapped', { RESP: RESP; TM: TM; M: M; F: F; S: S }>;

export interface MappingClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> extends MappedCommands<RESP, TM> {
  /**
   * Gets the values of keys on all hosts, in the order of the keys: a `GET` for each of them, which
   * `autoBatch` merges by host.
   */
  mGet: MappedCommands<RESP, TM>['mGet'];
  /**
   * Sets keys on all hosts: a `SET` for each of them, which `autoBatch` merges by host. It is not
   * atomic: where some hosts fail, the keys of the others are set.
   */
  mSet: MappedCommands<RESP, TM>['mSet'];
}

/**
 * Sends each command to the host of its key, all hosts at once, and answers with an
 * {@link RbPromise}: settled when its reply comes, at the latest when the map ends.
 *
 * Neighbouring `GET`s to one host are merged into an `MGET`, neighbouring `SET`s without options
 * into an `MSET`, unless `autoBatch` is off. `mGet` and `mSet` work over all hosts.
 *
 * @example
 * const cities = await cluster.map((client) => client.mGet(['city:fr', 'city:pe']));
 */
export class MappingClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> extends SessionClient {
  private constructor(session: Session, mapping: ReplyMapping) {
    super(session, mapping);
  }

  /** @internal */
  static open<
    RESP extends RespVersions,
    TM extends TypeMapping,
    M extends RedisModules,
    F extends RedisFunctions,
    S extends RedisScripts,
  >(session: Session, mapping: ReplyMapping): ExtendedMappingClient<RESP, TM, M, F, S> {
    return new MappingClient(session, mapping) as ExtendedMappingClient<RESP, TM, M, F, S>;
  }

  /**
   * Sends any command, by its name; the reply is what the decoder makes of it.
   *
   * @example
   * await cluster.map((client) => client.executeCommand('SET', 'key', 'value'));
   */
  executeCommand(name: string, ...args: RawArgument[]): RbPromise<unknown> {
    return this[RUN_RAW](name, args) as RbPromise<unknown>;
  }

  /**
   * A client of the same map whose replies have other types.
   *
   * @example
   * await cluster.map((client) =>
   *   client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get('image'),
   * );
   */
  withTypeMapping<T extends TypeMapping>(typeMapping: T): ExtendedMappingClient<RESP, T, M, F, S> {
    const mapping = givenMapping(this[MAPPING].protocol, typeMapping);
    return MappingClient.open(this[SESSION], mapping);
  }

  /** @internal */
  protected override [ISSUE](command: CommandWriter, spec: CommandSpec): RbPromise<unknown> {
    const session = this[SESSION];
    session.assertOpen();
    const lane = session.dispatch.lane(hostOf(session.backend, command, spec));
    const promise = this[NEW_PROMISE]<unknown>(spec);
    sendTo(lane, command, promise);
    return promise;
  }

  /** @internal */
  [ISSUE_PLAIN](spec: CommandSpec, key: Text, value?: Text): RbPromise<unknown> {
    const session = this[SESSION];
    try {
      session.assertOpen();
      const lane = session.dispatch.lane(hostOfPlain(session.backend, spec, key, value));
      const promise = this[NEW_PROMISE]<unknown>(spec);
      sendPlain(lane, promise, key, value);
      return promise;
    } catch (error) {
      return this[REFUSE](error, spec.name);
    }
  }

  static {
    const { prototype } = MappingClient as { prototype: MappingClient };
    shortenPlainMethods(prototype);
    defineMethod(prototype, 'mGet', function (this: MappingClient, ...args: unknown[]) {
      return this.#gather(args);
    });
    defineMethod(prototype, 'mSet', function (this: MappingClient, ...args: unknown[]) {
      return this.#scatter(args);
    });
  }

  /** `MGET` over all hosts: the values in the order of the keys. */
  #gather(args: readonly unknown[]): RbPromise<unknown> {
    let list;
    try {
      this[SESSION].assertOpen();
      assertSingle('MGET', args);
      list = readKeys(args[0]);
    } catch (error) {
      return this[REFUSE](error, 'MGET');
    }
    return allOf(list.map((key) => get.call(this, key)));
  }

  /** `MSET` over all hosts: not atomic, as it is on one. */
  #scatter(args: readonly unknown[]): RbPromise<unknown> {
    let list;
    try {
      this[SESSION].assertOpen();
      assertSingle('MSET', args);
      list = readPairs(args[0]);
    } catch (error) {
      return this[REFUSE](error, 'MSET');
    }
    const all = allOf(list.map(([key, value]) => set.call(this, key, value)));
    // Of none there is no reply.
    if (list.length === 0) return all.then(() => okOf(this[MAPPING]));
    return all.then((replies) => (replies as unknown[]).at(-1));
  }
}

/** The client's own, whatever scripts and modules a user has named so. */
const { get, set } = (MappingClient as { prototype: MappingClient }).prototype;

function assertSingle(name: string, { length }: readonly unknown[]): void {
  if (length > 1) throw optionError(tooMany(length, 1), name);
}

/** The keys of an `mGet`, every one of them checked before the first is asked for. */
function readKeys(keys: unknown): RedisArgument[] {
  // A copy, which has no holes.
  const list: unknown[] = Array.isArray(keys) ? Array.from(keys as unknown[]) : [keys];
  list.forEach((key, index) => assertKey('MGET', index + 1, key));
  return list as RedisArgument[];
}

/** The forms that `mSet` takes: a record, a list of pairs, or a flat list. Checked as a whole. */
function readPairs(pairs: unknown): [RedisArgument, RedisArgument][] {
  if (!Array.isArray(pairs) && !isRecord(pairs)) {
    throw wrongArgument(
      'MSET',
      1,
      `the pairs must be a list or a record, got ${describeType(pairs)}`,
    );
  }
  const list: unknown[] = Array.isArray(pairs) ? Array.from(pairs) : Object.entries(pairs);
  const flat = Array.isArray(list[0]) ? list.flatMap(readPair) : list;
  if (flat.length % 2 === 1) throw valueMissing();
  flat.forEach((argument, index) => {
    if (index % 2 === 0) assertKey('MSET', index + 1, argument);
    else if (plainValue(argument) === undefined) {
      throw wrongArgument(
        'MSET',
        index + 1,
        `a value must be a string or bytes, got ${describeType(argument)}`,
      );
    }
  });
  return Array.from({ length: flat.length / 2 }, (_, i) => [
    flat[2 * i] as RedisArgument,
    flat[2 * i + 1] as RedisArgument,
  ]);
}

/** A pair of a list of pairs; `flat` would leave out the holes, and move what is behind them. */
function readPair(pair: unknown): unknown[] {
  if (!Array.isArray(pair) || pair.length !== 2) throw valueMissing();
  return Array.from(pair);
}

function okOf({ simpleAsBuffer }: ReplyMapping): string | Buffer {
  return simpleAsBuffer ? Buffer.from('OK') : 'OK';
}

function valueMissing(): MisuseError {
  return new MisuseError('RB_INVALID_ARGUMENT', 'MSET needs a value for each key');
}
