/**
 * The latency of 63 hosts while the 64th, a server of its own, stands still, against the same with
 * all of them running. The callers do not await the stopped one; its answers are checked when it
 * goes on.
 */
import { ioredisPipelines, map, nodeRedisPipelines, plainMap } from '../contenders.mjs';
import { latencies } from '../harness/columns.mjs';
import { scenario as get } from './get.mjs';

const HOSTS = 64;
const SMOKE_HOSTS = 8;
const BURST = 640;
const FEWEST_ROUNDS = 9;

/** Two entries of one process: the runs with and without the stopped host take turns. */
function pair(contender) {
  const shared = { ...contender, process: contender.name };
  return [
    { ...shared, name: `${contender.name}, all running` },
    { ...shared, name: `${contender.name}, one stopped`, stopsLastHost: true },
  ];
}

export const scenario = {
  ...get,
  title: 'GET in bursts beside a host that stands still',
  size: 50 * BURST,
  smokeSize: 2 * BURST,
  driver: 'burstsBesideStopped',
  params: { chunk: BURST },
  columns: latencies,
  lastHostAlone: true,
  contenders: [map, plainMap, ioredisPipelines, nodeRedisPipelines],
  tables({ smoke, rounds, contenders }) {
    const hosts = smoke ? SMOKE_HOSTS : HOSTS;
    return [
      {
        title: `GET in bursts of ${BURST} over ${hosts} hosts, the latencies of ${hosts - 1} of them`,
        hosts,
        rounds: smoke ? 1 : Math.max(rounds, FEWEST_ROUNDS),
        contenders: contenders.flatMap(pair),
      },
    ];
  },
  beforeRun({ servers, entry }) {
    if (entry.stopsLastHost) servers.stopLastHost();
  },
  afterRun: ({ servers }) => servers.resume(),
};
