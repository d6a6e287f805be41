#!/usr/bin/env node
/** The command line `rb`: what starts it, and what ends it. */

import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

import { EXIT, Stopped } from './exit.js';
import { Output } from './output.js';
import { runProgram } from './program.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is drawn in place hides the cursor. */
const SHOW_CURSOR = '\x1b[?25h';

const exitCode = await main();
await Promise.all([written(process.stdout), written(process.stderr)]);
// A config file may have opened what never ends by itself.
process.exit(exitCode);

async function main(): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const stop = new AbortController();
  const { signal } = stop;
  stopOnSignals(stop);
  // What is piped in may never end.
  signal.addEventListener('abort', () => stdin.destroy());
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => onWriteError(error, stop));
  }
  try {
    return await runProgram(process.argv.slice(2), {
      output: new Output({ stdout, stderr }, env, signal),
      stdin,
      signal,
      env,
      folder: process.cwd(),
      version: readVersion(),
    });
  } finally {
    // From now on the first signal ends the process, also while a read holds up its exit.
    for (const name of SIGNALS) process.removeAllListeners(name);
  }
}

/** Resolves when all that was written has left, or cannot leave any more. */
function written(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/**
 * The first signal lets the verb clean up, the second one ends it at once: by what the system does,
 * since an exit would wait for a read that blocks, as that of a FIFO. Shells tell the same code.
 */
function stopOnSignals(stop: AbortController): void {
  for (const name of SIGNALS) {
    const exitCode = 128 + constants.signals[name];
    process.on(name, () => {
      if (stop.signal.aborted) {
        if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
        process.removeAllListeners(name);
        process.kill(process.pid, name);
        return;
      }
      stop.abort(new Stopped('interrupted', exitCode));
    });
  }
}

/** Whoever reads may have seen enough, as `head` has: that is no failure. */
function onWriteError(error: NodeJS.ErrnoException, stop: AbortController): void {
  const isReaderGone = error.code === 'EPIPE';
  stop.abort(isReaderGone ? new Stopped('nobody reads', EXIT.ok) : error);
}

/** The version of the package that this file is in. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    const url = new URL(path, import.meta.url);
    if (!existsSync(url)) continue;
    const { version } = JSON.parse(readFileSync(url, 'utf8')) as { version: string };
    return version;
  }
  return 'unknown';
}
