/** One socket, over TCP, TLS or a unix path, that reads into a buffer of its user. */

import * as net from 'node:net';
import type * as tls from 'node:tls';
import { loadTls } from '../util/load-module.js';
import { lookup } from './lookup.js';

/** Where a socket leads. */
export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  /** Takes the place of host and port. */
  readonly path: string | undefined;
  /** TLS connect options of Node; undefined for a plain connection. */
  readonly tls: tls.ConnectionOptions | undefined;
  /** The idle time in ms after which TCP asks whether the peer is alive; false for never. */
  readonly keepAlive: number | false;
}

/** What happens on a socket. */
export interface SocketEvents {
  /** Where the next bytes are to be read to; asked before the first read and after each. */
  readonly readTarget: Buffer;
  onConnect(): void;
  /** `count` bytes were read into the start of the target. */
  onRead(count: number): void;
  onError(error: Error): void;
  onClose(): void;
}

/** Where a socket reads to where it is told. Only the newest Bun and Deno do: there it is copied. */
const readsToTarget =
  process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/** Opens a socket that reads to where it is told: without a Buffer for each read, if it can. */
export function openSocket(options: SocketOptions, events: SocketEvents): net.Socket {
  const socket = open(options, readsToTarget ? targetOf(events) : undefined);
  if (!readsToTarget) copyToTarget(socket, events);
  socket.once(options.tls === undefined ? 'connect' : 'secureConnect', () => {
    events.onConnect();
  });
  // A server that has ended its side answers nothing any more, whatever is still to be written.
  socket.once('end', () => {
    socket.destroy();
  });
  socket.on('error', (error) => {
    events.onError(error);
  });
  socket.once('close', () => {
    events.onClose();
  });
  return socket;
}

function targetOf(events: SocketEvents): net.OnReadOpts {
  return {
    buffer: () => events.readTarget,
    callback: (count: number): boolean => {
      events.onRead(count);
      return true;
    },
  };
}

function copyToTarget(socket: net.Socket, events: SocketEvents): void {
  socket.on('data', (chunk) => {
    for (let at = 0; at < chunk.length && !socket.destroyed;) {
      const count = chunk.copy(events.readTarget, 0, at);
      at += count;
      events.onRead(count);
    }
  });
}

function open(options: SocketOptions, onread: net.OnReadOpts | undefined): net.Socket {
  try {
    if (options.tls === undefined) return openPlain(options, onread);
    return openSecure(options, options.tls, onread);
  } catch (error) {
    // A certificate that cannot be read, or a permission that Deno was not given. It fails as any
    // other attempt does.
    return new net.Socket().destroy(error as Error);
  }
}

function openPlain(options: SocketOptions, onread: net.OnReadOpts | undefined): net.Socket {
  if (options.path !== undefined) return net.connect({ path: options.path, onread });
  return net.connect({ ...tcpOptions(options), lookup, onread });
}

function openSecure(
  options: SocketOptions,
  tlsOptions: tls.ConnectionOptions,
  onread: net.OnReadOpts | undefined,
): tls.TLSSocket {
  // tls.connect passes onread on to its socket; only its types leave it out.
  const connect: tls.ConnectionOptions & { onread: net.OnReadOpts | undefined } = {
    // Server names must not be IP addresses (RFC 6066, section 3).
    servername: net.isIP(options.host) === 0 ? options.host : '',
    lookup,
    ...tlsOptions,
    // Where it leads is not for TLS options to say.
    ...tcpOptions(options),
    path: undefined,
    socket: undefined,
    onread,
  };
  return loadTls().connect(connect);
}

function tcpOptions(options: SocketOptions): net.TcpNetConnectOpts {
  return {
    host: options.host,
    port: options.port,
    noDelay: true,
    keepAlive: options.keepAlive !== false,
    // Node rounds down to seconds, and none stands for the system's own two hours.
    keepAliveInitialDelay: options.keepAlive === false ? 0 : Math.max(options.keepAlive, 1000),
  };
}
