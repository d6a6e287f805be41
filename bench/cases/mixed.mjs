/** HSET, HGET, INCR and ZADD in turn: a HGET asks for what the HSET before it has written. */
import { pipelined } from '../contenders/index.mjs';
import { checkEach, range } from '../workload.mjs';

const kinds = ['hash', 'hash', 'number', 'set'];

export const benchmark = {
  title: 'HSET, HGET, INCR, ZADD',
  size: 100_000,
  smokeSize: 500,
  contenders: pipelined,
  prepare(size, reference) {
    const keys = range(size, (i) => `${kinds[i % 4]}:${i >> 2}`);
    let values = [];
    return {
      keys,
      commands: {
        blaster(client, key, i) {
          if (i % 4 === 0) return client.hSet(key, 'field', values[i]);
          if (i % 4 === 1) return client.hGet(key, 'field');
          if (i % 4 === 2) return client.incr(key);
          return client.zAdd(key, { score: i, value: 'member' });
        },
        nodeRedis(client, key, i) {
          if (i % 4 === 0) return client.hSet(key, 'field', values[i]);
          if (i % 4 === 1) return client.hGet(key, 'field');
          if (i % 4 === 2) return client.incr(key);
          return client.zAdd(key, { score: i, value: 'member' });
        },
        ioredis(client, key, i) {
          if (i % 4 === 0) return client.hset(key, 'field', values[i]);
          if (i % 4 === 1) return client.hget(key, 'field');
          if (i % 4 === 2) return client.incr(key);
          return client.zadd(key, i, 'member');
        },
      },
      async before(run) {
        await reference.flush();
        values = range(size, (i) => `${run}:${i}`);
      },
      check: (results) => checkEach(results, keys, (i) => (i % 4 === 1 ? values[i - 1] : 1)),
    };
  },
};
