/**
 * What a user of a client without sharding writes: route each key, keep the replies in the order of
 * the keys. `clients` is one client for each host.
 */
import { partition } from '../partition.mjs';

/**
 * One pipeline for each host.
 *
 * @param make - Makes a pipeline of a client.
 * @param execute - Sends a pipeline, and answers its replies in order.
 * @param issue - Adds command number `i` to a pipeline.
 */
export function pipelines(clients, { make, execute, issue }) {
  const hostOf = partition(clients.length);

  /** The pipelines with the commands from `start` to `end`, and which command went where. */
  const fill = ({ keys, commands }, start, end) => {
    const command = issue(commands);
    const batches = clients.map(() => undefined);
    const places = clients.map(() => []);
    for (let i = start; i < end; i++) {
      const host = hostOf(keys[i]);
      command((batches[host] ??= make(clients[host])), keys[i], i);
      places[host].push(i - start);
    }
    return { batches, places };
  };

  const gather = async (workload, start, end, onHost) => {
    const { batches, places } = fill(workload, start, end);
    const results = new Array(end - start);
    const takeReplies = async (batch, host) => {
      if (batch === undefined) return;
      const replies = await execute(batch, clients[host]);
      onHost?.(host);
      const indexes = places[host];
      for (let j = 0; j < indexes.length; j++) results[indexes[j]] = replies[j];
    };
    await Promise.all(batches.map(takeReplies));
    return results;
  };

  return { all: gather, perHost: gather };
}

/** So many keys are merged at most, as in a map of redis-blaster. */
const MERGED = 512;

/** One command for many keys of a host: `MGET` for `GET`s, `MSET` for `SET`s. */
export function lists(clients, issue) {
  const hostOf = partition(clients.length);

  /** The numbers of the commands from `start` to `end` by host. */
  const places = (keys, start, end) => {
    const byHost = clients.map(() => []);
    for (let i = start; i < end; i++) byHost[hostOf(keys[i])].push(i);
    return byHost;
  };

  return {
    async all({ keys, lists: commands }, start, end) {
      const command = issue(commands);
      const results = new Array(end - start);
      const takeReplies = async (client, part) => {
        const replies = await command(
          client,
          part.map((i) => keys[i]),
          part,
        );
        const isOne = !Array.isArray(replies);
        if (!isOne && replies.length !== part.length) {
          throw new Error(`${replies.length} replies for ${part.length} keys`);
        }
        for (let j = 0; j < part.length; j++) {
          results[part[j] - start] = isOne ? replies : replies[j];
        }
      };
      const issued = places(keys, start, end).flatMap((own, host) =>
        Array.from({ length: Math.ceil(own.length / MERGED) }, (_, part) =>
          takeReplies(clients[host], own.slice(part * MERGED, (part + 1) * MERGED)),
        ),
      );
      await Promise.all(issued);
      return results;
    },
  };
}

/** A promise for each command, all at once or one by one. */
export function promises(clients, issue) {
  const hostOf = partition(clients.length);
  return {
    all({ keys, commands }, start, end) {
      const command = issue(commands);
      const issued = new Array(end - start);
      for (let i = start; i < end; i++) {
        issued[i - start] = command(clients[hostOf(keys[i])], keys[i], i);
      }
      return Promise.all(issued);
    },
    one({ keys, commands }, i) {
      return issue(commands)(clients[hostOf(keys[i])], keys[i], i);
    },
  };
}
