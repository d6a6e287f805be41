/**
 * GET of values of 100 KB as Buffers, and beside them as strings by the peers. Twice: as it is, and
 * with an allocator that keeps the memory which a run has freed for the next one. What glibc does
 * without being told depends on what happens to lie behind that memory: some processes give back
 * 100 MB after every run, and take as long to get them again as to read all values.
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
const contenders = [
  ...[...buffers, glideBatch, bun].map((one) => ({ ...one, params: { replies: 'buffers' } })),
  ...strings.map((one) => ({ ...one, name: `${one.name}, strings` })),
  hiredis,
];

const title = 'GET of 100 KB as Buffers';
const KEEPING = { MALLOC_TRIM_THRESHOLD_: String(1024 ** 3) };
const kept = {
  title: `${title}, freed memory kept`,
  contenders: contenders.map((one) => ({ ...one, name: `${one.name}, kept`, env: KEEPING })),
};

export const scenario = {
  ...bigStrings,
  title,
  contenders,
  tables: () => [{}, kept],
};
