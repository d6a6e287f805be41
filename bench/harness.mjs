/** Takes the time: contenders in turn, one round to warm up, then those that count. */
import { setTimeout as delay } from 'node:timers/promises';
import { startProfiler } from './profiler.mjs';

const RUN_LIMIT_MS = 120_000;
const SETTLING_MS = 50;

let runs = 0;

/**
 * Measures a workload.
 *
 * @param contenders - Opened ones: `{ name, run }`.
 * @param settle - Whether to give what a run left the time to go, before the next one.
 * @param onRound - Told the number of each round that has begun; 0 is the warm-up.
 * @returns For each contender its name, `timesMs` and `cpuMs` (of this process) of every round, and
 * where there are any, `latencies` (percentiles) and `profile`.
 */
export async function measure({ workload, contenders, rounds, settle, profile, onRound }) {
  const records = contenders.map(({ name }) => ({ name, timesMs: [], cpuMs: [], latencies: [] }));
  const profiler = profile ? startProfiler() : undefined;
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const [index, contender] of contenders.entries()) {
      const counts = round > 0;
      await workload.before?.(++runs);
      if (settle) await collectGarbage();
      const { timeMs, cpuMs } = await runOnce(contender, workload, counts ? profiler : undefined);
      if (!counts) continue;
      records[index].timesMs.push(timeMs);
      records[index].cpuMs.push(cpuMs);
      if (workload.latencies) records[index].latencies.push(workload.latencies.slice());
    }
  }
  return records.map(({ latencies, ...record }) => ({
    ...record,
    ...(latencies.length > 0 && { latencies: percentiles(latencies) }),
    ...(profiler && { profile: profiler.summary(record.name) }),
  }));
}

/** One run of one contender, its results checked. They are garbage before the next one starts. */
async function runOnce({ name, run }, workload, profiler) {
  const limit = new AbortController();
  try {
    profiler?.begin();
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    const results = await Promise.race([run(workload), fail(limit.signal)]);
    const timeMs = performance.now() - started;
    const { user, system } = process.cpuUsage(cpuBefore);
    profiler?.end(name);
    await workload.check(results);
    return { timeMs, cpuMs: (user + system) / 1_000 };
  } catch (error) {
    throw new Error(`${name}: ${error}`, { cause: error });
  } finally {
    limit.abort();
  }
}

/** What earlier runs left is collected now, not in the time of the next one. */
async function collectGarbage() {
  globalThis.gc?.();
  // Finalizers run as tasks of their own: of node-redis' timers there is one for each command.
  await delay(SETTLING_MS);
  globalThis.gc?.();
}

async function fail(signal) {
  await delay(RUN_LIMIT_MS, undefined, { signal }).catch(() => {});
  if (!signal.aborted) throw new Error(`no end after ${RUN_LIMIT_MS / 1_000} s`);
}

function percentiles(arrays) {
  const all = Float64Array.from(arrays.flatMap((array) => [...array])).sort();
  const at = (part) => all[Math.min(all.length - 1, Math.floor(all.length * part))];
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** The median of some figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
