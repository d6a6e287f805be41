/**
 * `npm run bench:micro`: how long single parts of the library take (encoder, decoder, routers, ring,
 * promises, commands on their way in, replies on theirs out), to find a regression where it is.
 *
 * How to use it: `npm run bench:micro -- --json before.json` writes the figures of the code as it is;
 * change `src`, then `npm run bench:micro -- --compare before.json` prints the ratio of each bench,
 * and marks those that became more than 15 % slower. `--filter decoder` runs only benches with that
 * text in their name, which takes seconds instead of minutes; `--smoke` runs each once, to show that
 * all of them still work. Nothing is built and no server is needed: `src` is bundled on the fly. The
 * figures of two runs are comparable on one machine only, and best on a quiet one; the column `again`
 * says how well a figure could be repeated, so look at it before you believe a small ratio.
 *
 * Each bench runs in a process of its own, so that none pays for the types that another made the
 * compiler see. It runs again in later passes until the two fastest agree, since most disturbances
 * only slow a pass down. Now and then the compiler has a lucky day: what counts is the fastest pass
 * that another confirms.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assertWritable } from '../harness/output.mjs';
import { ensurePackages } from '../../scripts/setup.mjs';
import { USAGE, UsageError, readOptions } from './options.mjs';
import { bundleInside, ensureMicroPackages } from './prepare.mjs';

const measure = fileURLToPath(new URL('measure.mjs', import.meta.url));

const TIME = { kind: 'time', title: 'the time', execArgv: [] };
const BYTES = {
  kind: 'bytes',
  title: 'the bytes',
  execArgv: ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'],
};
const MAX_PASSES = 6;
/** Two passes of a bench agree if they are no further apart, in percent. */
const AGREEMENT = 4;

let child;
let interruptedBy;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    interruptedBy = name;
    child?.kill(name);
  });
}

try {
  await main();
} catch (error) {
  if (interruptedBy !== undefined) {
    console.error('\nInterrupted.');
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
  // Before anything takes time.
  if (options.json) assertWritable(options.json);
  ensurePackages();
  ensureMicroPackages();
  const { bundle, remove } = await bundleInside();
  try {
    await runBenches(bundle, options);
  } finally {
    remove();
  }
}

async function runBenches(bundle, { filter, smoke, json, former }) {
  // Only now: they import packages.
  const { machineFacts, printFigures, printMachine } = await import('./report.mjs');
  const names = await benchNames(bundle, filter);
  const machine = machineFacts();
  printMachine(machine);
  const bytes = await runPass(BYTES, { bundle, names, smoke });
  const times = await takeTimes({ bundle, names, smoke });
  const benches = names.map((name) => ({ ...times.get(name), ...bytes.get(name) }));
  const report = { machine, smoke, benches };
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  if (smoke) console.log(`\n${names.length} benches ran, and did their work right.`);
  else printFigures(report, former);
}

async function benchNames(bundle, filter) {
  const { allBenches } = await import('./benches/index.mjs');
  const all = allBenches(await import(pathToFileURL(bundle).href)).map(({ name }) => name);
  const names = all.filter((name) => name.toLowerCase().includes(filter));
  if (names.length > 0) return names;
  throw new UsageError(`No bench has '${filter}' in its name; there are:\n  ${all.join('\n  ')}`);
}

/** The figures of each bench, of the pass that counts. */
async function takeTimes({ bundle, names, smoke }) {
  const passes = new Map(names.map((name) => [name, []]));
  let open = names;
  for (let count = 1; open.length > 0 && count <= (smoke ? 1 : MAX_PASSES); count++) {
    for (const [name, figures] of await runPass(TIME, { bundle, names: open, smoke })) {
      passes.get(name).push(figures);
    }
    open = names.filter((name) => !(fastestFirst(passes.get(name))[0].againPercent <= AGREEMENT));
  }
  return new Map(names.map((name) => [name, confirmed(passes.get(name))]));
}

/** Passes in order, with how much slower the next one is; undefined for the last. */
function fastestFirst(passes) {
  const sorted = passes.toSorted((a, b) => a.medianNs - b.medianNs);
  return sorted.map((pass, index) => {
    const next = sorted[index + 1];
    const againPercent = next && (next.medianNs / pass.medianNs - 1) * 100;
    return { ...pass, againPercent };
  });
}

/** The fastest pass that another confirms; where none does, the fastest. */
function confirmed(passes) {
  const sorted = fastestFirst(passes);
  const found = sorted.find(({ againPercent }) => againPercent <= AGREEMENT);
  return { ...(found ?? sorted[0]), isConfirmed: found !== undefined };
}

/** What each bench's process sends, by its name. A smoke test needs no process for each. */
async function runPass({ kind, title, execArgv }, { bundle, names, smoke }) {
  console.error(`measuring ${title} of ${names.length} benches`);
  const figures = new Map();
  for (const group of smoke ? [names] : names.map((name) => [name])) {
    const argument = JSON.stringify({ bundle, names: group, kind, smoke });
    child = fork(measure, [argument], { execArgv });
    child.on('message', (measured) => figures.set(measured.name, measured));
    // Not 'exit', which may come before the last message.
    const [code, signal] = await once(child, 'close');
    child = undefined;
    if (interruptedBy !== undefined) throw new Error(`interrupted by ${interruptedBy}`);
    if (code !== 0 || group.some((name) => !figures.has(name))) {
      throw new Error(`A bench failed (${signal ?? `exit code ${code}`}); its output is above.`);
    }
  }
  return figures;
}
