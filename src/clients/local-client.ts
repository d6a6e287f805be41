/** Clients of single hosts: those of `@redis/client` itself, with all that they can do. */

import { isIP } from 'node:net';
import type { RedisClientOptions, RedisClientType } from '@redis/client';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import {
  connectionOptions,
  type ConnectionSettings,
  credentialsOf,
  tryConnection,
} from '../host-connection.js';
import type { HostInfo } from '../hosts.js';
import type { ResolvedPoolOptions } from '../options.js';
import { loadRedisClient } from '../util/load-module.js';
import { backOff } from '../wire/back-off.js';

/* eslint-disable @typescript-eslint/no-empty-object-type -- {} is "none", as in @redis/client */

/**
 * A client of one host, which is a client of `@redis/client`: MULTI, WATCH, Pub/Sub, blocking
 * commands and iterators work on it as there. It connects by itself; `duplicate()` answers another
 * client, connecting too, for whatever occupies a connection. The cluster closes both.
 */
export type LocalClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> = RedisClientType<M, F, S, RESP, TM>;

/** What the local clients of a cluster are made with, beside their host. */
export interface LocalClientOptions<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> {
  readonly pool: ResolvedPoolOptions;
  readonly protocol: RESP;
  readonly typeMapping: TM | undefined;
  readonly modules: M | undefined;
  readonly functions: F | undefined;
  readonly scripts: S | undefined;
}

/** What has to be known of a client to close it. */
interface OpenClient {
  readonly host: HostInfo;
  /** Ends its socket, also before the client has it. */
  readonly abort: AbortController;
}

/** The local clients of a cluster: one for each host, and their duplicates. */
export class LocalClients<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> {
  readonly #options: LocalClientOptions<RESP, TM, M, F, S>;
  readonly #clients = new Map<HostInfo, LocalClient<RESP, TM, M, F, S>>();
  readonly #open = new Map<LocalClient<RESP, TM, M, F, S>, OpenClient>();

  constructor(options: LocalClientOptions<RESP, TM, M, F, S>) {
    this.#options = options;
  }

  /** The one client of a host; a new one if the last was closed. */
  get(host: HostInfo): LocalClient<RESP, TM, M, F, S> {
    const known = this.#clients.get(host);
    if (known?.isOpen === true) return known;
    const abort = new AbortController();
    const client = loadRedisClient().createClient<M, F, S, RESP, TM>(
      clientOptions(host, this.#options, abort.signal),
    );
    this.#clients.set(host, client);
    // The client proper is the prototype of what createClient answers.
    const proper = Object.getPrototypeOf(client) as LocalClient<RESP, TM, M, F, S>;
    this.#adopt(client, proper, { host, abort });
    return client;
  }

  #adopt(
    client: LocalClient<RESP, TM, M, F, S>,
    proper: LocalClient<RESP, TM, M, F, S>,
    open: OpenClient,
  ): void {
    this.#forgetClosed();
    this.#open.set(client, open);
    // While there is no connection, what waits for one fails with the attempt.
    client.on('error', (error: Error) => {
      client._getQueue().flushAll(error);
    });
    this.#adoptDuplicates(proper, open.host);
    client.connect().catch(() => undefined);
  }

  /** What `withTypeMapping` and its like answer inherits from the client proper, this too. */
  #adoptDuplicates(proper: LocalClient<RESP, TM, M, F, S>, host: HostInfo): void {
    const duplicate: (this: object, overrides: object) => unknown = Reflect.get(
      proper,
      'duplicate',
    );
    const duplicateOf = (original: object, overrides: Partial<RedisClientOptions> = {}) => {
      const abort = new AbortController();
      const own = overrides.socket ?? socketOptions(host, this.#options.pool);
      const socket = abortable(own, abort.signal);
      const copy = duplicate.call(original, { ...overrides, socket }) as typeof proper;
      this.#adopt(copy, copy, { host, abort });
      return copy;
    };
    Object.defineProperty(proper, 'duplicate', {
      configurable: true,
      writable: true,
      value(this: object, overrides?: Partial<RedisClientOptions>) {
        return duplicateOf(this, overrides);
      },
    });
  }

