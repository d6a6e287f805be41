/** GET, HGET, ZSCORE, STRLEN and EXISTS in turn. */
import { pipelined } from '../contenders.mjs';
import { range } from '../worker/checks.mjs';

const kinds = ['text', 'hash', 'set', 'text', 'text'];
const keysOf = (size) => range(size, (i) => `${kinds[i % 5]}:${Math.floor(i / 5)}`);
const value = (i) => `value:${Math.floor(i / 5)}`;

function expected(i) {
  if (i % 5 < 2) return value(i);
  if (i % 5 === 2) return Math.floor(i / 5);
  return i % 5 === 3 ? value(i).length : 1;
}

export const scenario = {
  title: 'GET, HGET, ZSCORE, STRLEN, EXISTS',
  size: 100_000,
  smokeSize: 500,
  contenders: pipelined,
  driver: 'batches',
  native: 'mixed-reads',
  fill(reference, size) {
    return reference.send(keysOf(size), (client, key, i) => {
      if (i % 5 === 1) return client.hSet(key, 'field', value(i));
      if (i % 5 === 2) return client.zAdd(key, { score: expected(i), value: 'member' });
      return client.set(key, value(i));
    });
  },
  workload: (size) => ({
    keys: keysOf(size),
    commands: {
      blaster(client, key, i) {
        if (i % 5 === 0) return client.get(key);
        if (i % 5 === 1) return client.hGet(key, 'field');
        if (i % 5 === 2) return client.zScore(key, 'member');
        return i % 5 === 3 ? client.strLen(key) : client.exists(key);
      },
      nodeRedis(client, key, i) {
        if (i % 5 === 0) return client.get(key);
        if (i % 5 === 1) return client.hGet(key, 'field');
        if (i % 5 === 2) return client.zScore(key, 'member');
        return i % 5 === 3 ? client.strLen(key) : client.exists(key);
      },
      ioredis(client, key, i) {
        if (i % 5 === 0) return client.get(key);
        if (i % 5 === 1) return client.hget(key, 'field');
        if (i % 5 === 2) return client.zscore(key, 'member');
        return i % 5 === 3 ? client.strlen(key) : client.exists(key);
      },
      glide(client, key, i) {
        if (i % 5 === 0) return client.get(key);
        if (i % 5 === 1) return client.hget(key, 'field');
        if (i % 5 === 2) return client.zscore(key, 'member');
        return i % 5 === 3 ? client.strlen(key) : client.exists([key]);
      },
      bun(client, key, i) {
        if (i % 5 === 0) return client.get(key);
        if (i % 5 === 1) return client.hget(key, 'field');
        if (i % 5 === 2) return client.zscore(key, 'member');
        return i % 5 === 3 ? client.strlen(key) : client.exists(key);
      },
    },
    expected,
  }),
};
