/** Clients of `@redis/client` straight to one server: to compare with, and to see what it saw. */

import { createClient } from '@redis/client';
import type { RespVersions } from '@redis/client';

import type { RedisServer } from '../../src/testing/redis-server.js';

/** Where a client of `@redis/client` finds a server. */
export function socketOf(server: RedisServer) {
  return server.socketPath === undefined
    ? { host: '127.0.0.1', port: server.port ?? 0 }
    : { path: server.socketPath, tls: false as const };
}

/** Connects to one server. Whoever calls it has to `destroy()` the client. */
export async function connectDirect<RESP extends RespVersions = 3>(
  server: RedisServer,
  options: { RESP?: RESP; database?: number } = {},
) {
  const { RESP = 3 as RESP, database = 0 } = options;
  const client = createClient({ RESP, database, socket: socketOf(server) });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Such a client, whatever its types are. */
export type DirectClient = Awaited<ReturnType<typeof connectDirect>>;

/**
 * Which commands the server executes while `fn` runs, and how often: by name in lower case,
 * without what connections begin with and what this function sends itself.
 */
export async function commandsDuring(
  direct: DirectClient,
  fn: () => unknown,
): Promise<Record<string, number>> {
  const before = await readCalls(direct);
  await fn();
  const after = await readCalls(direct);
  const calls = [...after]
    .map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
    .filter(([name, count]) => count > 0 && !ownCommands.has(name));
  return Object.fromEntries(calls.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const ownCommands = new Set(['info', 'hello', 'select', 'client|setinfo', 'client|setname']);

async function readCalls(direct: DirectClient): Promise<Map<string, number>> {
  const stats = await direct.info('commandstats');
  return new Map(
    [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [
      name ?? '',
      Number(calls),
    ]),
  );
}
