/**
 * A small process of its own that outlives this one. It holds one end of a pipe; when the pipe
 * ends, this process is gone, however it went, and the watchdog ends the servers and removes
 * their folder.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { parse } from 'node:path';

/** Text, not a function: it must run as it stands whatever compiled or instrumented this file. */
const script = `
const { rmSync } = require('node:fs');
let targets = [];
let text = '';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdin.setEncoding('utf8');
process.stdin.on('data', data => {
  const lines = (text + data).split('\\n');
  text = lines.pop();
  if (lines.length > 0) targets = JSON.parse(lines[lines.length - 1]);
});
process.stdin.on('error', () => {});
// A pipe that breaks only closes, and on Deno one that ends does not close.
process.stdin.on('end', finish);
process.stdin.on('close', finish);
function finish() {
  for (const target of targets) {
    try { process.kill(target, 'SIGKILL'); } catch {}
  }
  // The last argument: Deno has a name for the script before it.
  rmSync(process.argv.at(-1), { recursive: true, force: true, maxRetries: 20 });
  process.exit();
}
`;

/** Watches over the processes and the folder of one set of servers. */
export class Watchdog {
  readonly #child: ChildProcess;

  /** Starts the watchdog. Without it (no process could be made) the servers still work. */
  constructor(folder: string) {
    this.#child = spawn(process.execPath, ['-e', script, folder], {
      cwd: parse(folder).root,
      detached: true,
      env: watchdogEnvironment(),
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    });
    this.#child.on('error', () => {});
    this.#child.stdin?.on('error', () => {});
    this.#child.unref();
    // A child's stdin is a socket, whatever its declared type says.
    const stdin = this.#child.stdin as { unref?: () => void } | null;
    stdin?.unref?.();
  }

  /** What to kill from now on, as `process.kill` takes it; replaces what was told before. */
  watch(targets: readonly number[]): void {
    const stdin = this.#child.stdin;
    if (stdin?.writable) stdin.write(`${JSON.stringify(targets)}\n`);
  }

  /** Ends the watchdog at once: what it watched over is gone already. */
  killNow(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the watchdog and waits until it has. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const exited = once(child, 'exit');
    this.killNow();
    await exited;
    child.stdin?.destroy();
  }
}

/** Without what would load more into the watchdog, or make it write files. */
function watchdogEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  delete environment['NODE_OPTIONS'];
  delete environment['NODE_V8_COVERAGE'];
  return environment;
}
