/** HSET, HGET, INCR and ZADD in turn: a HGET asks for what the HSET before it has written. */
import { pipelined, plainMap, without } from '../contenders.mjs';
import { checkEach, range } from '../worker/checks.mjs';

const kinds = ['hash', 'hash', 'number', 'set'];
const keysOf = (size) => range(size, (i) => `${kinds[i % 4]}:${i >> 2}`);

export const scenario = {
  title: 'HSET, HGET, INCR, ZADD',
  size: 100_000,
  smokeSize: 500,
  // No neighbours are merged here.
  contenders: without(pipelined, plainMap),
  driver: 'batches',
  native: 'mixed-writes',
  beforeRun: ({ reference }) => reference.flush(),
  workload(size) {
    let values = [];
    return {
      keys: keysOf(size),
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
        glide(client, key, i) {
          if (i % 4 === 0) return client.hset(key, { field: values[i] });
          if (i % 4 === 1) return client.hget(key, 'field');
          if (i % 4 === 2) return client.incr(key);
          return client.zadd(key, { member: i });
        },
        bun(client, key, i) {
          if (i % 4 === 0) return client.hset(key, 'field', values[i]);
          if (i % 4 === 1) return client.hget(key, 'field');
          if (i % 4 === 2) return client.incr(key);
          return client.zadd(key, i, 'member');
        },
      },
      before(run) {
        values = range(size, (i) => `${run}:${i}`);
      },
      expected: (i) => (i % 4 === 1 ? values[i - 1] : 1),
    };
  },
  async verify({ reference, size, run }) {
    const keys = keysOf(size);
    const stored = await reference.send(keys, (client, key, i) => {
      if (i % 4 < 2) return client.hGetAll(key);
      return i % 4 === 2 ? client.get(key) : client.zRangeWithScores(key, 0, -1);
    });
    checkEach(stored, keys, (i) => {
      if (i % 4 < 2) return { field: `${run}:${i - (i % 4)}` };
      return i % 4 === 2 ? '1' : { member: i };
    });
  },
};
