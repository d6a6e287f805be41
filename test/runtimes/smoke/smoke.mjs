/**
 * The smoke suite: one program that any runtime can run, against the installed package and real
 * servers. It prints one line of JSON for each check, and ends by itself.
 */
import { readFileSync } from 'node:fs';
import { TestSetup } from 'redis-blaster/testing';
import { connecting } from './checks/connecting.mjs';
import { ending } from './checks/ending.mjs';
import { faults } from './checks/faults.mjs';
import { lists } from './checks/lists.mjs';
import { loading } from './checks/loading.mjs';
import { localClients } from './checks/local-clients.mjs';
import { mapping } from './checks/mapping.mjs';
import { secrets } from './checks/secrets.mjs';
import { testing } from './checks/testing.mjs';
import { values } from './checks/values.mjs';
import { watching } from './checks/watching.mjs';
import { Skip, within } from './tools.mjs';

const CHECKS = {
  ...loading,
  ...connecting,
  ...mapping,
  ...lists,
  ...values,
  ...localClients,
  ...watching,
  ...secrets,
  ...faults,
  ...testing,
  ...ending,
};
const CHECK_LIMIT_MS = 15_000;

const setup = new TestSetup({ servers: 2, databasesEach: 2 });
try {
  await setup.waitForServers(10_000);
  for (const [name, check] of Object.entries(CHECKS)) print(await outcomeOf(name, check));
} finally {
  await setup.close();
}
print({ peakMegabytes: peakMegabytes() });

async function outcomeOf(name, check) {
  const started = performance.now();
  const outcome = await run(check);
  return { name, ...outcome, ms: Math.round(performance.now() - started) };
}

async function run(check) {
  try {
    await within(CHECK_LIMIT_MS, check(setup));
    return { status: 'ok' };
  } catch (error) {
    if (error instanceof Skip) return { status: 'skipped', detail: error.message };
    return { status: 'failed', detail: error?.stack ?? String(error) };
  }
}

function print(line) {
  console.log(JSON.stringify(line));
}

/** The most memory that this process has held so far, where the system tells. */
function peakMegabytes() {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return Math.round(kilobytes / 1024);
  } catch {
    return Math.round(process.memoryUsage().rss / 1024 ** 2);
  }
}
