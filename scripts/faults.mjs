/**
 * `npm run test:faults`: every fault strikes a cluster under load, a few times (or, with `--long`,
 * 200 times each, which takes minutes and writes the tables of docs/reliability.md). With `--only
 * <name>` only the faults whose name contains that; with `--strikes <n>` so often.
 *
 * The suite is test/chaos, bundled on the fly. With `--long` the other clients of `bench/` go through
 * the same faults, where they are installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, ensureRedisServer, root } from './setup.mjs';

const { values: options } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    strikes: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

ensurePackages();
const server = ensureRedisServer();

// Only now: they are packages.
const { build } = await import('esbuild');
const { format, resolveConfig } = await import('prettier');

const DOCUMENT = join(root, 'docs', 'reliability.md');
const PEERS = ['ioredis', 'node-redis'];
const LONG = { strikes: 200, peerStrikes: 20, commands: 1_000_000 };
const SHORT = { strikes: 3, commands: 0 };

const program = await bundle();
const reports = mkdtempSync(join(tmpdir(), 'redis-blaster-faults-'));
try {
  await (options.long ? runLong() : runShort());
} finally {
  rmSync(reports, { recursive: true, force: true });
}

/** Where packages are found from. */
async function bundle() {
  const folder = join(root, 'node_modules', '.cache', 'redis-blaster-faults');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'main.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/chaos/main.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
  return outfile;
}

/** Runs the suite with one client; answers what it reports, undefined if it is not installed. */
function runSuite(client, strikes, ...args) {
  const json = join(reports, `${client}.json`);
  const { status } = spawnSync(
    process.execPath,
    [
      '--enable-source-maps',
      program,
      ...['--client', client, '--strikes', strikes, '--only', options.only, '--json', json],
      ...args,
    ].map(String),
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0 && !PEERS.includes(client)) process.exitCode = 1;
  try {
    return JSON.parse(readFileSync(json, 'utf8'));
  } catch {
    return undefined;
  }
}

async function runShort() {
  const strikes = options.strikes ?? SHORT.strikes;
  const report = runSuite('redis-blaster', strikes, '--commands', SHORT.commands, '--stopped');
  if (report !== undefined) console.log(`${inShort(report)}\n\n${sumUp(report)}`);
}

async function runLong() {
  const strikes = options.strikes ?? LONG.strikes;
  const report = runSuite('redis-blaster', strikes, '--commands', LONG.commands, '--stopped');
  if (report === undefined) return;
  const peers = PEERS.map((peer) => runSuite(peer, LONG.peerStrikes)).filter(Boolean);
  const text = [machine(), measured(report), sumUp(report), ...compare(report, peers)].join('\n\n');
  console.log(text);
  const isWhole = options.only === '' && strikes >= LONG.strikes;
  if (isWhole && process.exitCode !== 1) await writeDocument(text);
}

async function writeDocument(text) {
  const document = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = ['<!-- measured: begin -->', '<!-- measured: end -->'];
  const [before, after] = [document.indexOf(begin), document.indexOf(end)];
  if (before === -1 || after === -1) throw new Error(`${DOCUMENT} lacks its markers`);
  const filled = `${document.slice(0, before)}${begin}\n\n${text}\n\n${document.slice(after)}`;
  const config = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(filled, { ...config, filepath: DOCUMENT }));
}

