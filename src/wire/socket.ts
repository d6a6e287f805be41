/** One socket, over TCP, TLS or a unix path, that reads into a buffer of its user. */

import * as net from 'node:net';
import type * as tls from 'node:tls';
import { loadTls } from '../util/load-module.js';

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
  onConnect(): void;
  /** `count` bytes were read into the start of the read area. */
  onRead(count: number): void;
  onError(error: Error): void;
  onClose(): void;
}

/** Opens a socket that reads into `readArea`, without a Buffer for each read. */
export function openSocket(
  options: SocketOptions,
  readArea: Buffer,
  events: SocketEvents,
): net.Socket {
  const onread = {
    buffer: readArea,
    callback: (count: number): boolean => {
      events.onRead(count);
      return true;
    },
  };
  const socket = open(options, onread);
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

function open(options: SocketOptions, onread: net.OnReadOpts): net.Socket {
  if (options.tls === undefined) return openPlain(options, onread);
  try {
    return openSecure(options, options.tls, onread);
  } catch (error) {
    // A certificate or key that cannot be read. It fails as any other attempt does.
    return new net.Socket().destroy(error as Error);
  }
}

function openPlain(options: SocketOptions, onread: net.OnReadOpts): net.Socket {
  if (options.path !== undefined) return net.connect({ path: options.path, onread });
  return net.connect({ ...tcpOptions(options), onread });
}

function openSecure(
  options: SocketOptions,
  tlsOptions: tls.ConnectionOptions,
  onread: net.OnReadOpts,
): tls.TLSSocket {
  // tls.connect passes onread on to its socket; only its types leave it out.
  const connect: tls.ConnectionOptions & { onread: net.OnReadOpts } = {
    // Server names must not be IP addresses (RFC 6066, section 3).
    servername: net.isIP(options.host) === 0 ? options.host : '',
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
