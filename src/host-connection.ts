/** How to connect to a host: its configuration in the terms of the wire. */

import { ConnectionError, MisuseError } from './errors.js';
import type { HostInfo } from './hosts.js';
import type { ResolvedPoolOptions } from './options.js';
import { isRecord } from './util/validate.js';
import { Connection, type ConnectionOptions } from './wire/connection.js';
import type { Credentials } from './wire/handshake.js';
import { isLoading } from './wire/loading.js';

/** What a connection needs to know beside its host. */
export interface ConnectionSettings extends Pick<
  ResolvedPoolOptions,
  'keepAlive' | 'clientName' | 'connectTimeout'
> {
  /** The version of RESP that it speaks. */
  readonly protocol: 2 | 3;
}

/** The options of a connection to a host. */
export function connectionOptions(host: HostInfo, settings: ConnectionSettings): ConnectionOptions {
  const { hostId, address, unixSocketPath } = host;
  return {
    socket: {
      host: host.host,
      port: host.port,
      path: unixSocketPath,
      tls: host.ssl ? (host.sslOptions ?? {}) : undefined,
      keepAlive: settings.keepAlive,
    },
    handshake: {
      protocol: settings.protocol,
      db: host.db,
      clientName: settings.clientName,
      credentials: () => credentialsOf(host),
    },
    connectTimeout: settings.connectTimeout,
    address,
    errorFields: { hostId, address },
  };
}

/** Whether there is something to say to log in at a host. */
export function hasLogin({ credentials, username, password }: HostInfo): boolean {
  return credentials !== undefined || username !== undefined || password !== undefined;
}

/** How to log in at a host; undefined where there is nothing to say. */
export function credentialsOf(host: HostInfo): Credentials | undefined | Promise<Credentials> {
  if (host.credentials !== undefined) return askCredentials(host.credentials);
  if (!hasLogin(host)) return undefined;
  const { username, password } = host;
  // A user that needs no password is let in with any.
  return { username, password: password ?? '' };
}

/** An answer that is none must not become a connection without a login. */
async function askCredentials(ask: NonNullable<HostInfo['credentials']>): Promise<Credentials> {
  const answer: unknown = await ask();
  if (isRecord(answer)) {
    const { username, password } = answer;
    const isNamed = username === undefined || typeof username === 'string';
    if (isNamed && typeof password === 'string') return { username, password };
  }
  throw new MisuseError(
    'RB_INVALID_ARGUMENT',
    'credentials must answer { username, password } with strings; the username may be left out',
  );
}

/** Tells of an abort, as an AbortSignal does. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Connects, greets the server, and disconnects. A server that loads its data lets in, too.
 *
 * @throws (rejects) ConnectionError or TimeoutError if the server does not let us in, or if it was
 *   aborted before.
 */
export async function tryConnection(
  options: ConnectionOptions,
  abort: AbortSource | undefined,
): Promise<void> {
  const aborted = new ConnectionError(`${options.address} was disconnected`);
  if (abort?.aborted === true) throw aborted;
  let onAbort!: () => void;
  try {
    await new Promise<void>((resolve, reject) => {
      const connection = new Connection(options, {
        onReady: () => {
          connection.abort();
          resolve();
        },
        onAnswer: () => undefined,
        onWritable: () => undefined,
        mayRepeat: () => false,
        onLoading: () => undefined,
        onClosed: (reason) => {
          if (isLoading(reason.cause)) resolve();
          else reject(reason);
        },
      });
      onAbort = () => {
        connection.abort();
        reject(aborted);
      };
      abort?.addEventListener('abort', onAbort);
    });
  } finally {
    abort?.removeEventListener('abort', onAbort);
  }
}