  #forgetClosed(): void {
    for (const client of this.#open.keys()) if (!client.isOpen) this.#open.delete(client);
  }

  /** Ends the connections of a host's clients, or of all clients. */
  close(host?: HostInfo): void {
    for (const [client, open] of this.#open) {
      if (host !== undefined && open.host !== host) continue;
      this.#open.delete(client);
      if (client.isOpen) client.destroy();
      // A socket that is still connecting is nobody's yet.
      open.abort.abort();
    }
    if (host === undefined) this.#clients.clear();
    else this.#clients.delete(host);
  }
}

function clientOptions<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
>(
  host: HostInfo,
  options: LocalClientOptions<RESP, TM, M, F, S>,
  signal: AbortSignal,
): RedisClientOptions<M, F, S, RESP, TM> {
  const { pool, protocol, typeMapping, modules, functions, scripts } = options;
  return {
    RESP: protocol,
    database: host.db,
    socket: abortable(socketOptions(host, pool), signal),
    commandOptions: commandOptions(typeMapping),
    credentialsProvider: provider(host, { ...pool, protocol }),
    ...(pool.clientName !== undefined && { name: pool.clientName }),
    ...(modules && { modules }),
    ...(functions && { functions }),
    ...(scripts && { scripts }),
  };
}

type CommandOptions<TM extends TypeMapping> = NonNullable<
  RedisClientOptions<RedisModules, RedisFunctions, RedisScripts, RespVersions, TM>['commandOptions']
>;

function commandOptions<TM extends TypeMapping>(typeMapping: TM | undefined): CommandOptions<TM> {
  const options: { timeout: number | undefined } & Omit<CommandOptions<TM>, 'timeout'> = {
    // Theirs is 5 seconds, but a blocking command takes its time.
    timeout: undefined,
    ...(typeMapping && { typeMapping }),
  };
  return options as CommandOptions<TM>;
}

type CredentialsProvider = NonNullable<RedisClientOptions['credentialsProvider']>;

/**
 * The login, once a connection of our own was let in with it. `@redis/client` writes waiting
 * commands behind its login and `SELECT` without looking at their answers: where those fail, the
 * commands would run as another user, or in another database.
 */
function provider(host: HostInfo, settings: ConnectionSettings): CredentialsProvider {
  return {
    type: 'async-credentials-provider',
    credentials: async () => {
      const login = await credentialsOf(host);
      const options = connectionOptions(host, settings);
      if (login !== undefined || host.db !== 0) {
        const handshake = { ...options.handshake, credentials: () => login };
        await tryConnection({ ...options, handshake });
      }
      if (login === undefined) return {};
      const { username, password } = login;
      if (username === undefined) return { password };
      // Without a password it would not log in at all; a user that needs none takes any.
      return { username, password: password === '' ? 'none' : password };
    },
  };
}

type SocketOptions = NonNullable<RedisClientOptions['socket']>;

function socketOptions(host: HostInfo, pool: ResolvedPoolOptions): SocketOptions {
  const shared = {
    connectTimeout: pool.connectTimeout,
    reconnectStrategy: (retries: number) => backOff(pool.reconnect, retries),
  };
  if (host.unixSocketPath !== undefined) return { ...shared, path: host.unixSocketPath };
  const tcp = {
    ...shared,
    host: host.host,
    port: host.port,
    keepAlive: pool.keepAlive !== false,
    // Node rounds down to seconds, and none stands for the system's own two hours.
    ...(pool.keepAlive !== false && { keepAliveInitialDelay: Math.max(pool.keepAlive, 1000) }),
  };
  if (!host.ssl) return tcp;
  // The name that the server is asked for; an IP address must not be one (RFC 6066, section 3).
  const servername = isIP(host.host) === 0 ? host.host : '';
  return { servername, ...host.sslOptions, ...tcp, tls: true };
}

/** The options of a socket that a signal ends; the types do not tell that every kind takes one. */
function abortable(options: SocketOptions, signal: AbortSignal): SocketOptions {
  return Object.assign({ ...options }, { signal });
}
