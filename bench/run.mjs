/**
 * `npm run bench`: everything a fresh clone lacks, then one scenario after the other. What it takes:
 * `npm run bench -- --help`.
 */
import { writeFileSync } from 'node:fs';
import { ensurePackages, ensureRedisServer } from '../scripts/setup.mjs';
import { checkBuild, findBuild } from './harness/build.mjs';
import { assertWritable } from './harness/output.mjs';
import { ensureBenchPackages } from './install.mjs';
import { USAGE, UsageError, readOptions } from './options.mjs';

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else await main(options);
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(options) {
  // Before anything takes time.
  for (const path of [options.json, options.chart]) if (path) assertWritable(path);
  ensurePackages();
  const server = ensureRedisServer();
  const dist = findBuild();
  if (process.env.REDIS_BLASTER_DIST) console.log(`redis-blaster is the build in ${dist}`);
  if (options.baseline !== undefined) checkBuild('--baseline', options.baseline);
  ensureBenchPackages();
  // Only now: they import packages.
  const { runScenarios } = await import('./harness/session.mjs');
  const report = await runScenarios({ options, server, dist });
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.chart) {
    const { drawChart } = await import('./harness/chart.mjs');
    writeFileSync(options.chart, drawChart(report));
  }
  if (report.failed.length > 0) throw new Error(`Failed: ${report.failed.join(', ')}`);
}
