/**
 * Clients that fill the servers and read them back, outside of the time taken: node-redis, so that
 * the library under test is not its own judge.
 */
import { connect, disconnect } from '../worker/clients/node-redis.mjs';
import { partition } from '../worker/partition.mjs';

const CHUNK = 10_000;

/** Opens a client for each host. */
export async function openReference(hosts) {
  const clients = await connect(hosts);
  return {
    /** Issues a command for each key, and answers all replies in order. */
    async send(keys, issue) {
      const hostOf = partition(clients.length);
      const replies = [];
      for (let start = 0; start < keys.length; start += CHUNK) {
        const promises = keys
          .slice(start, start + CHUNK)
          .map((key, j) => issue(clients[hostOf(key)], key, start + j));
        replies.push(...(await Promise.all(promises)));
      }
      return replies;
    },
    /** Removes every key of every host. */
    flush: () => Promise.all(clients.map((client) => client.flushDb())),
    close: () => disconnect(clients),
  };
}
