/**
 * `npm run test:runtimes`: installs the packed package into an empty project, and runs the smoke
 * suite of `test/runtimes` there on Node 20, 22, 24 and 26, on Bun and on Deno. With names of
 * runtimes as arguments, on these alone: `npm run test:runtimes -- node` is the Node at hand and
 * needs no other runtime to be installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createProject, pack } from './packed-package.mjs';
import { ensureBuild, ensurePackages, ensureRedisServer, root } from './setup.mjs';

const TIME_LIMIT_MS = 60_000;
const MEMORY_LIMIT_MB = 512;
const suite = join(root, 'test', 'runtimes');

ensurePackages();
ensureRedisServer();
ensureBuild();

// Only now: they need packages.
const { default: Table } = await import('cli-table3');
const { ensureRuntimes, RUNTIME_NAMES } = await import('../test/runtimes/runtimes.mjs');
const { makeCertificates } = await import('../test/runtimes/certificates.mjs');

const names = process.argv.slice(2);
const unknown = names.filter((name) => !RUNTIME_NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`No such runtime: ${unknown.join(', ')}. There are: ${RUNTIME_NAMES.join(', ')}.`);
  process.exit(1);
}

const runtimes = ensureRuntimes(names.length > 0 ? names : RUNTIME_NAMES);
const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-runtimes-'));
try {
  const project = join(folder, 'project');
  createProject(project, [pack(folder).tarball]);
  cpSync(join(suite, 'smoke'), join(project, 'smoke'), { recursive: true });
  const certificates = join(folder, 'certificates');
  const environment = {
    ...process.env,
    DENO_DIR: join(folder, 'deno'),
    DENO_NO_UPDATE_CHECK: '1',
    SMOKE_CERTIFICATES: makeCertificates(certificates) ? certificates : '',
  };
  const results = [];
  for (const runtime of runtimes) results.push(await tryOn(runtime, project, environment));
  report(results);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function tryOn({ name, command, args }, project, env) {
  if (command === undefined) return { name, version: 'no package for this machine', checks: [] };
  const version = versionOf(command);
  const started = performance.now();
  const { checks, peakMegabytes, problem } = await runSmoke([command, ...args], project, env, name);
  const seconds = (performance.now() - started) / 1000;
  const result = { name, version, checks, seconds, peakMegabytes };
  return { ...result, problem: problem ?? excess(peakMegabytes) };
}

/** Runs the suite by one runtime; a `problem` is why it did not come to its end. */
async function runSmoke([command, ...args], project, env, name) {
  const child = spawn(command, [...args, 'smoke/smoke.mjs'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let isTooLate = false;
  const deadline = setTimeout(() => {
    isTooLate = true;
    child.kill('SIGKILL');
  }, TIME_LIMIT_MS);
  const closed = once(child, 'close');
  const checks = [];
  let peakMegabytes;
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = parse(line);
    if (entry?.name !== undefined) {
      checks.push(entry);
      printCheck(name, entry);
    } else if (entry?.peakMegabytes !== undefined) peakMegabytes = entry.peakMegabytes;
    else console.log(`${name}: ${line}`);
  }
  const [code, signal] = await closed;
  clearTimeout(deadline);
  if (isTooLate) return { checks, problem: `did not end within ${TIME_LIMIT_MS / 1000} s` };
  if (code !== 0) return { checks, problem: `ended early, with ${signal ?? `exit code ${code}`}` };
  if (peakMegabytes === undefined) return { checks, problem: 'ended before its last check' };
  return { checks, peakMegabytes };
}

/** An entry of the suite; undefined for a line that something else has printed. */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function printCheck(runtime, { name, status, ms, detail }) {
  const shown = status === 'failed' ? 'FAILED' : status;
  const reason = detail === undefined ? '' : `: ${detail}`;
  console.log(`${shown}: ${runtime}, ${name} (${ms} ms)${reason}`);
}

function excess(megabytes) {
  return megabytes > MEMORY_LIMIT_MB ? `held more than ${MEMORY_LIMIT_MB} MB` : undefined;
}

function versionOf(command) {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
}

function report(results) {
  const head = ['runtime', 'version', 'ok', 'skipped', 'failed', 'seconds', 'peak MB'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, version, checks, seconds, peakMegabytes } of results) {
    const counts = ['ok', 'skipped', 'failed'].map(
      (status) => checks.filter((check) => check.status === status).length,
    );
    table.push([name, version, ...counts, seconds?.toFixed(1) ?? '', peakMegabytes ?? '']);
  }
  console.log(`\n${table}`);
  for (const { name, problem } of results) if (problem) console.log(`FAILED: ${name} ${problem}`);
  const isWell = ({ checks, problem }) =>
    problem === undefined && checks.every(({ status }) => status !== 'failed');
  process.exitCode = results.every(isWell) ? 0 : 1;
}
