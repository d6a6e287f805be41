/** INFO of every host, over and over. */
import {
  bun,
  glidePlain,
  hiredis,
  ioredisPlain,
  map,
  nodeRedisPromises,
  nodeRedisUntimed,
} from '../contenders.mjs';

const contenders = [
  { ...map, name: 'redis-blaster all()' },
  ioredisPlain,
  { ...nodeRedisPromises, name: 'node-redis' },
  { ...nodeRedisUntimed, name: 'node-redis, no timeout' },
  glidePlain,
  bun,
  hiredis,
];

const tables = [
  { hosts: 64, repeats: 40 },
  { hosts: 256, repeats: 10 },
];
const smokeTables = [
  { hosts: 8, repeats: 2 },
  { hosts: 16, repeats: 1 },
];

export const scenario = {
  title: 'INFO of every host; latencies are of fan-outs',
  driver: 'infos',
  native: 'info',
  contenders,
  tables: ({ smoke }) =>
    (smoke ? smokeTables : tables).map(({ hosts, repeats }) => ({
      title: `INFO of ${hosts} hosts; latencies are of whole fan-outs`,
      hosts,
      size: hosts,
      params: { repeats },
    })),
};
