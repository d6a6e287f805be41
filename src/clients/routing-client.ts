/** The client for everyday use: each command goes to the host of its key, and can be awaited. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import {
  CALL_OPTIONS,
  type CallOptions,
  type CallRules,
  CLIENT_OPTIONS,
  FANOUT_OPTIONS,
  resolveCallOptions,
  ROUTING_OPTIONS,
} from '../options.js';
import type { MapOperation } from '../telemetry/traces.js';
import { copyNote } from '../util/foreign.js';
import type { Text } from '../util/text.js';
import { describeType } from '../util/validate.js';
import { type Backend, BACKEND, type ClientCluster } from './backend.js';
import { CommandClient, hostOf, sendTo } from './command-client.js';
import { refusedCommand } from './command-error.js';
import type { AddedCommands, NativeCommands } from './command-methods.js';
import type { CommandWriter } from './command-writer.js';
import { Dispatch } from './dispatch.js';
import { extendClient } from './extend-client.js';
import { type ExtendedFanoutClient, FanoutClient, type FanoutHosts } from './fanout-client.js';
import { assertCallback, runCall } from './join.js';
import { type ExtendedMappingClient, MappingClient } from './mapping-client.js';
import { ISSUE, ISSUE_PLAIN, REFUSE, RUN_RAW } from './members.js';
import { hostOfPlain, sendPlain, shortenPlainMethods } from './plain-commands.js';
import { givenMapping, ReplyMapping } from './reply-mapping.js';
import { Session } from './session.js';
import { NativeSink } from './sinks.js';

/**
 * The options of a routing client.
 *
 * @example
 * const client = cluster.getRoutingClient({ autoBatch: false });
 */
export interface RoutingClientOptions {
  /** Whether its maps and fan-outs merge neighbouring `GET`s and `SET`s. Default: true. */
  autoBatch?: boolean | undefined;
}

/** The options of a mapping or fan-out client that is not bound to one call. */
export type ClientOptions = Pick<CallOptions, 'maxConcurrency' | 'autoBatch'>;

/** A map or a fan-out that is to be run. */
interface Call {
  readonly operation: MapOperation;
  readonly options: FanoutOptions | undefined;
  readonly takes: CallRules;
}

/**
 * The options of a fan-out.
 *
 * @example
 * await cluster.fanout((client) => client.ping(), { hosts: [0, 3], timeout: 1000 });
 */
export interface FanoutOptions extends CallOptions {
  /**
   * The hosts that commands go to, unless they are targeted: ids, or `'all'`. Default: none, so that
   * every command has to be targeted.
   */
  hosts?: FanoutHosts | undefined;
}

/* eslint-disable @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars,
   @typescript-eslint/no-unsafe-declaration-merging -- the commands are attached to the prototype; an
   interface that is merged with the class has their types, and must have the class's parameters */

/** A routing client with the commands that were added to the cluster. */
export type ExtendedRoutingClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> = RoutingClient<RESP, TM, M, F, S> &
  AddedCommands<'native', { RESP: RESP; TM: TM; M: M; F: F; S: S }>;

export interface RoutingClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> extends NativeCommands<RESP, TM> {}

/**
 * Sends each command to the host of its one key and answers with a native promise. Commands that
 * are issued in the same tick travel together, whoever issues them; they are never merged.
 *
 * @example
 * const client = cluster.getRoutingClient();
 * await client.set('key', 'value');
 */
export class RoutingClient<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> extends CommandClient {
  readonly #backend: Backend<RESP>;
  readonly #autoBatch: boolean;
  #dispatch: Dispatch;
  #mapping: ReplyMapping;
  /** The client of the last call of each kind, so that one is always alive; `util/kept.ts` says why. */
  readonly #kept: { [operation in MapOperation]?: unknown } = {};

