/** What a run has taken: time, CPU, memory, latencies. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const SETTLING_MS = 50;
/** Makes Linux forget the highest memory that the process had so far. */
const RESET_PEAK = '5';

/** Takes the time, the CPU and the peak memory of an asynchronous function. */
export async function takeFigures(run) {
  const isReset = resetPeakMemory();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await run();
  const timeMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = (user + system) / 1_000;
  return { timeMs, cpuMs, peakMemoryMb: peakMemoryMb(isReset) };
}

/** What earlier runs left is collected now, not in the time of the next one. */
export async function collectGarbage() {
  collectNow();
  // Finalizers run as tasks of their own: of node-redis' timers there is one for each command.
  await delay(SETTLING_MS);
  collectNow();
}

function collectNow() {
  if (globalThis.Bun) globalThis.Bun.gc(true);
  else globalThis.gc();
}

/** The 50th and the 99th percentile and the highest of latencies in ms, as figures in us. */
export function percentiles(latenciesMs) {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { p50Us: at(0.5) * 1_000, p99Us: at(0.99) * 1_000, maxUs: at(1) * 1_000 };
}

/** Answers whether the peak is of the time from now on; else it is of the whole process. */
function resetPeakMemory() {
  if (process.platform !== 'linux') return false;
  try {
    writeFileSync('/proc/self/clear_refs', RESET_PEAK);
    return true;
  } catch {
    return false;
  }
}

function peakMemoryMb(isReset) {
  if (isReset) {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (kilobytes) return Number(kilobytes[1]) / 1_024;
  }
  return process.resourceUsage().maxRSS / 1_024;
}
