/** The command line as its users run it: bundled, in a process of its own, in a folder of its own. */

import { execFile, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';

import { afterAll, beforeAll } from 'vitest';

import type { RedisServer } from '../../src/testing/redis-server.js';
import { condition } from './condition.js';
import { socketOf } from './direct-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TERMINAL = '/usr/bin/script';

/** Whether the system has what runs a program on a terminal. */
export const hasTerminals = process.platform === 'linux' && existsSync(TERMINAL);

/** What a call came to. */
export interface CliResult {
  /** The exit code; null if a signal ended the process. */
  readonly code: number | null;
  /** The signal that ended it; null if it ended by itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was written to stdout, to the byte. */
  readonly bytes: Buffer;
}

/** What a call may be given. */
export interface CliOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A call that goes on. */
export class RunningCli {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  /** Resolves when the process has ended. */
  readonly result: Promise<CliResult>;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    // Whoever reads less than is written closes its end.
    child.stdin.on('error', () => {});
    this.result = this.#wait();
  }

  async #wait(): Promise<CliResult> {
    const [code, signal] = (await once(this.#child, 'close')) as [
      CliResult['code'],
      CliResult['signal'],
    ];
    const bytes = Buffer.concat(this.#stdout);
    const stderr = Buffer.concat(this.#stderr).toString();
    return { code, signal, stdout: bytes.toString(), stderr, bytes };
  }

  /** What was written to stdout so far, without colours and other control sequences. */
  get text(): string {
    return stripVTControlCharacters(Buffer.concat(this.#stdout).toString());
  }

  /** The same, with them. */
  get rawText(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  /** What was written to stderr so far. */
  get notes(): string {
    return Buffer.concat(this.#stderr).toString();
  }

  /** Waits until stdout has the text. */
  async shows(text: string): Promise<void> {
    await condition(() => this.text.includes(text), 15_000);
  }

  /** Types on the terminal, or writes into the pipe. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Sends the process a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Reads nothing more, as `head` when it has seen enough. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }
}

/** The command line, for the tests of a file. */
export class Cli {
  /** The folder that it runs in. */
  readonly folder = mkdtempSync(join(tmpdir(), 'rb-cli-'));

  readonly #children = new Set<ChildProcessWithoutNullStreams>();

  get #program(): string {
    return join(this.folder, 'package', 'dist', 'cli.js');
  }

  /** Makes the program. */
  async bundle(): Promise<void> {
    const script = join(root, 'scripts', 'bundle-cli.mjs');
    const folder = join(this.folder, 'package');
    await promisify(execFile)(process.execPath, [script, folder], { cwd: root });
  }

  /** Ends what still runs, and removes the program and its folder. */
  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }

  /** Writes a file into the folder; what is no text, as JSON. Answers its path. */
  file(name: string, content: unknown): string {
    const path = join(this.folder, name);
    const isText = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isText ? content : JSON.stringify(content));
    return path;
  }

  /** Writes the config file of a cluster whose hosts are the first databases of the servers. */
  configure(servers: readonly RedisServer[], databases = 1, more: object = {}): void {
    const hosts = servers.flatMap((server) =>
      Array.from({ length: databases }, (_, db) => ({ ...addressOf(server), db })),
    );
    this.file('rb.config.json', { hosts: Object.fromEntries(hosts.entries()), ...more });
  }

  /** Removes a file of the folder. */
  removeFile(name: string): void {
    rmSync(join(this.folder, name), { force: true });
  }

  /** Runs it to its end. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const running = this.start(args, options);
    return running.result;
  }

  /** Runs it without waiting for its end. Its stdin is closed unless there is no input. */
  start(args: readonly string[], { input, env }: CliOptions = {}): RunningCli {
    return this.#spawn(process.execPath, [this.#program, ...args], { input: input ?? '', env });
  }

  /** Runs a line of shell to its end; `rb` is the command line. */
  runShell(line: string): Promise<CliResult> {
    return this.#spawn('/bin/sh', ['-c', `${this.#rb}; ${line}`], { input: '' }).result;
  }

  /** The command line as a function of the shell. */
  get #rb(): string {
    return `rb() { '${process.execPath}' '${this.#program}' "$@"; }`;
  }

  /**
   * Runs a line of shell on a terminal of 120 columns and 40 lines; `rb` is the command line. What
   * it writes to stdout and stderr is one.
   */
  startOnTerminal(line: string, env: Readonly<Record<string, string>> = {}): RunningCli {
    const commands = `stty rows 40 cols 120; ${this.#rb}; ${line}`;
    const args = ['-qec', commands, '/dev/null'];
    return this.#spawn(TERMINAL, args, { env: { SHELL: '/bin/sh', TERM: 'xterm', ...env } });
  }

  #spawn(
    command: string,
    args: readonly string[],
    { input, env = {} }: { input?: string | Uint8Array; env?: CliOptions['env'] },
  ): RunningCli {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(command, args, { cwd: this.folder, env: { PATH, HOME, ...env } });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    const running = new RunningCli(child);
    if (input !== undefined) child.stdin.end(input);
    return running;
  }
}

/** Where a server is, as the config of a host says it. */
export function addressOf(server: RedisServer): object {
  const socket = socketOf(server);
  return 'path' in socket ? { unixSocketPath: socket.path } : socket;
}

/** Makes the command line before the tests of the file, and removes it afterwards. */
export function useCli(): Cli {
  const cli = new Cli();
  beforeAll(() => cli.bundle(), 60_000);
  afterAll(() => cli.remove());
  return cli;
}
