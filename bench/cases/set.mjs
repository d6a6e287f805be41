/** SET of short strings, others in every run; read back to check them. */
import { pipelined } from '../contenders/index.mjs';
import { checkEach, range } from '../workload.mjs';

export const benchmark = {
  title: 'SET',
  size: 100_000,
  smokeSize: 500,
  contenders: pipelined,
  prepare(size, reference) {
    const keys = range(size, (i) => `key:${i}`);
    let values = [];
    return {
      keys,
      commands: {
        blaster: (client, key, i) => client.set(key, values[i]),
        nodeRedis: (client, key, i) => client.set(key, values[i]),
        ioredis: (client, key, i) => client.set(key, values[i]),
      },
      before(run) {
        values = range(size, (i) => `${run}:${i}`);
      },
      async check(results) {
        checkEach(results, keys, () => 'OK');
        const stored = await reference.send(keys, (client, key) => client.get(key));
        checkEach(stored, keys, (i) => values[i]);
      },
    };
  },
};
