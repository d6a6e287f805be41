/** GET of values of 100 KB as Buffers, and beside them as strings by the peers. */
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
  contenders: [
    ...[...buffers, glideBatch, bun].map((one) => ({ ...one, params: { replies: 'buffers' } })),
    ...strings.map((one) => ({ ...one, name: `${one.name}, strings` })),
    hiredis,
  ],
};
