/** SET of short strings, others in every run; read back to check them. */
import { mergedByHand, pipelined } from '../contenders.mjs';
import { checkEach, range } from '../worker/checks.mjs';

const keysOf = (size) => range(size, (i) => `key:${i}`);

export const scenario = {
  title: 'SET',
  size: 100_000,
  smokeSize: 500,
  contenders: [...pipelined, ...mergedByHand],
  driver: 'batches',
  native: 'set',
  workload(size) {
    let values = [];
    const pairs = (keys, places) => keys.flatMap((key, j) => [key, values[places[j]]]);
    return {
      keys: keysOf(size),
      commands: {
        blaster: (client, key, i) => client.set(key, values[i]),
        nodeRedis: (client, key, i) => client.set(key, values[i]),
        ioredis: (client, key, i) => client.set(key, values[i]),
        glide: (client, key, i) => client.set(key, values[i]),
        bun: (client, key, i) => client.set(key, values[i]),
      },
      lists: {
        nodeRedis: (client, keys, places) => client.mSet(pairs(keys, places)),
        ioredis: (client, keys, places) => client.mset(pairs(keys, places)),
        bun: (client, keys, places) => client.mset(...pairs(keys, places)),
      },
      before(run) {
        values = range(size, (i) => `${run}:${i}`);
      },
      expected: () => 'OK',
    };
  },
  async verify({ reference, size, run }) {
    const keys = keysOf(size);
    const stored = await reference.send(keys, (client, key) => client.get(key));
    checkEach(stored, keys, (i) => `${run}:${i}`);
  },
};
