/** GET of short strings. */
import { pipelined } from '../contenders/index.mjs';
import { checkEach, range } from '../workload.mjs';

const value = (i) => `value:${i}`;

export const benchmark = {
  title: 'GET',
  size: 100_000,
  smokeSize: 500,
  contenders: pipelined,
  async prepare(size, reference) {
    const keys = range(size, (i) => `key:${i}`);
    await reference.send(keys, (client, key, i) => client.set(key, value(i)));
    return {
      keys,
      commands: {
        blaster: (client, key) => client.get(key),
        nodeRedis: (client, key) => client.get(key),
        ioredis: (client, key) => client.get(key),
      },
      check: (results) => checkEach(results, keys, value),
    };
  },
};
