/** Shows what a test file leaves behind: sockets, timers and child processes. */

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

import { afterAll, beforeAll } from 'vitest';

import { condition } from './condition.js';

/** Names of what Node keeps alive, as far as the library could be the one that made it. */
const resourceKinds =
  /^(?:TCP|Pipe|TLS|UDP|TTY|Process|GetAddrInfo|Signal|FSEvent|Timeout$|Immediate$)/;

type Counts = ReadonlyMap<string, number>;

function countResources(): Counts {
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of process.getActiveResourcesInfo()) if (resourceKinds.test(name)) add(name);
  // Node lists only what keeps the process alive; the system also knows the rest.
  for (const name of listSystemHandles()) add(name);
  return counts;
}

/** Open sockets and child processes as the system lists them; nothing where it does not. */
function listSystemHandles(): string[] {
  if (process.platform !== 'linux') return [];
  const sockets = readdirSync('/proc/self/fd').filter(isSocket);
  return [...sockets.map(() => 'open socket'), ...childProcesses().map((pid) => `child ${pid}`)];
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false;
  }
}

function childProcesses(): string[] {
  try {
    const path = `/proc/self/task/${process.pid}/children`;
    return readFileSync(path, 'utf8').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

function surplus(before: Counts, now: Counts): string[] {
  return [...now]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${name}: ${before.get(name) ?? 0} before, ${count} now`);
}

/**
 * Notes what is there now.
 *
 * @returns A check that waits until no more than that is left, and fails with the names of what
 * stays beyond `timeoutMs` milliseconds (2,000 unless told).
 */
export function watchLeaks(): (timeoutMs?: number) => Promise<void> {
  const before = countResources();
  return async (timeoutMs = 2000) => {
    let left: string[] = [];
    await condition(() => {
      left = surplus(before, countResources());
      return left.length === 0;
    }, timeoutMs).catch(() => {});
    if (left.length > 0) throw new Error(`the tests left behind: ${left.join('; ')}`);
  };
}

/**
 * Fails the test file (or the `describe` around the call) if its tests leave a socket, a timer or
 * a child process. Call it before whatever else sets hooks, such as `useServers`: what is set up
 * first is torn down last.
 */
export function expectNoLeaks(): void {
  let check: ReturnType<typeof watchLeaks> | undefined;
  beforeAll(() => {
    check = watchLeaks();
  });
  afterAll(() => check?.());
}
