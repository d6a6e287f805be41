/** The clients of a fan-out: commands go to the hosts that are named, whatever their keys are. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { BadHostSetup, MisuseError } from '../errors.js';
import type { RbPromise } from '../promise/rb-promise.js';
import { type Key, keyText } from '../util/key.js';
import { isIterable } from '../util/list.js';
import { describeType } from '../util/validate.js';
import { sendTo } from './command-client.js';
import type { AddedCommands, FannedCommands, MappedCommands } from './command-methods.js';
import type { CommandWriter } from './command-writer.js';
import { FanoutPart, Gathering } from './gathering.js';
import { ISSUE, MAPPING, NEW_PROMISE, RUN_RAW, SESSION } from './members.js';
import { givenMapping, type ReplyMapping } from './reply-mapping.js';
import type { Session } from './session.js';
import { SessionClient } from './session-client.js';

/* eslint-disable @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars,
   @typescript-eslint/no-unsafe-declaration-merging -- the commands are attached to the prototype; an
   interface that is merged with the class has their types, and must have the class's parameters */

/** The hosts of a fan-out: their ids, or all that the cluster has when a command is issued. */
export type FanoutHosts = Iterable<number> | 'all';

/** A fan-out client with the commands that were added to the cluster. */
export type ExtendedFanoutClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> = FanoutClient<RESP, TM, M, F, S> &
  AddedCommands<'fanned', { RESP: RESP; TM: TM; M: M; F: F; S: S }>;

/** A client for the host of one key, with the commands that were added to the cluster. */
export type ExtendedKeyTargetClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> = KeyTargetClient<RESP, TM, M, F, S> &
  AddedCommands<'mapped', { RESP: RESP; TM: TM; M: M; F: F; S: S }>;

export interface FanoutClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> extends FannedCommands<RESP, TM> {}

/**
 * Sends each command to all the hosts that it is targeted at, and answers with an `RbPromise` of a
 * Map of the replies by host id. If some hosts fail, the promise is rejected with a `FanoutError`
 * that has the answers of the others.
 *
 * @example
 * const infos = await cluster.all((client) => client.info());
 */
export class FanoutClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> extends SessionClient {
  readonly #hosts: FanoutHosts | undefined;
  readonly #isTargeted: boolean;

  private constructor(
    session: Session,
    mapping: ReplyMapping,
    hosts: FanoutHosts | undefined,
    isTargeted: boolean,
  ) {
    super(session, mapping);
    // An iterable may be good for one pass only.
    this.#hosts = isIterable(hosts) ? [...hosts] : hosts;
    this.#isTargeted = isTargeted;
  }

  /** @internal */
  static open<
    RESP extends RespVersions,
    TM extends TypeMapping,
    M extends RedisModules,
    F extends RedisFunctions,
    S extends RedisScripts,
  >(
    session: Session,
    mapping: ReplyMapping,
    hosts: FanoutHosts | undefined,
    isTargeted = false,
  ): ExtendedFanoutClient<RESP, TM, M, F, S> {
    const client = new FanoutClient(session, mapping, hosts, isTargeted);
    return client as ExtendedFanoutClient<RESP, TM, M, F, S>;
  }

  /**
   * Sends any command, by its name, to the targeted hosts.
   *
   * @example
   * const replies = await cluster.all((client) => client.executeCommand('LATENCY', 'LATEST'));
   */
  executeCommand(name: string, ...args: RawArgument[]): RbPromise<Map<number, unknown>> {
    return this[RUN_RAW](name, args) as RbPromise<Map<number, unknown>>;
  }

