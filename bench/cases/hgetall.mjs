/** HGETALL of hashes of ten fields. */
import { pipelined } from '../contenders/index.mjs';
import { checkEach, range } from '../workload.mjs';

const fields = range(10, (field) => `field${field}`);
const value = (i) => Object.fromEntries(fields.map((field, j) => [field, `value:${i}:${j}`]));

export const benchmark = {
  title: 'HGETALL of 10 fields',
  size: 10_000,
  smokeSize: 100,
  contenders: pipelined,
  async prepare(size, reference) {
    const keys = range(size, (i) => `hash:${i}`);
    await reference.send(keys, (client, key, i) => client.hSet(key, value(i)));
    return {
      keys,
      commands: {
        blaster: (client, key) => client.hGetAll(key),
        nodeRedis: (client, key) => client.hGetAll(key),
        ioredis: (client, key) => client.hgetall(key),
      },
      check: (results) => checkEach(results, keys, value),
    };
  },
};
