/**
 * One case in a process of its own, started by `run.mjs`, to which the figures go as a message:
 * no case inherits the heap, the compiled code or the servers' memory of the one before it.
 */
import { TestSetup } from '../dist/testing/index.js';
import { measure } from './harness.mjs';
import { openReference } from './reference.mjs';

const options = JSON.parse(process.argv[2]);
const { benchmark } = await import(`./cases/${options.name}.mjs`);

// Whoever wanted the figures is gone; leaving by `exit` also stops the servers.
const leave = () => process.exit(1);
process.once('disconnect', leave);

const setup = new TestSetup(spread(options.hosts));
try {
  const figures = await run();
  await new Promise((resolve) => process.send(figures, resolve));
} finally {
  await setup.close();
}
process.off('disconnect', leave);
process.disconnect();

async function run() {
  const cluster = await setup.makeCluster();
  const hosts = [...cluster.hosts.values()];
  const environment = { cluster, hosts, router: cluster.getRouter() };
  const reference = await openReference(environment);
  const opened = [];
  try {
    const size = sizeOf(benchmark);
    const workload = await benchmark.prepare(size, reference);
    for (const { name, open } of selected()) {
      opened.push({ name, ...(await open(environment)) });
    }
    const contenders = await measure({
      workload,
      contenders: opened,
      rounds: options.rounds,
      settle: !options.smoke,
      profile: options.profile,
      onRound: showProgress,
    });
    return { name: options.name, title: benchmark.title, size, contenders };
  } finally {
    for (const { close } of opened) await close();
    reference.close();
  }
}

function selected() {
  const wanted = options.contenders;
  if (wanted.length === 0) return benchmark.contenders;
  return benchmark.contenders.filter(({ name }) => wanted.some((text) => name.includes(text)));
}

function sizeOf({ size, smokeSize, mostKeys = Infinity }) {
  return Math.min(options.keys ?? (options.smoke ? smokeSize : size), mostKeys);
}

/** As many servers as divide the hosts evenly, four at most. */
function spread(hosts) {
  const servers = [4, 3, 2, 1].find((count) => hosts % count === 0);
  return { servers, databasesEach: hosts / servers };
}

function showProgress(round) {
  if (!process.stderr.isTTY) return;
  const text = round === 0 ? 'warm-up' : `round ${round} of ${options.rounds}`;
  process.stderr.write(`\r\x1b[K${options.name}: ${text}`);
  if (round === options.rounds) process.stderr.write('\r\x1b[K');
}
