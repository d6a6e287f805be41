/** A proxy before a real server that injects real faults: on a TCP port and on a unix socket. */

import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FaultLink } from './fault-link.js';
import type { Direction, FaultResult } from './fault-link.js';

export type { Direction } from './fault-link.js';

/** The server behind the proxy. */
export type ProxyTarget =
  { readonly path: string } | { readonly host: string; readonly port: number };

/** Answers what goes on in place of `chunk`. */
export type Garbler = (direction: Direction, chunk: Buffer) => Buffer;

/** After how many more bytes of a direction something happens. */
interface Limit {
  remaining: number;
  readonly kind: 'cut' | 'truncate';
}

interface Waiter {
  readonly predicate: (proxy: FaultProxy) => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Stands between a client and a real server. Without a fault it changes nothing.
 *
 * Faults hold for connections that are open and for later ones, until they are taken back.
 */
export class FaultProxy {
  /** How many connections clients have made so far. */
  connections = 0;
  /** How many bytes went on to the server so far. */
  bytesToServer = 0;
  /** How many bytes went on to clients so far. */
  bytesToClient = 0;
  readonly #target: ProxyTarget;
  readonly #folder = mkdtempSync(join(tmpdir(), 'fault-proxy-'));
  readonly #links = new Set<FaultLink>();
  readonly #paused = new Set<Direction>();
  readonly #limits = new Map<Direction, Limit>();
  readonly #waiters = new Set<Waiter>();
  #listeners: Server[] = [];
  #port = 0;
  #delayMs = 0;
  #garbler: Garbler | undefined;

  private constructor(target: ProxyTarget) {
    this.#target = target;
  }

  /** Starts a proxy before `target`. */
  static async start(options: { readonly target: ProxyTarget }): Promise<FaultProxy> {
    const proxy = new FaultProxy(options.target);
    await proxy.accept();
    return proxy;
  }

  /** The proxy's port on 127.0.0.1; it stays the same through `refuse` and `accept`. */
  get port(): number {
    return this.#port;
  }

  /** The path of the proxy's unix socket. */
  get socketPath(): string {
    return join(this.#folder, 'proxy.sock');
  }

  /** How many connections are open now. */
  get openConnections(): number {
    return this.#links.size;
  }

  /** Ends all open connections at once; `reset` sends TCP clients a reset and not an end. */
  cut({ reset = false } = {}): void {
    for (const link of this.#links) link.destroy(reset);
  }

  /** Lets exactly `bytes` more bytes of the direction through, then ends that connection, once. */
  cutAfterBytes(direction: Direction, bytes: number): void {
    this.#limits.set(direction, { remaining: bytes, kind: 'cut' });
  }

  /** Lets `bytes` more bytes of the direction through and drops all others; `heal` ends it. */
  truncate(direction: Direction, bytes: number): void {
    this.#limits.set(direction, { remaining: bytes, kind: 'truncate' });
  }

  /** Holds the bytes of a direction, of both unless told, until `resume`. */
  pause(...directions: readonly Direction[]): void {
    for (const direction of orBoth(directions)) this.#paused.add(direction);
  }

  /** Sends on what was held, in order. */
  resume(...directions: readonly Direction[]): void {
    for (const direction of orBoth(directions)) this.#paused.delete(direction);
    for (const link of this.#links) link.pump();
  }

  /** Keeps every byte under way for so long, in milliseconds; 0 ends it for later bytes. */
  setDelay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Sends on what `garbler` makes of each chunk; `undefined` ends it. */
  garble(garbler: Garbler | undefined): void {
    this.#garbler = garbler;
  }

  /** Takes all faults back, and accepts connections again. */
  async heal(): Promise<void> {
    this.#limits.clear();
    this.#garbler = undefined;
    this.#delayMs = 0;
    this.resume();
    await this.accept();
  }

  /** Refuses further connections; open ones stay. On the unix socket, the path is gone. */
  refuse(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
  }

  /** Accepts connections (again), on the same port and path. */
  async accept(): Promise<void> {
    if (this.#listeners.length > 0) return;
    // With `allowHalfOpen` an end is passed on as an end, not as a loss.
    const make = () =>
      createServer({ allowHalfOpen: true }, (client) => this.#onConnection(client));
    const [tcp, unix] = [make(), make()];
    this.#listeners = [tcp, unix];
    await listen(tcp, { host: '127.0.0.1', port: this.#port });
    this.#port = (tcp.address() as AddressInfo).port;
    await listen(unix, { path: this.socketPath });
  }

  #onConnection(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay();
    const faults = {
      isPaused: (direction: Direction) => this.#paused.has(direction),
      delayMs: () => this.#delayMs,
      transform: (direction: Direction, chunk: Buffer) => this.#transform(direction, chunk),
      onForwarded: (direction: Direction, bytes: number) => this.#count(direction, bytes),
    };
    const link = new FaultLink(client, server, faults, () => {
      this.#links.delete(link);
      this.#checkWaiters();
    });
    this.#links.add(link);
    this.connections += 1;
    this.#checkWaiters();
  }

  #transform(direction: Direction, original: Buffer): FaultResult {
    const chunk = this.#garbler?.(direction, original) ?? original;
    const limit = this.#limits.get(direction);
    if (!limit) return { chunk, isCut: false };
    const passed = chunk.subarray(0, limit.remaining);
    limit.remaining -= passed.length;
    const isCut = limit.kind === 'cut' && limit.remaining === 0;
    if (isCut) this.#limits.delete(direction);
    return { chunk: passed, isCut };
  }

  #count(direction: Direction, bytes: number): void {
    if (direction === 'toServer') this.bytesToServer += bytes;
    else this.bytesToClient += bytes;
    this.#checkWaiters();
  }

  /**
   * Resolves when `predicate` holds; it is asked now and whenever a counter changes.
   *
   * @param timeoutMs - How long to wait, in milliseconds; 5,000 unless told.
   */
  waitFor(predicate: (proxy: FaultProxy) => boolean, timeoutMs = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`not so within ${timeoutMs} ms: ${String(predicate)}`));
      }, timeoutMs);
      const waiter: Waiter = { predicate, resolve, reject, timer };
      this.#waiters.add(waiter);
      this.#checkWaiters();
    });
  }

  #checkWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.predicate(this)) continue;
      clearTimeout(waiter.timer);
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Ends everything of the proxy; who still waits is told so. */
  async close(): Promise<void> {
    this.refuse();
    this.cut();
    await this.waitFor(() => this.#links.size === 0);
    for (const { reject, timer } of this.#waiters) {
      clearTimeout(timer);
      reject(new Error('the proxy was closed'));
    }
    this.#waiters.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function orBoth(directions: readonly Direction[]): readonly Direction[] {
  return directions.length > 0 ? directions : ['toServer', 'toClient'];
}

async function listen(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}