function machine() {
  const { stdout } = spawnSync(server, ['--version'], { encoding: 'utf8' });
  const version = /v=(\S+)/.exec(stdout)?.[1] ?? stdout.trim();
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.versions.node} and ` +
    `Redis ${version} on ${cpus().length} cores (${cpus()[0].model.trim()}), ${memory} GiB, by ` +
    '`npm run test:faults -- --long`.'
  );
}

/** The table of all faults. */
function measured({ faults, total, workers }) {
  const head = [
    'fault',
    'what the library promises',
    'strikes',
    'commands',
    'succeeded',
    'rejected: answered / not run / maybe',
    'writes answered after it',
    'wrong replies',
    'unsettled',
    'run twice',
    'ran unreported',
  ];
  const all = { name: `all of it, ${workers} concurrent maps`, promise: '', tally: total };
  const rows = [...faults, all].map(({ name, promise, tally }) => [
    name,
    promise,
    count(tally.strikes),
    count(tally.commands),
    percent(tally.succeeded / tally.commands),
    `${count(tally.answered)} / ${count(tally.notRun)} / ${count(tally.maybe)}`,
    count(tally.writtenAgain),
    count(tally.wrong),
    count(tally.unsettled),
    count(tally.doubled),
    count(tally.unreported + tally.lost),
  ]);
  return table(head, rows);
}

/** A line for each fault. */
function inShort({ faults, total }) {
  return [...faults, { name: 'all of it', tally: total }]
    .map(({ name, tally }) => {
      const { strikes, commands, succeeded, wrong, unsettled, doubled, unreported, lost } = tally;
      const counts = [`${strikes} strikes`, `${count(commands)} commands`];
      const bad = { wrong, unsettled, 'run twice': doubled, 'not as reported': unreported + lost };
      const found = Object.entries(bad).map(([what, number]) => `${number} ${what}`);
      return `${name}: ${[...counts, `${percent(succeeded / commands)} succeeded`, ...found].join(', ')}`;
    })
    .join('\n');
}

function sumUp({ total, memory, stopped, seconds }) {
  const lines = [
    `In ${Math.round(seconds)} s ${count(total.strikes)} strikes met commands in flight ` +
      `(${count(total.misses)} more met none, or had no effect that was seen, and do not count). Of ` +
      `${count(total.commands)} commands ${percent(total.succeeded / total.commands)} succeeded. ` +
      `Of ${count(total.maybe)} that were rejected with \`maybeExecuted: true\`, ` +
      `${count(total.maybeRan)} are known to have run.`,
  ];
  if (memory) {
    const change = memory.end / memory.quarter - 1;
    lines.push(
      `Memory after a forced collection (\`heapUsed\` + \`arrayBuffers\`): ${mebibytes(memory.quarter)} ` +
        `MiB after a quarter of the strikes, ${mebibytes(memory.end)} MiB at the end ` +
        `(${signed(change)}).`,
    );
  }
  if (stopped) {
    lines.push(
      `SIGSTOP, ${count(stopped.commands)} INCRs with a short timeout, SIGCONT: ` +
        `${count(stopped.maybe)} were reported as \`maybeExecuted\`, ${count(stopped.notRun)} as ` +
        `not run; the counter stood at ${count(stopped.counted)}. One chunk and the buffers of the ` +
        `socket hold ${count(stopped.bound)}.`,
    );
  }
  return lines.join('\n\n');
}

/** The same faults with other clients. */
function compare(ours, peers) {
  const columns = [ours, ...peers];
  const cell = (tally) => {
    if (tally === undefined || tally.strikes === 0) return 'no strike that counts';
    const found = [
      [tally.wrong + tally.lost, 'wrong'],
      [tally.unsettled, 'unsettled'],
      [tally.doubled, 'run twice'],
    ].filter(([number]) => number > 0);
    return found.map(([number, what]) => `**${count(number)} ${what}**`).join(', ') || 'none';
  };
  const rowOf = (name, pick, pythonRb) => [
    name,
    ...columns.map((report) => cell(pick(report))),
    pythonRb,
  ];
  const rows = ours.faults.map(({ name, pythonRb }) =>
    rowOf(name, ({ faults }) => faults.find((fault) => fault.name === name)?.tally, pythonRb),
  );
  rows.push(rowOf('all of it', ({ total }) => total, ''));
  const sums = columns.map(
    ({ client, total }) =>
      `- ${client}: ${count(total.strikes)} strikes, ${count(total.commands)} commands; ` +
      `${count(total.notRun)} were rejected as not run; ${count(total.maybe)} were rejected without ` +
      `an answer and may have run, of which ${count(total.maybeRan)} are known to have.`,
  );
  return [
    '### Other clients',
    table(['fault', ...columns.map(({ client }) => client), 'Python rb, from its source'], rows),
    sums.join('\n'),
  ];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function count(number) {
  return number.toLocaleString('en-US');
}

function percent(part) {
  return `${(part * 100).toFixed(1)} %`;
}

function signed(part) {
  const text = percent(Math.abs(part));
  const sign = part < 0 ? '-' : '+';
  return `${Number.parseFloat(text) === 0 ? '±' : sign}${text}`;
}

function mebibytes(bytes) {
  return (bytes / 2 ** 20).toFixed(1);
}
