/** What a process holds: sockets, timers, child processes, and listeners for its events. */

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Names of what Node keeps alive, as far as the library could be the one that made it. */
const resourceKinds =
  /^(?:TCP|Pipe|TLS|UDP|TTY|Process|GetAddrInfo|Signal|FSEvent|Timeout$|Immediate$)/;

/** How many there are of each kind. */
export type ResourceCounts = ReadonlyMap<string, number>;

/** What the process holds now. */
export function countResources(): ResourceCounts {
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of process.getActiveResourcesInfo()) if (resourceKinds.test(name)) add(name);
  // Node lists only what keeps the process alive; the system also knows the rest.
  for (const name of listSystemHandles()) add(name);
  for (const event of process.eventNames()) {
    counts.set(`listener for ${String(event)}`, process.listenerCount(event));
  }
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

/** What there is now and was not before, in words. */
export function surplusOf(before: ResourceCounts, now: ResourceCounts): string[] {
  return [...now]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${name}: ${before.get(name) ?? 0} before, ${count} now`);
}
