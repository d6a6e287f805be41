/** GET of strings of 100 KB. */
import { pipelined } from '../contenders.mjs';
import { range } from '../worker/checks.mjs';

const padding = 'x'.repeat(100_000);
const value = (i) => `value:${i}:${padding}`.slice(0, padding.length);
const keysOf = (size) => range(size, (i) => `big:${i}`);

export const scenario = {
  title: 'GET of 100 KB as strings',
  size: 1_000,
  smokeSize: 16,
  // The servers hold all of it in memory, and so does a client at the end of its run.
  mostKeys: 5_000,
  contenders: pipelined,
  driver: 'batches',
  native: 'big',
  fill: (reference, size) =>
    reference.send(keysOf(size), (client, key, i) => client.set(key, value(i))),
  workload(size, { replies }) {
    const areBuffers = replies === 'buffers';
    return {
      keys: keysOf(size),
      commands: {
        blaster: (client, key) => client.get(key),
        nodeRedis: (client, key) => client.get(key),
        ioredis: areBuffers
          ? (client, key) => client.getBuffer(key)
          : (client, key) => client.get(key),
        glide: (client, key) => client.get(key),
        bun: areBuffers ? (client, key) => client.getBuffer(key) : (client, key) => client.get(key),
      },
      expected: areBuffers ? (i) => Buffer.from(value(i)) : value,
    };
  },
};
