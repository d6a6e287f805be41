/** HGETALL of hashes of ten fields. */
import { pipelined, plainMap, without } from '../contenders.mjs';
import { range } from '../worker/checks.mjs';

const fields = range(10, (field) => `field${field}`);
const value = (i) => Object.fromEntries(fields.map((field, j) => [field, `value:${i}:${j}`]));
const keysOf = (size) => range(size, (i) => `hash:${i}`);

export const scenario = {
  title: 'HGETALL of 10 fields',
  size: 10_000,
  smokeSize: 100,
  contenders: without(pipelined, plainMap),
  driver: 'batches',
  native: 'hgetall',
  fill: (reference, size) =>
    reference.send(keysOf(size), (client, key, i) => client.hSet(key, value(i))),
  workload: (size) => ({
    keys: keysOf(size),
    commands: {
      blaster: (client, key) => client.hGetAll(key),
      nodeRedis: (client, key) => client.hGetAll(key),
      ioredis: (client, key) => client.hgetall(key),
      glide: (client, key) => client.hgetall(key),
      bun: (client, key) => client.hgetall(key),
    },
    expected: value,
  }),
};
