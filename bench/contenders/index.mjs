/**
 * Who takes part in which kind of case. A contender has a `name` and `open(environment)`, which
 * connects and answers `run(workload)` (to the results, in the order of the keys) and `close()`.
 * The first one of a list is what the others are compared with.
 */
import { ioredisAuto, ioredisAutoLoops, ioredisLoops, ioredisPipeline } from './ioredis.mjs';
import {
  nodeRedisLoops,
  nodeRedisLoopsUntimed,
  nodeRedisPipeline,
  nodeRedisPromises,
  nodeRedisPromisesUntimed,
} from './node-redis.mjs';
import { blasterMap, blasterPlainMap, blasterRouting } from './redis-blaster.mjs';

/** For cases in which all commands are known at once. */
export const pipelined = [
  blasterMap,
  blasterPlainMap,
  ioredisPipeline,
  ioredisAuto,
  nodeRedisPipeline,
  nodeRedisPromises,
  nodeRedisPromisesUntimed,
];

/** For cases that await single commands. */
export const single = [
  blasterRouting,
  ioredisAutoLoops,
  ioredisLoops,
  nodeRedisLoops,
  nodeRedisLoopsUntimed,
];

/** Throws what `makeError` makes if a text is part of no contender's name. */
export function checkNames(texts, makeError) {
  const names = [...new Set([...pipelined, ...single].map(({ name }) => name))];
  for (const text of texts) {
    if (names.some((name) => name.includes(text))) continue;
    throw makeError(`No contender has '${text}' in its name; there are: ${names.join('; ')}.`);
  }
}
