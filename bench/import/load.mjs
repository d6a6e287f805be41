/** A process that imports one module, tells what it took, and ends. */
import { resourceUsage } from 'node:process';

await import(process.argv[2]);
const { maxRSS, userCPUTime, systemCPUTime } = resourceUsage();
const cpuMs = (userCPUTime + systemCPUTime) / 1_000;
process.stdout.write(`${JSON.stringify({ cpuMs, peakMemoryMb: maxRSS / 1_024 })}\n`);
