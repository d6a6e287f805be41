/** One real server process: its start, its readiness, its end. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import type { NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ClosedError, ConnectionError, TimeoutError } from '../errors.js';
import { findExecutable } from './executable.js';
import { findFreePort } from './free-port.js';
import { ping } from './ping.js';

const defaultExecutables = ['redis-server', 'valkey-server'] as const;
const hasUnixSockets = process.platform !== 'win32';
const pollIntervalMs = 5;
const outputTailLines = 20;

/** What a {@link RedisServer} is started with. */
export interface RedisServerOptions {
  /** A folder for the server alone; it is made. */
  readonly folder: string;
  /** Where the server stands among those of its setup, for messages. */
  readonly index: number;
  /** How many databases it has. */
  readonly databases: number;
  /** The executable; `redis-server`, else `valkey-server`, unless told. */
  readonly executable?: string | undefined;
  /** Listens on a port of 127.0.0.1 in place of a unix socket. */
  readonly tcp?: boolean | undefined;
  /** More arguments for the server, after ours. */
  readonly serverArguments?: readonly string[] | undefined;
  /** Called whenever the server's process was started or has ended. */
  readonly onProcessChange?: (() => void) | undefined;
}

/** A real server of a test setup. It keeps nothing on disk and reads no configuration file. */
export class RedisServer {
  /** The path of the server's unix socket; undefined where there are no unix sockets. */
  readonly socketPath: string | undefined;
  /** The server's port on 127.0.0.1, where there are no unix sockets; else undefined. */
  readonly port: number | undefined;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;
  /** Why there is no process, or what ended it. */
  #failure: ConnectionError | undefined;
  #isStopped = false;

  /** Starts the server. What goes wrong is told by {@link waitUntilReady}. @internal */
  constructor(options: RedisServerOptions) {
    this.#options = options;
    mkdirSync(options.folder, { mode: 0o700 });
    const isTcp = options.tcp ?? !hasUnixSockets;
    this.socketPath = isTcp ? undefined : join(options.folder, 'redis.sock');
    this.port = isTcp ? findFreePort() : undefined;
    this.start();
  }

  /** The id of the server's process; of the last one when it has ended, undefined without any. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where the server listens, as `net.connect` takes it. @internal */
  get target(): NetConnectOpts {
    if (this.socketPath !== undefined) return { path: this.socketPath };
    return { host: '127.0.0.1', port: this.port ?? 0 };
  }

  /** What `process.kill` takes to end all of the server, undefined while it does not run. @internal */
  get killTarget(): number | undefined {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.#isRunning) return undefined;
    // The server leads a process group, so that an executable which is a script goes with its own.
    return hasUnixSockets ? -pid : pid;
  }

  get #isRunning(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Starts the server, also again after it ended; on the same address. @internal */
  start(): void {
    if (this.#isRunning) return;
    this.#failure = undefined;
    this.#isStopped = false;
    try {
      const { executable } = this.#options;
      this.#spawn(findExecutable(executable === undefined ? defaultExecutables : [executable]));
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#failure = error;
    }
  }

  #spawn(executable: string): void {
    const output = openSync(this.#outputPath, 'a', 0o600);
    try {
      // In a group of its own, Ctrl-C in a terminal is for this process alone to handle.
      const child = spawn(executable, this.#arguments(), {
        cwd: this.#options.folder,
        detached: hasUnixSockets,
        stdio: ['ignore', output, output],
        windowsHide: true,
      });
      this.#child = child;
      // Each wait listens to its end, and there may be many at once.
      child.setMaxListeners(0);
      child.on('error', (cause) => {
        this.#failure ??= new ConnectionError(`${executable} could not be run: ${cause.message}`, {
          cause,
        });
      });
      child.on('exit', (code, signal) => this.#onExit(child, code, signal));
      child.unref();
    } finally {
      closeSync(output);
    }
    this.#options.onProcessChange?.();
  }

  #arguments(): string[] {
    const { databases, serverArguments = [] } = this.#options;
    const address =
      this.socketPath === undefined
        ? ['--bind', '127.0.0.1', '--port', String(this.port)]
        : ['--port', '0', '--unixsocket', this.socketPath];
    const store = ['--save', '', '--appendonly', 'no', '--databases', String(databases)];
    return [...address, ...store, ...serverArguments];
  }

  #onExit(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (child.pid !== undefined && hasUnixSockets) killQuietly(-child.pid);
    this.#failure ??= this.#withOutput(
      ConnectionError,
      signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`,
    );
    this.#options.onProcessChange?.();
  }

  get #outputPath(): string {
    return join(this.#options.folder, 'output.log');
  }

  #withOutput<E>(errorClass: new (message: string) => E, what: string): E {
    const address = this.socketPath ?? `127.0.0.1:${this.port}`;
    const name = `test server ${this.#options.index} (${address})`;
    return new errorClass(`${name} ${what}; the end of its output:\n${this.#outputTail()}`);
  }

  #outputTail(): string {
    try {
      const lines = readFileSync(this.#outputPath, 'utf8').trimEnd().split('\n');
      return lines.slice(-outputTailLines).join('\n') || '(nothing)';
    } catch {
      return '(nothing)';
    }
  }

  /**
   * Resolves when the server answers PING.
   *
   * @param timeoutMs - How long to wait, in milliseconds.
   * @param signal - Gives up with a `ClosedError` when it is aborted.
   * @throws TimeoutError with the end of the server's output.
   * @throws ConnectionError at once when the server's process could not be started, or ended.
   * @internal
   */
  async waitUntilReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const stopWaiting = () => waiting.abort();
    const deadline = setTimeout(stopWaiting, timeoutMs);
    const child = this.#child;
    child?.once('exit', stopWaiting);
    signal?.addEventListener('abort', stopWaiting);
    try {
      await this.#pollUntilReady(waiting.signal, signal, timeoutMs);
    } finally {
      clearTimeout(deadline);
      child?.off('exit', stopWaiting);
      signal?.removeEventListener('abort', stopWaiting);
    }
  }

  async #pollUntilReady(
    waiting: AbortSignal,
    signal: AbortSignal | undefined,
    timeoutMs: number,
  ): Promise<void> {
    for (;;) {
      if (signal?.aborted || this.#isStopped) throw new ClosedError('the test server was stopped');
      if (this.#failure) throw this.#failure;
      // The process must still be ours: on a port, someone else's server could answer.
      if ((await ping(this.target, waiting)) && this.#isRunning) return;
      await delay(pollIntervalMs, undefined, { signal: waiting }).catch(() => {});
      if (waiting.aborted && this.#isRunning && !signal?.aborted) {
        throw this.#withOutput(TimeoutError, `did not answer PING within ${timeoutMs} ms`);
      }
    }
  }

  /**
   * Ends the server and resolves when its process is gone. There is nothing to save, so it is
   * killed unless told otherwise; that also ends a server that is stopped or busy.
   *
   * @internal
   */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    if (!child || !this.#isRunning) return;
    const exited = once(child, 'exit');
    child.ref();
    this.killNow(signal);
    await exited;
  }

  /** Sends the signal, and waits for nothing. @internal */
  killNow(signal: NodeJS.Signals = 'SIGKILL'): void {
    const target = this.killTarget;
    if (target !== undefined) killQuietly(target, signal);
  }
}

function killQuietly(target: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(target, signal);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