  /**
   * The same client as `cluster.getRoutingClient()` answers, which also has the types of the
   * cluster's own scripts, functions and modules.
   *
   * @param cluster - the cluster that the commands go to.
   * @throws MisuseError for what is no cluster, and for an unknown option.
   */
  constructor(cluster: ClientCluster<RESP, TM, M, F, S>, options?: RoutingClientOptions) {
    super();
    const backend = backendOf(cluster);
    this.#backend = backend;
    this.#autoBatch = resolveCallOptions(options, ROUTING_OPTIONS).autoBatch ?? true;
    this.#dispatch = new Dispatch(backend, {
      autoBatch: false,
      maxConcurrency: Infinity,
      isLasting: true,
    });
    this.#mapping = new ReplyMapping(backend.protocol, backend.typeMapping);
    extendClient(this, backend.addedCommands);
  }

  /**
   * Sends any command that names exactly one key, by its name. The reply comes as the server sent
   * it, in the types of the client's type mapping.
   *
   * @throws (rejects) UnroutableCommand if it is unknown, or does not name exactly one key.
   * @example
   * const length = await client.executeCommand('STRLEN', 'key'); // unknown
   */
  executeCommand(name: string, ...args: RawArgument[]): Promise<unknown> {
    return this[RUN_RAW](name, args) as Promise<unknown>;
  }

  /**
   * The same client, with replies of other types; the order of their commands is kept.
   *
   * @example
   * const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
   * const image = await bytes.get('image'); // Buffer | null
   */
  withTypeMapping<T extends TypeMapping>(typeMapping: T): ExtendedRoutingClient<RESP, T, M, F, S> {
    const cluster = { [BACKEND]: this.#backend as Backend<RESP, T> };
    const client = new RoutingClient<RESP, T, M, F, S>(cluster, { autoBatch: this.#autoBatch });
    client.#mapping = givenMapping(this.#backend.protocol, typeMapping);
    // One dispatch for both, so that the order of their commands is kept.
    client.#dispatch = this.#dispatch;
    return client as ExtendedRoutingClient<RESP, T, M, F, S>;
  }

  /**
   * Runs the callback with a client whose commands go to all hosts at once, and resolves to what
   * the callback returned when every command has its answer.
   *
   * @throws (rejects) the reason of an unhandled failure, a `MapError` for several, a
   * `TimeoutError`, `signal.reason`, or what the callback threw.
   * @example
   * const values = await client.map((c) => RbPromise.all(keys.map((key) => c.get(key))));
   */
  map<T>(
    callback: (client: ExtendedMappingClient<RESP, TM, M, F, S>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    return this.#run({ operation: 'map', options, takes: CALL_OPTIONS }, callback, (session) =>
      this.#mappingClient(session),
    );
  }

  /**
   * Runs the callback with a client whose commands go to the hosts that are named, whatever their
   * keys are, and resolves as {@link map} does.
   *
   * @throws (rejects) as {@link map}; the reason of a command that failed on some hosts is a
   * `FanoutError`.
   * @example
   * const sizes = await client.fanout((c) => c.dbSize(), { hosts: [0, 1] });
   */
  fanout<T>(
    callback: (client: ExtendedFanoutClient<RESP, TM, M, F, S>) => T,
    options?: FanoutOptions,
  ): Promise<Awaited<T>> {
    const call = { operation: 'fanout', options, takes: FANOUT_OPTIONS } as const;
    return this.#run(call, callback, (session) => this.#fanoutClient(session, options?.hosts));
  }

  /**
   * A {@link fanout} to all hosts.
   *
   * @throws (rejects) as {@link fanout}.
   * @example
   * const infos = await client.all((c) => c.info());
   */
  all<T>(
    callback: (client: ExtendedFanoutClient<RESP, TM, M, F, S>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    return this.#run({ operation: 'all', options, takes: CALL_OPTIONS }, callback, (session) =>
      this.#fanoutClient(session, 'all'),
    );
  }

  #run<C, T>(
    { operation, options, takes }: Call,
    callback: (client: C) => T,
    open: (session: Session) => C,
  ): Promise<Awaited<T>> {
    try {
      const resolved = resolveCallOptions(options, takes);
      assertCallback(callback);
      const session = this.#session(resolved);
      const client = open(session);
      this.#kept[operation] = client;
      return runCall(session, resolved, () => callback(client), operation);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A mapping client that is not bound to one call: `join()` waits for what it has issued, and tells
   * of failures that nobody handled.
   *
   * @throws MisuseError for an unknown option.
   * @example
   * const mapping = client.getMappingClient();
   * const visits = mapping.incr('visits');
   * await mapping.join({ timeout: 1000 });
   * console.log(visits.value);
   */
  getMappingClient(options?: ClientOptions): ExtendedMappingClient<RESP, TM, M, F, S> {
    return this.#mappingClient(this.#session(resolveCallOptions(options, CLIENT_OPTIONS)));
  }

  /**
   * A fan-out client that is not bound to one call. Await its promises, or `join()`.
   *
   * @throws MisuseError for an unknown option.
   * @example
   * const pongs = await client.getFanoutClient('all').ping();
   */
  getFanoutClient(
    hosts?: FanoutHosts,
    options?: ClientOptions,
  ): ExtendedFanoutClient<RESP, TM, M, F, S> {
    return this.#fanoutClient(this.#session(resolveCallOptions(options, CLIENT_OPTIONS)), hosts);
  }

  #mappingClient(session: Session): ExtendedMappingClient<RESP, TM, M, F, S> {
    return MappingClient.open(session, this.#mapping);
  }

  #fanoutClient(
    session: Session,
    hosts: FanoutHosts | undefined,
  ): ExtendedFanoutClient<RESP, TM, M, F, S> {
    return FanoutClient.open(session, this.#mapping, hosts);
  }

  #session(options: { maxConcurrency: number; autoBatch: boolean | undefined }): Session {
    const { maxConcurrency, autoBatch = this.#autoBatch } = options;
    return new Session(this.#backend, { maxConcurrency, autoBatch });
  }

  /** @internal */
  protected override [ISSUE](command: CommandWriter, spec: CommandSpec): Promise<unknown> {
    const lane = this.#dispatch.lane(hostOf(this.#backend, command, spec));
    const sink = new NativeSink(spec, this.#mapping);
    sendTo(lane, command, sink);
    return sink.promise;
  }

  /** @internal */
  [ISSUE_PLAIN](spec: CommandSpec, key: Text, value?: Text): Promise<unknown> {
    try {
      const lane = this.#dispatch.lane(hostOfPlain(this.#backend, spec, key, value));
      const sink = new NativeSink(spec, this.#mapping);
      sendPlain(lane, sink, key, value);
      return sink.promise;
    } catch (error) {
      return this[REFUSE](error, spec.name);
    }
  }

  static {
    shortenPlainMethods((RoutingClient as { prototype: RoutingClient }).prototype);
  }

  /** @internal */
  protected override [REFUSE](error: unknown, command: string | undefined): Promise<never> {
    return Promise.reject(refusedCommand(error, command));
  }
}

/** Whatever a program in JavaScript gives as the cluster. */
function backendOf<RESP extends RespVersions, TM extends TypeMapping>(cluster: {
  readonly [BACKEND]: Backend<RESP, TM>;
}): Backend<RESP, TM> {
  const backend = (cluster as Partial<typeof cluster> | null | undefined)?.[BACKEND];
  if (backend !== undefined) return backend;
  const given = describeType(cluster) + copyNote(cluster, 'Cluster');
  throw new MisuseError('RB_INVALID_ARGUMENT', `A routing client takes a Cluster, got ${given}`);
}
