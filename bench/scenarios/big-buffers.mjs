/**
 * GET of values of 100 KB as Buffers, and beside them as strings by the peers. Garbage is collected
 * before a turn, not before each run: where all Buffers of a run are freed at once, glibc may give the
 * 100 MB back, and to get them again takes as long as to read all values. Whether it does depends on
 * what happens to lie behind them.
 */
import {
  bun,
  glideBatch,
  hiredis,
  ioredisPipelines,
  map,
  nodeRedisPipelines,
  nodeRedisUntimed,
  plainMap,
} from '../contenders.mjs';
import { scenario as bigStrings } from './big-strings.mjs';

const buffers = [map, plainMap, ioredisPipelines, nodeRedisPipelines, nodeRedisUntimed];
const strings = [ioredisPipelines, nodeRedisPipelines];

export const scenario = {
  ...bigStrings,
  title: 'GET of 100 KB as Buffers',
  collects: 'turn',
  contenders: [
    ...[...buffers, glideBatch, bun].map((one) => ({ ...one, params: { replies: 'buffers' } })),
    ...strings.map((one) => ({ ...one, name: `${one.name}, strings` })),
    hiredis,
  ],
};
