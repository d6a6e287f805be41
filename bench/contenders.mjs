/**
 * Who takes part. A contender has a `name`, what runs it (`node`, `bun` or `c`), the client library
 * (a file of `worker/clients`), and the way in which it is used. The first one of a list is what the
 * others of a table are compared with.
 */
function contender(name, runtime, client, way, more) {
  return Object.freeze({ name, runtime, client, way, ...more });
}

export const map = contender('redis-blaster map', 'node', 'redis-blaster', 'map');
export const plainMap = contender(
  'redis-blaster map, autoBatch false',
  'node',
  'redis-blaster',
  'plain-map',
);
export const mapOfAll = contender(
  'redis-blaster map, RbPromise.all',
  'node',
  'redis-blaster',
  'map-of-all',
);
export const routing = contender(
  'redis-blaster routing client',
  'node',
  'redis-blaster',
  'routing',
);

export const ioredisPipelines = contender('ioredis pipelines', 'node', 'ioredis', 'pipelines');
export const ioredisAuto = contender(
  'ioredis auto-pipelining',
  'node',
  'ioredis',
  'auto-pipelining',
);
export const ioredisPlain = contender('ioredis', 'node', 'ioredis', 'plain');

export const nodeRedisPipelines = contender(
  'node-redis pipelines',
  'node',
  'node-redis',
  'pipelines',
);
export const nodeRedisPromises = contender(
  'node-redis Promise.all',
  'node',
  'node-redis',
  'promises',
);
export const nodeRedisUntimed = contender(
  'node-redis Promise.all, no timeout',
  'node',
  'node-redis',
  'promises-untimed',
);

/** Speaks TCP only, also where the others use unix sockets. */
export const glideBatch = contender('valkey-glide batch', 'node', 'glide', 'batch', { tcp: true });
export const glidePlain = contender('valkey-glide', 'node', 'glide', 'promises', { tcp: true });

export const bun = contender('Bun.RedisClient', 'bun', 'bun', 'promises');

/** What a map does by itself, in the user's code. */
export const mergedByHand = [
  contender('ioredis, merged by hand', 'node', 'ioredis', 'lists'),
  contender('node-redis, merged by hand', 'node', 'node-redis', 'lists'),
  contender('Bun.RedisClient, merged by hand', 'bun', 'bun', 'lists'),
];

export const hiredis = contender('hiredis pipeline', 'c', 'hiredis', 'plain');
export const hiredisMerged = contender('hiredis, same tricks', 'c', 'hiredis', 'merged');

/** For scenarios in which all commands are known at once. */
export const pipelined = [
  map,
  plainMap,
  routing,
  ioredisPipelines,
  ioredisAuto,
  nodeRedisPipelines,
  nodeRedisPromises,
  nodeRedisUntimed,
  glideBatch,
  bun,
  hiredis,
  hiredisMerged,
];

/** For scenarios of commands that are awaited one by one; names tell the way where two have one. */
export const awaited = [
  routing,
  ioredisAuto,
  ioredisPlain,
  { ...nodeRedisPromises, name: 'node-redis' },
  { ...nodeRedisUntimed, name: 'node-redis, no timeout' },
  glidePlain,
  bun,
];

/** What is left of a list without some of its contenders. */
export function without(list, ...removed) {
  return list.filter((one) => !removed.includes(one));
}

/** The list with the same contenders over another build of redis-blaster behind ours. */
export function withBaseline(list, dist) {
  if (dist === undefined) return list;
  return list.flatMap((entry) => {
    if (entry.client !== 'redis-blaster') return [entry];
    const renamed = ['name', 'group', 'process']
      .filter((property) => entry[property] !== undefined)
      .map((property) => [property, entry[property].replace('redis-blaster', 'baseline')]);
    return [entry, { ...entry, ...Object.fromEntries(renamed), dist }];
  });
}
