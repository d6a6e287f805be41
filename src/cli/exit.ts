/** How the command line ends: its exit codes, and the errors that stand for one. */

import { once } from 'node:events';

/** The exit codes that scripts may rely on. An interruption is 128 and the number of the signal. */
export const EXIT = {
  /** All went well. */
  ok: 0,
  /** A command, a host or a server failed. */
  failed: 1,
  /** It was not called rightly; nothing was done. */
  misuse: 2,
} as const;

/** Called in a way that cannot work: a bad option, an unreadable file, no hosts. */
export class UsageError extends Error {
  static {
    this.prototype.name = 'UsageError';
  }
}

/** What stops the command line before its end, as the reason of its abort signal. */
export class Stopped extends Error {
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }

  static {
    this.prototype.name = 'Stopped';
  }
}

/**
 * Resolves when nothing goes on any more: what is still awaited then, never settles, and the process
 * would end without a word.
 */
export async function nothingGoesOn(): Promise<void> {
  await once(process, 'beforeExit');
}

/** What the promise comes to, or the reason of the signal if that is first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), {
      signal: ended.signal,
    });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    ended.abort();
  }
}
