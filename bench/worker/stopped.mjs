/** The latency of hosts beside one that may stand still. */
import { checkEach } from './checks.mjs';
import { percentiles } from './figures.mjs';
import { partition } from './partition.mjs';

/**
 * Bursts of `chunk` commands over all hosts. A burst ends when all hosts but the last one have
 * answered theirs; what the last host owes is awaited in `check`. A latency is what it took a host
 * to answer its part of a burst.
 */
export function burstsBesideStopped(workload, client, { chunk, hosts }) {
  const { keys, expected } = workload;
  const silent = hosts.length - 1;
  const bursts = burstsOf(keys, chunk, hosts.length, silent);
  const latencies = [];
  let outstanding = [];
  const runBurst = ({ start, end, awaited }) =>
    new Promise((resolve, reject) => {
      const started = performance.now();
      let left = awaited;
      const onHost = (host) => {
        if (host === silent) return;
        latencies.push(performance.now() - started);
        if (--left === 0) resolve();
      };
      const replies = client.perHost(workload, start, end, onHost);
      replies.catch(reject);
      outstanding.push(replies);
    });
  return {
    async run() {
      for (const burst of bursts) await runBurst(burst);
    },
    figures: () => percentiles(latencies.splice(0)),
    async check() {
      const results = (await Promise.all(outstanding)).flat();
      outstanding = [];
      checkEach(results, keys, expected);
    },
  };
}

/** Where the bursts begin and end, and of how many hosts each is awaited. */
function burstsOf(keys, chunk, hostCount, silent) {
  const hostOf = partition(hostCount);
  const bursts = [];
  for (let start = 0; start < keys.length; start += chunk) {
    const end = Math.min(start + chunk, keys.length);
    const awaited = new Set(keys.slice(start, end).map(hostOf));
    awaited.delete(silent);
    if (awaited.size > 0) bursts.push({ start, end, awaited: awaited.size });
  }
  return bursts;
}
