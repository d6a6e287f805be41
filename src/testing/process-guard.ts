/**
 * Cleans up when this process ends in a way that it can notice: at its end, after an uncaught
 * error, and on the signals that would end it. What it cannot notice is the watchdog's.
 */

import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanups = new Set<() => void>();

/**
 * Calls `cleanup` (synchronously) when the process ends.
 *
 * @returns What takes the guard away again.
 */
export function guard(cleanup: () => void): () => void {
  if (cleanups.size === 0) install();
  cleanups.add(cleanup);
  return () => {
    if (cleanups.delete(cleanup) && cleanups.size === 0) uninstall();
  };
}

function install(): void {
  process.on('exit', cleanUp);
  for (const signal of signals) process.prependListener(signal, onSignal);
}

function uninstall(): void {
  process.off('exit', cleanUp);
  for (const signal of signals) process.off(signal, onSignal);
}

function cleanUp(): void {
  for (const cleanup of cleanups) {
    try {
      cleanup();
    } catch {
      // The process is ending: the others still need their turn, and nobody could handle this.
    }
  }
  cleanups.clear();
  uninstall();
}

function onSignal(signal: NodeJS.Signals): void {
  // Other libraries end the process only if no listener but their own is there; they run next.
  process.off(signal, onSignal);
  if (process.listenerCount(signal) > 0) {
    setImmediate(() => {
      if (cleanups.size > 0) process.prependListener(signal, onSignal);
    });
    return;
  }
  cleanUp();
  process.kill(process.pid, signal);
  // Only the first process of a container gets here: it has no default action for signals.
  setImmediate(() => process.exit(128 + constants.signals[signal]));
}
