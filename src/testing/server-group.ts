/** The servers of one test setup, in one private folder, and everything that ends them. */

import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ClosedError } from '../errors.js';
import { guard } from './process-guard.js';
import { RedisServer } from './redis-server.js';
import type { RedisServerOptions } from './redis-server.js';
import { Watchdog } from './watchdog.js';

/** What fits into the address of a unix socket everywhere, in bytes. */
const maxSocketPathBytes = 103;
const folderPrefix = 'redis-blaster-';
/** The rest of the longest socket path: six random characters, and a server's file. */
const pathReserve = `${folderPrefix}XXXXXX/9999999/redis.sock`;
const removal = { recursive: true, force: true, maxRetries: 20 } as const;

/** What all servers of a {@link ServerGroup} have in common. */
export type ServerGroupOptions = Pick<
  RedisServerOptions,
  'databases' | 'executable' | 'tcp' | 'serverArguments'
>;

/** Servers that start, wait and end together. Nothing of them outlives this process. */
export class ServerGroup {
  readonly servers: RedisServer[] = [];
  /** The private folder of all of them. */
  readonly folder: string;
  readonly #options: ServerGroupOptions;
  readonly #watchdog: Watchdog;
  readonly #release: () => void;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: ServerGroupOptions) {
    this.#options = options;
    // Each wait listens to it, and there may be many at once.
    setMaxListeners(0, this.#closed.signal);
    this.folder = mkdtempSync(folderStem());
    this.#release = guard(() => this.#endNow());
    this.#watchdog = new Watchdog(this.folder);
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Starts one more server.
   *
   * @throws ClosedError after `close`.
   */
  spawnServer(): RedisServer {
    this.#assertOpen();
    const index = this.servers.length;
    const server = new RedisServer({
      ...this.#options,
      index,
      folder: join(this.folder, String(index)),
      onProcessChange: () => this.#tellWatchdog(),
    });
    this.servers.push(server);
    this.#tellWatchdog();
    return server;
  }

  /**
   * Resolves when every server answers PING.
   *
   * @param timeoutMs - How long to wait for all of them, in milliseconds.
   * @throws TimeoutError, ConnectionError: of the first server that failed, with its output.
   * @throws ClosedError when the group is closed.
   */
  async waitForServers(timeoutMs: number): Promise<void> {
    this.#assertOpen();
    const giveUp = new AbortController();
    // Each server listens to it, however many there are.
    setMaxListeners(0, giveUp.signal);
    const onClosed = () => giveUp.abort();
    this.#closed.signal.addEventListener('abort', onClosed);
    try {
      await Promise.all(
        this.servers.map((server) => server.waitUntilReady(timeoutMs, giveUp.signal)),
      );
    } finally {
      this.#closed.signal.removeEventListener('abort', onClosed);
      giveUp.abort();
    }
    this.#assertOpen();
  }

  #assertOpen(): void {
    if (this.isClosed) throw new ClosedError('the test setup is closed');
  }

  #tellWatchdog(): void {
    this.#watchdog.watch(this.servers.map((server) => server.killTarget).filter(isDefined));
  }

  /**
   * Ends the servers, waits until they are gone, and removes the folder; once.
   *
   * @param beforehand - What to do while the servers are still there. Who waits for them is told
   * at once that they are not to be had.
   */
  close(beforehand?: () => Promise<unknown>): Promise<void> {
    return (this.#closing ??= this.#close(beforehand));
  }

  async #close(beforehand: (() => Promise<unknown>) | undefined): Promise<void> {
    this.#closed.abort();
    try {
      await beforehand?.();
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.folder, removal);
    await this.#watchdog.stop();
    this.#release();
  }

  /** For the end of the process, which waits for nothing. */
  #endNow(): void {
    for (const server of this.servers) server.killNow();
    rmSync(this.folder, removal);
    this.#watchdog.killNow();
  }
}

function isDefined(target: number | undefined): target is number {
  return target !== undefined;
}

/** Where the private folder is made: in the system's folder for such, if sockets fit in there. */
function folderStem(): string {
  const folder = resolve(tmpdir());
  const bytes = Buffer.byteLength(join(folder, pathReserve));
  const isTooLong = process.platform !== 'win32' && bytes > maxSocketPathBytes;
  return join(isTooLong ? '/tmp' : folder, folderPrefix);
}
