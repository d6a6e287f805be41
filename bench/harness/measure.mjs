/** Takes the figures of a table: its contenders in turn, first to warm up, then in the rounds. */
import { medians } from './statistics.mjs';
import { openReference } from './reference.mjs';
import { startServers } from './servers.mjs';

const LIMIT_MS = 120_000;
const MINUTE_MS = 60_000;
/** A turn begins with runs that do not count: for so long together at least, … */
const TURN_WARM_UP_MS = 200;
/** … and until so many on end are hardly faster than those before them, … */
const STEADY_RUNS = 2;
const HARDLY_FASTER = 0.9;
/** … or they have taken so long. */
const MOST_WARM_UP_MS = 2_000;

let runs = 0;

/**
 * Starts the servers and the workers of a table, measures, and ends all of them.
 *
 * @param context - `name` and `scenario`; `runtimes` and `workers`; `options` of the command
 * line; `dist`, the build under test; `onProgress`, told what is under way.
 * @returns The table's entries with `runs`, the figures of each round, and their `medians`.
 */
export async function measureTable(table, context) {
  const { scenario, dist } = context;
  const servers = await startServers({
    dist,
    hosts: table.hosts,
    transport: table.transport,
    needsTcp: table.entries.some(({ tcp }) => tcp),
    lastHostAlone: scenario.lastHostAlone,
  });
  const references = new References(servers);
  const taken = new Map();
  try {
    await fill(table, scenario, references);
    context.onProgress('start');
    await Promise.all(table.entries.map((entry) => prepare(entry, { ...context, servers, taken })));
    const measured = await runRounds(table, { ...context, servers, references, taken });
    await Promise.all([...taken.values()].map((worker) => context.workers.release(worker)));
    return { ...table, entries: measured };
  } catch (error) {
    await Promise.all([...taken.values()].map((worker) => context.workers.discard(worker)));
    throw error;
  } finally {
    references.close();
    await servers.close();
  }
}

/** The judges over the first so many hosts, opened when they are first needed. */
class References {
  #servers;
  #opened = new Map();

  constructor(servers) {
    this.#servers = servers;
  }

  async over(hosts) {
    const opened = this.#opened.get(hosts);
    if (opened !== undefined) return opened;
    const reference = await openReference(this.#servers.localHosts.slice(0, hosts));
    this.#opened.set(hosts, reference);
    return reference;
  }

  close() {
    for (const reference of this.#opened.values()) reference.close();
  }
}

async function fill({ entries }, scenario, references) {
  const largest = new Map();
  for (const { hosts, size } of entries) {
    largest.set(hosts, Math.max(size, largest.get(hosts) ?? 0));
  }
  for (const [hosts, size] of largest) {
    await scenario.fill?.(await references.over(hosts), size);
  }
}

/** Takes a worker for an entry; entries that name the same process share one. */
async function prepare(
  entry,
  { name, scenario, runtimes, workers, options, dist, servers, taken },
) {
  const key = processOf(entry);
  if (taken.has(key)) return;
  const worker = workers.take(entry, runtimes.commandFor(entry));
  taken.set(key, worker);
  const hosts = entry.tcp ? servers.tcpHosts : servers.hosts;
  const message = {
    cmd: 'prepare',
    scenario: name,
    native: scenario.native,
    client: entry.client,
    way: entry.way,
    size: entry.size,
    hosts: hosts.slice(0, entry.hosts),
    dist: entry.dist ?? dist,
    profile: options.profile && entry.runtime === 'node',
    ...entry.params,
  };
  await worker.ask(message, LIMIT_MS);
}

async function runRounds(table, context) {
  const { entries, rounds } = table;
  const records = new Map(entries.map((entry) => [entry, []]));
  const { onProgress } = context;
  for (const [index, entry] of entries.entries()) {
    onProgress(`warm-up of ${index + 1} of ${entries.length}`);
    for (let i = 0; i < entry.warmUps; i++) await runOnce(entry, context);
  }
  for (let round = 0; round < rounds; round++) {
    onProgress(`round ${round + 1} of ${rounds}`);
    for (const index of entries.keys()) {
      const entry = entries[(index + round) % entries.length];
      records.get(entry).push(await takeTurn(entry, context));
    }
  }
  return Promise.all(entries.map((entry) => summary(entry, records.get(entry), context)));
}

/**
 * The figures of one turn: those of its last run, with the time of its first as `firstMs`. While the
 * others had their turns, V8 has shrunk the heap of a contender in Node, and the caches hold what is
 * not its own. What that costs is a figure of its own, and no part of the others. Garbage is collected
 * before each run; before the first one only, where the scenario `collects` by the `turn`.
 */
async function takeTurn(entry, context) {
  if (entry.warmUps === 0) return runOnce(entry, { ...context, counts: true });
  const { timeMs: firstMs } = await runOnce(entry, context);
  const collects = context.scenario.collects !== 'turn';
  if (!context.options.smoke) await warmUp(entry, { ...context, collects }, firstMs);
  const figures = await runOnce(entry, { ...context, collects, counts: true });
  return { ...figures, firstMs };
}

/** How many runs V8 needs until its heap is as large as before depends on the machine. */
async function warmUp(entry, context, firstMs) {
  let takenMs = firstMs;
  let fastestMs = firstMs;
  let steady = 0;
  const isOver = () => takenMs >= (steady < STEADY_RUNS ? MOST_WARM_UP_MS : TURN_WARM_UP_MS);
  while (!isOver()) {
    const { timeMs } = await runOnce(entry, context);
    steady = timeMs > fastestMs * HARDLY_FASTER ? steady + 1 : 0;
    fastestMs = Math.min(fastestMs, timeMs);
    takenMs += timeMs;
  }
}

/** One run of one entry, its replies checked; the hooks of the scenario are around it. */
async function runOnce(entry, context) {
  const { options, scenario, servers, references, taken } = context;
  const { collects = true, counts = false } = context;
  const worker = taken.get(processOf(entry));
  const run = ++runs;
  const reference = await references.over(entry.hosts);
  const hooked = { reference, servers, entry, size: entry.size, run };
  await scenario.beforeRun?.(hooked);
  const limitMs = LIMIT_MS + (entry.params.minutes ?? 0) * MINUTE_MS;
  const message = { cmd: 'run', run, collects: collects && !options.smoke, counts };
  const figures = await worker.ask(message, limitMs);
  await scenario.afterRun?.(hooked);
  await worker.ask({ cmd: 'check' }, LIMIT_MS);
  // Reading back may take longer than the run.
  if (counts) await scenario.verify?.(hooked);
  return { ...figures, nsPerCommand: (figures.timeMs * 1e6) / entry.commands };
}

async function summary(entry, figures, { taken, options }) {
  const worker = taken.get(processOf(entry));
  const isProfiled = options.profile && entry.runtime === 'node';
  const profile = isProfiled ? await worker.ask({ cmd: 'profile' }, LIMIT_MS) : {};
  const { name, group, size, hosts, commands } = entry;
  return {
    name,
    group,
    size,
    hosts,
    commands,
    runs: figures,
    medians: medians(figures),
    ...profile,
  };
}

function processOf({ process, name }) {
  return process ?? name;
}
