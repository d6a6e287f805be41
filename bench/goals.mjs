/**
 * What the figures are held against, as data. A goal compares a `figure` (the time of a run unless
 * told) of the entry `of` with that of the best of `to`, in the tables of a `scenario`:
 *
 * - `atMost`: `of` takes no more than so many times what `to` takes
 * - `timesFaster`: `to` takes at least so many times what `of` takes
 * - `spread`: among the entries of the group `of`, the highest figure is at most so many times the
 *   lowest
 * - `most`: the figure itself is no higher, in `unit`
 *
 * The `floor` has to hold; the `aim` is what we would like.
 */
const MAP = 'redis-blaster map';
const PLAIN_MAP = 'redis-blaster map, autoBatch false';
const ROUTING = 'redis-blaster routing client';
const BUN = ['Bun.RedisClient'];
const C = ['hiredis pipeline'];
const C_MERGED = ['hiredis, same tricks'];
const IOREDIS = ['ioredis pipelines'];
const NODE_REDIS = ['node-redis pipelines'];
const PIPELINES = [...IOREDIS, ...NODE_REDIS];
const PIPELINED_PEERS = [
  ...PIPELINES,
  'ioredis auto-pipelining',
  'node-redis Promise.all',
  'node-redis Promise.all, no timeout',
];
const AWAITED_PEERS = [
  'ioredis auto-pipelining',
  'ioredis',
  'node-redis',
  'node-redis, no timeout',
];

const merged = (scenario) => [
  { scenario, of: MAP, to: C, kind: 'atMost', floor: 1 },
  { scenario, of: MAP, to: C_MERGED, kind: 'atMost', aim: 1 },
  { scenario, of: MAP, to: NODE_REDIS, kind: 'timesFaster', floor: 7 },
  { scenario, of: MAP, to: IOREDIS, kind: 'timesFaster', floor: 9 },
  { scenario, of: MAP, to: BUN, kind: 'timesFaster', floor: 1.3, aim: 2 },
];

const scale = (scenario) =>
  [MAP, PLAIN_MAP].map((of) => {
    return { scenario, of, kind: 'spread', figure: 'nsPerCommand', floor: 1.3, aim: 1.1 };
  });

const bigBuffers = { scenario: 'big-buffers', of: MAP, kind: 'timesFaster' };

const besideStopped = {
  scenario: 'stopped-host',
  of: `${MAP}, one stopped`,
  to: [`${MAP}, all running`],
  kind: 'atMost',
};

export const goals = [
  ...merged('get'),
  { scenario: 'get', of: PLAIN_MAP, to: C, kind: 'atMost', floor: 1.15, aim: 0.95 },
  { scenario: 'get', of: PLAIN_MAP, to: BUN, kind: 'timesFaster', floor: 1.1 },
  ...merged('set'),
  { scenario: 'mixed-writes', of: MAP, to: NODE_REDIS, kind: 'timesFaster', floor: 4.5, aim: 7 },
  { scenario: 'mixed-writes', of: MAP, to: IOREDIS, kind: 'timesFaster', floor: 5, aim: 7 },
  { scenario: 'mixed-reads', of: MAP, to: NODE_REDIS, kind: 'timesFaster', floor: 4, aim: 7 },
  { scenario: 'mixed-reads', of: MAP, to: IOREDIS, kind: 'timesFaster', floor: 5, aim: 7 },
  { scenario: 'hgetall', of: MAP, to: NODE_REDIS, kind: 'timesFaster', floor: 3, aim: 5 },
  { scenario: 'big-strings', of: MAP, to: PIPELINED_PEERS, kind: 'timesFaster', floor: 1 },
  { ...bigBuffers, to: PIPELINES.map((name) => `${name}, strings`), floor: 1.8, aim: 3 },
  { ...bigBuffers, to: PIPELINED_PEERS, floor: 1 },
  {
    scenario: 'concurrent-loops',
    of: ROUTING,
    to: ['ioredis auto-pipelining'],
    kind: 'timesFaster',
    floor: 3.5,
    aim: 6,
  },
  {
    scenario: 'sequential',
    of: ROUTING,
    to: AWAITED_PEERS,
    kind: 'timesFaster',
    floor: 1.3,
    aim: 1.5,
  },
  ...scale('scale-commands'),
  ...scale('scale-hosts'),
  {
    scenario: 'memory',
    of: MAP,
    to: IOREDIS,
    figure: 'bytesPerCommand',
    kind: 'atMost',
    floor: 0.5,
    aim: 0.2,
  },
  { ...besideStopped, figure: 'p50Us', floor: 1.1, aim: 1.02 },
  { ...besideStopped, figure: 'p99Us', floor: 1.5, aim: 1.1 },
  {
    scenario: 'import',
    of: 'redis-blaster',
    figure: 'beyondNodeMs',
    kind: 'most',
    unit: 'ms',
    floor: 50,
    aim: 20,
  },
];
