/** GET of short strings. */
import { mapOfAll, mergedByHand, pipelined } from '../contenders.mjs';
import { range } from '../worker/checks.mjs';

const value = (i) => `value:${i}`;
const keysOf = (size) => range(size, (i) => `key:${i}`);

export const scenario = {
  title: 'GET',
  size: 100_000,
  smokeSize: 500,
  contenders: [...pipelined.toSpliced(1, 0, mapOfAll), ...mergedByHand],
  driver: 'batches',
  native: 'get',
  fill: (reference, size) =>
    reference.send(keysOf(size), (client, key, i) => client.set(key, value(i))),
  workload: (size) => ({
    keys: keysOf(size),
    commands: {
      blaster: (client, key) => client.get(key),
      nodeRedis: (client, key) => client.get(key),
      ioredis: (client, key) => client.get(key),
      glide: (client, key) => client.get(key),
      bun: (client, key) => client.get(key),
    },
    lists: {
      nodeRedis: (client, keys) => client.mGet(keys),
      ioredis: (client, keys) => client.mget(keys),
      bun: (client, keys) => client.mget(...keys),
    },
    expected: value,
  }),
};
