/**
 * `npm run bench`: everything a fresh clone lacks, then one process for each case. What it takes:
 * `npm run bench -- --help`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ensureBuild, ensurePackages, ensureRedisServer } from '../scripts/setup.mjs';
import { ensureBenchPackages } from './install.mjs';
import { USAGE, UsageError, readOptions } from './options.mjs';

const runner = fileURLToPath(new URL('run-case.mjs', import.meta.url));

let child;
let interruptedBy;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // The child stops its servers; the next line after its end leaves.
  process.on(name, () => {
    interruptedBy = name;
    child?.kill(name);
  });
}

try {
  await main();
} catch (error) {
  if (interruptedBy !== undefined) {
    console.error('\nInterrupted; the servers are stopped.');
    process.exitCode = 128 + constants.signals[interruptedBy];
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  ensurePackages();
  const server = ensureRedisServer();
  ensureBuild();
  ensureBenchPackages();
  // Only now: they import packages.
  const { checkNames } = await import('./contenders/index.mjs');
  const { machineFacts, printCase, printMachine, printProfiles } = await import('./report.mjs');
  checkNames(options.contenders, (message) => new UsageError(message));
  const machine = machineFacts(server);
  printMachine(machine);
  if (options.smoke) console.log('A smoke test: so few keys tell nothing about speed.');
  const { rounds, hosts, smoke } = options;
  const report = { machine, rounds, hosts, smoke, cases: [], failed: [] };
  for (const name of options.cases) {
    const figures = await runCase(name, options);
    if (figures === undefined) {
      report.failed.push(name);
    } else if (figures.contenders.length > 0) {
      report.cases.push(figures);
      printCase(figures, options);
      if (options.profile) printProfiles(figures);
    }
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (report.failed.length > 0) throw new Error(`Failed: ${report.failed.join(', ')}`);
}

/** Runs a case in its process, and answers its figures; undefined if it failed, and said why. */
async function runCase(name, options) {
  child = fork(runner, [JSON.stringify({ ...options, name })], { execArgv: ['--expose-gc'] });
  let figures;
  child.on('message', (message) => {
    figures = message;
  });
  const [code, signal] = await once(child, 'exit');
  child = undefined;
  if (interruptedBy !== undefined) throw new Error(`interrupted by ${interruptedBy}`);
  if (code === 0 && figures !== undefined) return figures;
  console.error(`The case '${name}' failed (${signal ?? `exit code ${code}`}).`);
  return undefined;
}
