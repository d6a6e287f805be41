/** Servers that keep their connections and answer nothing for a while. */

import type { RedisServer } from '../../src/testing/redis-server.js';

/** Halts the processes of the servers while `fn` runs. */
export async function whileStopped<T>(
  servers: readonly RedisServer[],
  fn: () => T,
): Promise<Awaited<T>> {
  const pids = servers.map(({ pid }) => pid).filter((pid) => pid !== undefined);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    return await fn();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}
