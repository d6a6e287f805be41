/** The local clients of a cluster: how they are made, adopted and closed. */

import { isIP } from 'node:net';
import type { RedisClientOptions } from '@redis/client';
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
  hasLogin,
  tryConnection,
} from '../host-connection.js';
import type { HostInfo } from '../hosts.js';
import type { ResolvedPoolOptions } from '../options.js';
import { loadRedisClient } from '../util/load-module.js';
import { backOff } from '../wire/back-off.js';
import type { Credentials } from '../wire/handshake.js';
import { lookup } from '../wire/lookup.js';
import { ClientAbort } from './client-abort.js';
import { executeCommand, type LocalClient } from './local-client.js';
import { expectRefusal, waitingError } from './local-errors.js';

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

type ClientClass<
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
  RESP extends RespVersions,
  TM extends TypeMapping,
> = new (options: RedisClientOptions<M, F, S, RESP, TM>) => object;

/** What has to be closed with the cluster: a client, or a pool of clients. */
interface Closable {
  readonly isOpen: boolean;
  destroy(): void;
}

/** What has to be known of it to do so. */
interface Opened {
  readonly host: HostInfo;
  /** Ends the socket of a client, also before the client has it. */
  readonly abort?: ClientAbort;
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
  readonly #open = new Map<Closable, Opened>();
  /** That of all hosts' clients: to make it takes `createClient` longer than all else. */
  #Client: ClientClass<M, F, S, RESP, TM> | undefined;

  constructor(options: LocalClientOptions<RESP, TM, M, F, S>) {
    this.#options = options;
  }

  /** The one client of a host; a new one if the last was closed. */
  get(host: HostInfo): LocalClient<RESP, TM, M, F, S> {
    const known = this.#clients.get(host);
    if (known?.isOpen === true) return known;
    const abort = new ClientAbort();
    const client = this.#create(clientOptions(host, this.#options, abort));
    this.#clients.set(host, client);
    this.#adopt(client, properOf(client), { host, abort });
    return client;
  }

  /** As `createClient`, which makes a class for each set of options that it is given. */
  #create(options: RedisClientOptions<M, F, S, RESP, TM>): LocalClient<RESP, TM, M, F, S> {
    if (this.#Client !== undefined) {
      return Object.create(new this.#Client(options)) as LocalClient<RESP, TM, M, F, S>;
    }
    const client = loadRedisClient().createClient<M, F, S, RESP, TM>(options);
    this.#Client = properOf(client).constructor as ClientClass<M, F, S, RESP, TM>;
    return client as LocalClient<RESP, TM, M, F, S>;
  }

  #adopt(
    client: LocalClient<RESP, TM, M, F, S>,
    proper: LocalClient<RESP, TM, M, F, S>,
    opened: Opened,
  ): void {
    this.#forgetClosed();
    this.#open.set(client, opened);
    expectRefusal(client, opened.host);
    client.on('error', (error: Error) => {
      // While there is no connection, what waits for one fails with the attempt.
      client._getQueue().flushAll(waitingError(error, opened.host));
      // Of a WATCH that was answered while it still connected, the client itself knows no better.
      if (client.isWatching) client.setDirtyWatch('The connection was lost after WATCH');
    });
    this.#adoptCopies(proper, opened.host);
    client.connect().catch(() => undefined);
  }

  /** What `withTypeMapping` and its like answer inherits from the client proper, this too. */
  #adoptCopies(proper: LocalClient<RESP, TM, M, F, S>, host: HostInfo): void {
    type Method = (this: object, options?: object) => unknown;
    const duplicate = Reflect.get(proper, 'duplicate') as Method;
    const createPool = Reflect.get(proper, 'createPool') as Method;
    /** A client like `original` for the same host, which does not connect yet. */
    const copyOf = (
      original: object,
      overrides: Partial<RedisClientOptions>,
      abort: ClientAbort | undefined,
    ) => {
      const { pool, protocol } = this.#options;
      const ofHost = overrides.socket ?? socketOptions(host, pool);
      const socket = abort === undefined ? ofHost : abortable(ofHost, abort);
      const credentialsProvider = provider(host, { ...pool, protocol }, abort);
      const own = logsInByItself(overrides) ? { socket } : { credentialsProvider, socket };
      return duplicate.call(original, { ...overrides, ...own }) as typeof proper;
    };
    defineMethod(proper, 'duplicate', (original: object, overrides: object = {}) => {
      const abort = new ClientAbort();
      const copy = copyOf(original, overrides, abort);
      this.#adopt(copy, copy, { host, abort });
      return copy;
    });
    defineMethod(proper, 'executeCommand', executeCommand);
    defineMethod(proper, 'createPool', (original: object, options?: object) => {
      // The pool's clients are made with the options of a client that nobody else has.
      const pool = createPool.call(copyOf(original, {}, undefined), options) as Closable;
      this.#forgetClosed();
      this.#open.set(pool, { host });
      return pool;
    });
  }

  #forgetClosed(): void {
    for (const client of this.#open.keys()) if (!client.isOpen) this.#open.delete(client);
  }

  /** Ends the connections of a host's clients, or of all clients. */
  close(host?: HostInfo): void {
    for (const [client, opened] of this.#open) {
      if (host !== undefined && opened.host !== host) continue;
      this.#open.delete(client);
      if (client.isOpen) client.destroy();
      // A socket that is still connecting is nobody's yet.
      opened.abort?.abort();
    }
    if (host === undefined) this.#clients.clear();
    else this.#clients.delete(host);
  }
}

