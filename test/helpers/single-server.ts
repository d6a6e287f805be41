/** One real server apart from any setup. */

import type { RedisServer } from '../../src/testing/redis-server.js';
import { ServerGroup } from '../../src/testing/server-group.js';
import type { ServerGroupOptions } from '../../src/testing/server-group.js';

/** A server that can be ended and started again: `server.stop()`, `server.start()`. */
export interface SingleServer {
  readonly server: RedisServer;
  /** Ends the server for good and removes its folder. */
  close(): Promise<void>;
}

/**
 * Starts one server and waits until it answers.
 *
 * @param options - `tcp`: on a port of 127.0.0.1 and not on a unix socket; `serverArguments`: more
 * of the server's own options; `databases`: 16 unless told.
 */
export async function startServer(
  options: Partial<ServerGroupOptions> = {},
): Promise<SingleServer> {
  const group = new ServerGroup({ databases: 16, ...options });
  try {
    const server = group.spawnServer();
    await group.waitForServers(10_000);
    return { server, close: () => group.close() };
  } catch (error) {
    await group.close();
    throw error;
  }
}
