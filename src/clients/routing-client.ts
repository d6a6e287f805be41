/** The client for everyday use: each command goes to the host of its key, and can be awaited. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RespVersions, TypeMapping } from '../commands/upstream.js';
import { type CallOptions, resolveCallOptions } from '../options.js';
import { type Backend, BACKEND, type ClientCluster } from './backend.js';
import { attachCommands, CommandClient, hostOf, sendTo } from './command-client.js';
import { refusedCommand } from './command-error.js';
import type { NativeCommands } from './command-methods.js';
import type { CommandWriter, RawArgument } from './command-writer.js';
import { Dispatch } from './dispatch.js';
import { runCall } from './join.js';
import { MappingClient } from './mapping-client.js';
import { type ReplyMapping, replyMapping } from './reply-mapping.js';
import { Session } from './session.js';
import { NativeSink } from './sinks.js';

/** The options of a routing client. */
export interface RoutingClientOptions {
  /** Whether its maps and fan-outs merge neighbouring `GET`s and `SET`s. Default: true. */
  autoBatch?: boolean | undefined;
}

/** The options of a mapping client that is not bound to one call. */
export type MappingClientOptions = Pick<CallOptions, 'maxConcurrency' | 'autoBatch'>;

const MAP_OPTIONS = ['timeout', 'signal', 'maxConcurrency', 'autoBatch'] as const;

// The commands are attached to the prototype below; here are their types.
export interface RoutingClient<
  RESP extends RespVersions = 3,
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  TM extends TypeMapping = {},
> extends NativeCommands<RESP, TM> {}

/**
 * Sends each command to the host of its one key and answers with a native promise. Commands that
 * are issued in the same tick travel together, whoever issues them; they are never merged.
 *
 * @example
 * const client = cluster.getRoutingClient();
 * await client.set('key', 'value');
 */
export class RoutingClient<RESP extends RespVersions, TM extends TypeMapping> extends CommandClient {
  readonly #backend: Backend<RESP>;
  readonly #autoBatch: boolean;
  #dispatch: Dispatch;
  readonly #mapping: ReplyMapping;

  /** @param cluster the cluster that the commands go to. */
  constructor(cluster: ClientCluster<RESP, TM>, options?: RoutingClientOptions) {
    super();
    const backend = cluster[BACKEND];
    this.#backend = backend;
    this.#autoBatch = resolveCallOptions(options, ['autoBatch']).autoBatch ?? true;
    this.#dispatch = new Dispatch(backend, { autoBatch: false, maxConcurrency: Infinity });
    this.#mapping = replyMapping(backend.protocol, backend.typeMapping);
  }

  /** Sends any command that names exactly one key, by its name; the reply is that of the decoder. */
  executeCommand(name: string, ...args: RawArgument[]): Promise<unknown> {
    return this.runRaw(name, args) as Promise<unknown>;
  }

  /** The same client, with replies of other types. */
  withTypeMapping<M extends TypeMapping>(typeMapping: M): RoutingClient<RESP, M> {
    const backend: Backend<RESP, M> = Object.create(this.#backend, {
      typeMapping: { value: typeMapping },
    });
    const client = new RoutingClient({ [BACKEND]: backend }, { autoBatch: this.#autoBatch });
    // One dispatch for both, so that the order of their commands is kept.
    client.#dispatch = this.#dispatch;
    return client;
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
    callback: (client: MappingClient<RESP, TM>) => T,
    options?: CallOptions,
  ): Promise<Awaited<T>> {
    try {
      const resolved = resolveCallOptions(options, MAP_OPTIONS);
      const session = this.#session(resolved);
      const client = new MappingClient<RESP, TM>(session, this.#mapping);
      return runCall(session, resolved, () => callback(client));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** A mapping client that is not bound to one call: `join()` waits for what it has issued. */
  getMappingClient(options?: MappingClientOptions): MappingClient<RESP, TM> {
    const resolved = resolveCallOptions(options, ['maxConcurrency', 'autoBatch']);
    return new MappingClient<RESP, TM>(this.#session(resolved), this.#mapping);
  }

  #session(options: { maxConcurrency: number; autoBatch: boolean | undefined }): Session {
    const { maxConcurrency, autoBatch = this.#autoBatch } = options;
    return new Session(this.#backend, { maxConcurrency, autoBatch });
  }

  protected override issue(command: CommandWriter, spec: CommandSpec): Promise<unknown> {
    const hostId = hostOf(this.#backend, command, spec);
    const sink = new NativeSink(spec, this.#mapping);
    sendTo(this.#dispatch, hostId, command, { spec, sink });
    return sink.promise;
  }

  protected override refuse(error: unknown, command: string | undefined): Promise<never> {
    return Promise.reject(refusedCommand(error, command) as Error);
  }

  static {
    attachCommands(RoutingClient);
  }
}
