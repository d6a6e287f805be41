/** GET of strings of 100 KB. */
import { pipelined } from '../contenders/index.mjs';
import { checkEach, range } from '../workload.mjs';

const padding = 'x'.repeat(100_000);
const value = (i) => `value:${i}:${padding}`.slice(0, padding.length);

export const benchmark = {
  title: 'GET of 100 KB strings',
  size: 1_000,
  smokeSize: 16,
  // The servers hold all of it in memory, and so does a client at the end of its run.
  mostKeys: 5_000,
  contenders: pipelined,
  async prepare(size, reference) {
    const keys = range(size, (i) => `big:${i}`);
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
