/**
 * Clients that fill the servers and read them back, outside of the time taken: node-redis, so that
 * the library under test is not its own judge.
 */
import { createClient } from 'redis';

const CHUNK = 10_000;

/** One connected node-redis client for each host, in their order; without a timeout unless told. */
export function connect(hosts, timeout) {
  return Promise.all(
    hosts.map(({ unixSocketPath, host, port, db }) => {
      const socket = unixSocketPath === undefined ? { host, port } : { path: unixSocketPath };
      const commandOptions = { timeout };
      return createClient({ socket, database: db, commandOptions }).connect();
    }),
  );
}

/** Ends connections at once. */
export function disconnect(clients) {
  for (const client of clients) client.destroy();
}

/** Opens the clients of {@link connect} for `send` and `flush`. */
export async function openReference({ hosts, router }) {
  const clients = await connect(hosts);
  return {
    /** Issues a command for each key, and answers all replies in order. */
    async send(keys, issue) {
      const replies = [];
      for (let start = 0; start < keys.length; start += CHUNK) {
        const promises = keys
          .slice(start, start + CHUNK)
          .map((key, j) => issue(clients[router.getHostForKey(key)], key, start + j));
        replies.push(...(await Promise.all(promises)));
      }
      return replies;
    },
    /** Removes every key of every host. */
    flush: () => Promise.all(clients.map((client) => client.flushDb())),
    close: () => disconnect(clients),
  };
}
