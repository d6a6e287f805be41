/** Loops of awaited commands: their workload, and how every contender runs it. */
import { checkEach, range } from './workload.mjs';

const value = (i) => `value:${i}`;

/** A workload of `size` GETs, divided among `loops` loops. */
export async function prepareLoops(size, reference, loops) {
  const keys = range(size, (i) => `key:${i}`);
  await reference.send(keys, (client, key, i) => client.set(key, value(i)));
  return {
    keys,
    commands: {
      blaster: (client, key) => client.get(key),
      nodeRedis: (client, key) => client.get(key),
      ioredis: (client, key) => client.get(key),
    },
    loops,
    /** What each command of the last run took, in ms. */
    latencies: new Float64Array(size),
    check: (results) => checkEach(results, keys, value),
  };
}

/** Runs the loops, `issue(key, i)` for each command, and answers all results. */
export async function runLoops({ keys, loops, latencies }, issue) {
  const results = new Array(keys.length);
  let next = 0;
  const loop = async () => {
    while (next < keys.length) {
      const i = next++;
      const started = performance.now();
      results[i] = await issue(keys[i], i);
      latencies[i] = performance.now() - started;
    }
  };
  await Promise.all(range(loops, loop));
  return results;
}