/** The client proper: the prototype of what createClient answers. */
function properOf<C extends object>(client: C): C {
  return Object.getPrototypeOf(client) as C;
}

function defineMethod(
  proper: object,
  name: string,
  method: (original: never, ...args: never[]) => unknown,
): void {
  Object.defineProperty(proper, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: unknown[]) {
      return method(this as never, ...(args as never[]));
    },
  });
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
  abort: ClientAbort,
): RedisClientOptions<M, F, S, RESP, TM> {
  const { pool, protocol, typeMapping, modules, functions, scripts } = options;
  return {
    RESP: protocol,
    database: host.db,
    socket: abortable(socketOptions(host, pool), abort),
    commandOptions: commandOptions(typeMapping),
    credentialsProvider: provider(host, { ...pool, protocol }, abort),
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
function provider(
  host: HostInfo,
  settings: ConnectionSettings,
  abort: ClientAbort | undefined,
): CredentialsProvider {
  return {
    type: 'async-credentials-provider',
    credentials: async () => {
      let login: Credentials | undefined;
      if (hasLogin(host) || host.db !== 0) {
        const options = connectionOptions(host, settings);
        const credentials = async () => (login = await credentialsOf(host));
        await tryConnection(
          { ...options, handshake: { ...options.handshake, credentials } },
          abort,
        );
      }
      if (login === undefined) return {};
      const { username, password } = login;
      if (username === undefined) return { password };
      // Without a password it would not log in at all; a user that needs none takes any.
      return { username, password: password === '' ? 'none' : password };
    },
  };
}

/** Whether a duplicate was given a login of its own. */
function logsInByItself(overrides: Partial<RedisClientOptions>): boolean {
  const { credentialsProvider, username, password } = overrides;
  return credentialsProvider !== undefined || username !== undefined || password !== undefined;
}

type SocketOptions = NonNullable<RedisClientOptions['socket']>;

/** In ms. `@redis/client` sleeps through its pauses, and no process ends meanwhile. */
const LONGEST_PAUSE = 500;

function socketOptions(host: HostInfo, pool: ResolvedPoolOptions): SocketOptions {
  const shared = {
    connectTimeout: pool.connectTimeout,
    reconnectStrategy: (retries: number) =>
      Math.min(backOff(pool.reconnect, retries), LONGEST_PAUSE),
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
  if (!host.ssl) return { ...tcp, lookup };
  // The name that the server is asked for; an IP address must not be one (RFC 6066, section 3).
  const servername = isIP(host.host) === 0 ? host.host : '';
  return { servername, lookup, ...host.sslOptions, ...tcp, tls: true };
}

/** The options of a socket that a signal ends; the types do not tell that every kind takes one. */
function abortable(options: SocketOptions, signal: ClientAbort): SocketOptions {
  return Object.assign({ ...options }, { signal });
}
