/**
 * What stands between the client and the server of a host: a TCP port of 127.0.0.1, with TLS where
 * told, whose connections can be made to fail one by one. A later connection is a sound one.
 */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, NetConnectOpts, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';

import { ReplyScanner } from './reply-scanner.js';

/** Takes the replies of a connection in place of its client. */
export interface ReplyHandler {
  /** @param starts - Where in the chunk replies begin. */
  (link: Link, chunk: Buffer, starts: readonly number[]): void;
}

/** One connection of the client, and the one to the server that was made for it. */
export class Link {
  readonly #raw: Socket;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #scanner = new ReplyScanner();
  /** Takes the replies while it is set. */
  handler: ReplyHandler | undefined;
  #isFrozen = false;

  constructor(raw: Socket, target: NetConnectOpts, context: SecureContext | undefined) {
    raw.setNoDelay();
    this.#raw = raw;
    this.#client =
      context === undefined ? raw : new TLSSocket(raw, { isServer: true, secureContext: context });
    this.#server = connect(target);
    this.#carry();
  }

  #carry(): void {
    const [client, server] = [this.#client, this.#server];
    client.on('data', (chunk: Buffer) => this.#forward(chunk));
    server.on('data', (chunk: Buffer) => this.#reply(chunk));
    client.on('drain', () => server.resume());
    server.on('drain', () => client.resume());
    client.on('close', () => server.destroy());
    server.on('close', () => {
      if (!this.#isFrozen) client.destroySoon();
    });
    for (const socket of new Set([this.#raw, client, server])) socket.on('error', () => {});
  }

  #forward(chunk: Buffer): void {
    if (this.#isFrozen) return;
    if (!this.#server.write(chunk)) this.#client.pause();
  }

  #reply(chunk: Buffer): void {
    const starts = this.#scanner.scan(chunk);
    if (this.#isFrozen) return;
    if (this.handler === undefined) this.send(chunk);
    else this.handler(this, chunk, starts);
  }

  /** Whether the client is still there. */
  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  /** Whether the server has to take what it was sent before the client may send more. */
  get isWaiting(): boolean {
    return this.#server.writableNeedDrain;
  }

  /** Sends bytes to the client; answers whether it takes more at once. */
  send(bytes: Buffer): boolean {
    if (this.#client.destroyed || !this.#client.writable) return false;
    const takesMore = this.#client.write(bytes);
    if (!takesMore) this.#server.pause();
    return takesMore;
  }

  /** Calls `listener` once, when the client has taken what was sent. */
  onceDrained(listener: () => void): void {
    this.#client.once('drain', listener);
  }

  /** The server is gone, nothing passes any more, and the client is not told. */
  freeze(): void {
    this.#isFrozen = true;
    this.#server.destroySoon();
    // It may have waited for the server to drain, and would not see that the client leaves.
    this.#client.resume();
  }

  /** Ends the connection as an orderly server does. */
  end(): void {
    this.#client.end();
    this.#server.destroy();
  }

  /** Resets the connection; one that is ending already is just closed. */
  reset(): void {
    // A reset during the orderly end of a socket leaves it open for ever.
    if (!this.#client.writableEnded) this.#raw.resetAndDestroy();
    this.#raw.destroy();
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Calls `listener` when both sides are gone. */
  onClosed(listener: () => void): void {
    let open = 2;
    for (const socket of [this.#raw, this.#server]) {
      socket.once('close', () => {
        open--;
        if (open === 0) listener();
      });
    }
  }
}

export class Front {
  readonly #target: NetConnectOpts;
  readonly #links = new Set<Link>();
  #listener: Server | undefined;
  #port = 0;
  /** Called with each new connection while it is set. */
  onLink: ((link: Link) => void) | undefined;
  /** The certificate that later connections are shown; undefined for no TLS. */
  context: SecureContext | undefined;

  private constructor(target: NetConnectOpts, context: SecureContext | undefined) {
    this.#target = target;
    this.context = context;
  }

  static async start(target: NetConnectOpts, context?: SecureContext): Promise<Front> {
    const front = new Front(target, context);
    await front.accept();
    return front;
  }

  /** It stays the same through `refuse` and `accept`. */
  get port(): number {
    return this.#port;
  }

  /** The connections that are open. */
  get links(): readonly Link[] {
    return [...this.#links];
  }

  /** Resets all connections. */
  cut(): void {
    for (const link of this.#links) link.reset();
  }

  /** Refuses further connections. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** Accepts connections (again). */
  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer((raw) => this.#onConnection(raw));
    this.#listener = listener;
    listener.listen({ host: '127.0.0.1', port: this.#port });
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
  }

  #onConnection(raw: Socket): void {
    const link = new Link(raw, this.#target, this.context);
    this.#links.add(link);
    this.onLink?.(link);
    link.onClosed(() => this.#links.delete(link));
  }

  close(): void {
    this.refuse();
    this.cut();
  }
}
