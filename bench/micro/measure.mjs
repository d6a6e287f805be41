/**
 * One process of a run: sets up each of its benches, checks its work, and takes either its time or
 * the bytes that it allocates. Sends the figures of each to its parent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { GCProfiler } from 'node:v8';
import { Bench } from 'tinybench';
import { allBenches } from './benches/index.mjs';

const WARMUP_MS = 150;
const TIME_MS = 250;
/** Where each run is prepared: that takes longer than the run, and is not counted. */
const PREPARED_TIME_MS = 50;
const MIN_WARMUP_RUNS = 5;
const MIN_RUNS = 20;

/** Less than the young generation of 128 MB. */
const MOST_ALLOCATED = 32 * 1024 * 1024;
const MOST_RUNS = 64;
/** The memory of collected buffers is given back by another thread, a little later. */
const SWEEPING_MS = 20;
const NS_PER_MS = 1e6;

const { bundle, names, kind, smoke } = JSON.parse(process.argv[2]);
const measures = { time: takeTime, bytes: countBytes };
const benches = allBenches(await import(pathToFileURL(bundle).href));

for (const { name, setUp } of benches.filter((bench) => names.includes(bench.name))) {
  try {
    const work = setUp();
    await work.check();
    process.send({ name, ...(await measures[kind](work)) });
  } catch (error) {
    console.error(`The bench '${name}' failed.\n${error.stack}`);
    process.exit(1);
  }
}
process.disconnect();

/** In nanoseconds for each operation. A run is one sample. */
async function takeTime(work) {
  const { operations, isAsync = false, prepare } = work;
  const time = prepare === undefined ? TIME_MS : PREPARED_TIME_MS;
  const warmupTime = prepare === undefined ? WARMUP_MS : PREPARED_TIME_MS;
  const whole = { time, iterations: MIN_RUNS, warmupTime, warmupIterations: MIN_WARMUP_RUNS };
  const once = { time: 0, iterations: 1, warmup: false };
  const bench = new Bench({ ...(smoke ? once : whole), throws: true });
  bench.add('work', () => work.run(), {
    async: isAsync,
    ...(prepare && { beforeEach: () => work.prepare() }),
  });
  const [task] = isAsync ? await bench.run() : bench.runSync();
  const { p50, mean, rme } = task.result.latency;
  const scale = NS_PER_MS / operations;
  return { medianNs: p50 * scale, meanNs: mean * scale, errorPercent: rme };
}

/**
 * For each operation, on the heap and in the memory of buffers: by how much both grow in a run.
 * Undefined if the collector never stays away for so long.
 */
async function countBytes(work) {
  const end = performance.now() + (smoke ? 0 : WARMUP_MS);
  while (performance.now() < end) {
    work.prepare?.();
    await work.run();
  }
  // Looking at the memory takes some itself.
  const overhead = await growth({ run() {} });
  const grown = await growth(work);
  if (overhead === undefined || grown === undefined) return {};
  return { bytes: Math.max(0, grown - overhead) / work.operations };
}

/** The mean growth of a run, over as many as there are between two collections. */
async function growth(work) {
  for (let runs = MOST_RUNS; runs >= 1; runs /= 2) {
    globalThis.gc({ type: 'minor' });
    await delay(SWEEPING_MS);
    const profiler = new GCProfiler();
    profiler.start();
    const mean = await meanGrowth(work, runs);
    if (profiler.stop().statistics.length === 0) return mean;
  }
  return undefined;
}

async function meanGrowth(work, mostRuns) {
  const start = usedMemory();
  let grown = 0;
  let runs = 0;
  while (runs === 0 || (runs < mostRuns && usedMemory() - start < MOST_ALLOCATED)) {
    work.prepare?.();
    const before = usedMemory();
    const result = work.run();
    if (work.isAsync) await result;
    grown += usedMemory() - before;
    runs++;
  }
  return grown / runs;
}

function usedMemory() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
