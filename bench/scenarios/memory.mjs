/** The memory that 100,000 HSETs take which the servers, all stopped, do not answer yet. */
import {
  ioredisAuto,
  ioredisPipelines,
  map,
  nodeRedisPipelines,
  nodeRedisUntimed,
  routing,
} from '../contenders.mjs';
import { outstanding } from '../harness/columns.mjs';
import { checkEach, range } from '../worker/checks.mjs';

const keysOf = (size) => range(size, (i) => `hash:${i}`);

export const scenario = {
  title: 'Memory of outstanding HSETs',
  size: 100_000,
  smokeSize: 500,
  columns: outstanding,
  contenders: [map, routing, ioredisPipelines, ioredisAuto, nodeRedisPipelines, nodeRedisUntimed],
  driver: 'measureOutstanding',
  async beforeRun({ reference, servers }) {
    await reference.flush();
    servers.stopAll();
  },
  afterRun: ({ servers }) => servers.resume(),
  workload(size) {
    let values = [];
    return {
      keys: keysOf(size),
      commands: {
        blaster: (client, key, i) => client.hSet(key, 'field', values[i]),
        nodeRedis: (client, key, i) => client.hSet(key, 'field', values[i]),
        ioredis: (client, key, i) => client.hset(key, 'field', values[i]),
      },
      before(run) {
        values = range(size, (i) => `${run}:${i}`);
      },
      expected: () => 1,
    };
  },
  async verify({ reference, size, run }) {
    const keys = keysOf(size);
    const stored = await reference.send(keys, (client, key) => client.hGetAll(key));
    checkEach(stored, keys, (i) => ({ field: `${run}:${i}` }));
  },
};