  /** The same target, with replies of other types. */
  withTypeMapping<T extends TypeMapping>(typeMapping: T): ExtendedFanoutClient<RESP, T, M, F, S> {
    const mapping = givenMapping(this[MAPPING].protocol, typeMapping);
    return FanoutClient.open(this[SESSION], mapping, this.#hosts, this.#isTargeted);
  }

  /**
   * A client for these hosts. An id that no host has rejects the commands with a `BadHostSetup`.
   *
   * @throws MisuseError RB_ALREADY_TARGETED on a client that was targeted before.
   * @example
   * await cluster.fanout((client) => client.target([0, 1]).set('motd', 'hello'));
   */
  target(hosts: FanoutHosts): ExtendedFanoutClient<RESP, TM, M, F, S> {
    if (this.#isTargeted) throw alreadyTargeted();
    return FanoutClient.open(this[SESSION], this[MAPPING], hosts, true);
  }

  /**
   * A client for the one host that the key lives on. Its commands answer with the reply itself, not
   * with a Map, and may have any keys.
   *
   * @throws MisuseError RB_ALREADY_TARGETED on a client that was targeted before.
   * @example
   * const common = await cluster.fanout((client) => client.targetKey('acme').sInter(['a', 'b']));
   */
  targetKey(key: Key): ExtendedKeyTargetClient<RESP, TM, M, F, S> {
    if (this.#isTargeted) throw alreadyTargeted();
    return KeyTargetClient.open(this[SESSION], this[MAPPING], key);
  }

  /** @internal */
  protected override [ISSUE](
    command: CommandWriter,
    spec: CommandSpec,
  ): RbPromise<Map<number, unknown>> {
    const { [SESSION]: session, [MAPPING]: mapping } = this;
    session.assertOpen();
    const hostIds = hostIdsOf(this.#hosts, session.backend.hosts);
    // Every lane before any command: an unknown host keeps it from being sent at all.
    const lanes = hostIds.map((hostId) => session.dispatch.lane(hostId));
    const hosts = lanes.map(({ pool }) => pool.host);
    const whole = new Gathering<unknown>(session, session.nextSequence(), spec.name, hosts);
    for (const [index, lane] of lanes.entries()) {
      sendTo(lane, command, new FanoutPart(whole, index, { spec, mapping }));
    }
    return whole;
  }
}

export interface KeyTargetClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> extends MappedCommands<RESP, TM> {}

/**
 * Sends each command to the host of one key, whatever keys the command itself has, and answers with
 * an `RbPromise` of the one reply.
 *
 * @example
 * const name = await cluster.fanout((client) => client.targetKey('user:1').get('user:1'));
 */
export class KeyTargetClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> extends SessionClient {
  readonly #key: Key;

  private constructor(session: Session, mapping: ReplyMapping, key: Key) {
    super(session, mapping);
    this.#key = key;
  }

  /** @internal */
  static open<
    RESP extends RespVersions,
    TM extends TypeMapping,
    M extends RedisModules,
    F extends RedisFunctions,
    S extends RedisScripts,
  >(session: Session, mapping: ReplyMapping, key: Key): ExtendedKeyTargetClient<RESP, TM, M, F, S> {
    const client = new KeyTargetClient(session, mapping, key);
    return client as ExtendedKeyTargetClient<RESP, TM, M, F, S>;
  }

  /**
   * Sends any command, by its name, to the host of the key.
   *
   * @example
   * await cluster.fanout((client) => client.targetKey('a').executeCommand('RENAME', 'a', 'b'));
   */
  executeCommand(name: string, ...args: RawArgument[]): RbPromise<unknown> {
    return this[RUN_RAW](name, args) as RbPromise<unknown>;
  }

  /** The same target, with replies of other types. */
  withTypeMapping<T extends TypeMapping>(
    typeMapping: T,
  ): ExtendedKeyTargetClient<RESP, T, M, F, S> {
    const mapping = givenMapping(this[MAPPING].protocol, typeMapping);
    return KeyTargetClient.open(this[SESSION], mapping, this.#key);
  }

  /**
   * Not for this client, which is targeted already.
   *
   * @throws MisuseError RB_ALREADY_TARGETED, always.
   */
  target(_hosts: FanoutHosts): never {
    throw alreadyTargeted();
  }

  /**
   * Not for this client, which is targeted already.
   *
   * @throws MisuseError RB_ALREADY_TARGETED, always.
   */
  targetKey(_key: Key): never {
    throw alreadyTargeted();
  }

  /** @internal */
  protected override [ISSUE](command: CommandWriter, spec: CommandSpec): RbPromise<unknown> {
    const session = this[SESSION];
    session.assertOpen();
    keyText(this.#key);
    const { router } = session.backend.getRouting();
    const lane = session.dispatch.lane(router.getHostForKey(this.#key));
    const promise = this[NEW_PROMISE]<unknown>(spec);
    promise.host = lane.pool.host;
    sendTo(lane, command, promise);
    return promise;
  }
}

function alreadyTargeted(): MisuseError {
  return new MisuseError(
    'RB_ALREADY_TARGETED',
    'This client is targeted already; call target or targetKey on the fan-out client itself',
  );
}

function hostIdsOf(
  hosts: FanoutHosts | undefined,
  known: ReadonlyMap<number, unknown>,
): readonly number[] {
  if (hosts === 'all') return [...known.keys()];
  if (hosts === undefined) {
    throw new BadHostSetup(
      'No host is targeted: name the hosts option of the fan-out, or use target or targetKey',
    );
  }
  if (!isIterable(hosts)) {
    throw new MisuseError(
      'RB_INVALID_ARGUMENT',
      `hosts must be an iterable of host ids or 'all', not ${describeType(hosts)}`,
    );
  }
  return [...new Set(hosts)];
}
