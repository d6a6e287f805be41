/**
 * `node scripts/record-cli.mjs`: runs every command of the command line that the README and its page
 * show, on real servers and a real terminal, and writes what it printed below it. `--check` writes
 * nothing and fails where they show something else, numbers apart.
 *
 * What is recorded stands between `<!-- recorded -->` and `<!-- /recorded -->`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ensurePackages, ensureRedisServer, root } from './setup.mjs';

ensurePackages();
ensureRedisServer();

// Only now: it needs packages.
const { bundleCli } = await import('./bundle-cli.mjs');

const readme = join(root, 'README.md');
const page = join(root, 'docs', 'guide', 'command-line.md');
const RECORDED = /(<!-- recorded -->\n\n```console\n)(.*?)(\n```\n\n<!-- \/recorded -->)/gs;
const PORTS = [7001, 7002];
const CONFIG = `{
  "hosts": {
    "0": { "port": 7001, "db": 0 },
    "1": { "port": 7001, "db": 1 },
    "2": { "port": 7002, "db": 0 },
    "3": { "port": 7002, "db": 1 }
  },
  "hostDefaults": { "host": "127.0.0.1" }
}
`;
const CLEARED = new RegExp(`${String.fromCharCode(27)}\\[[02]?K`);
const folder = mkdtempSync(join(tmpdir(), 'rb-record-'));
const isCheck = process.argv.includes('--check');

const cli = await bundleCli(join(folder, 'package'));
const { TestSetup } = await import(
  pathToFileURL(join(folder, 'package/dist/testing/index.js')).href
);
const setup = new TestSetup({ servers: 2, databasesEach: 2 });
const doors = [];
try {
  await setup.waitForServers();
  const ports = await openDoors();
  prepareFolder();
  writeConfig(configOfReadme(), ports);
  await run('rb exec SET greeting hello');
  const isReadmeRight = await recordFile(readme);
  await run('rb exec DEL greeting');
  writeConfig(CONFIG, ports);
  await fillHosts();
  const isPageRight = await recordFile(page);
  if (!isReadmeRight || !isPageRight) {
    console.error('Write it anew by: node scripts/record-cli.mjs');
    process.exitCode = 1;
  }
} finally {
  for (const door of doors) door.close();
  await setup.close();
  rmSync(folder, { recursive: true });
}

/** A TCP port before the unix socket of each server, since most hosts are reached by TCP. */
async function openDoors() {
  const ports = [];
  for (const [index, { socketPath, port }] of setup.servers.entries()) {
    const target = socketPath === undefined ? { host: '127.0.0.1', port } : { path: socketPath };
    const door = createServer((client) => {
      const server = connect(target);
      for (const socket of [client, server]) socket.on('error', () => {});
      client.pipe(server).pipe(client);
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
    });
    doors.push(door);
    ports.push(await listen(door, PORTS[index]));
  }
  return ports;
}

/** The port itself, or the next one in hundreds that is free: as many digits, so that columns stay. */
async function listen(door, port) {
  for (let candidate = port; candidate < 10_000; candidate += 100) {
    const isOpen = await new Promise((resolve) => {
      door.once('error', () => resolve(false));
      door.listen(candidate, '127.0.0.1', () => resolve(true));
    });
    if (isOpen) return candidate;
  }
  throw new Error(`There is no free port like ${port}.`);
}

/** A server that has ended refuses connections. */
function closeDoors() {
  for (const [index, { pid }] of setup.servers.entries()) {
    if (pid === undefined || !isAlive(pid)) doors[index].close();
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Where `rb` is what was bundled, and `npx rb` too. */
function prepareFolder() {
  mkdirSync(join(folder, 'bin'));
  const program = `exec '${process.execPath}' '${cli}' "$@"\n`;
  for (const [name, start] of Object.entries({ rb: '#!/bin/sh\n', npx: '#!/bin/sh\nshift\n' })) {
    writeFileSync(join(folder, 'bin', name), start + program, { mode: 0o755 });
  }
}

function configOfReadme() {
  return /^```json\n(.*?)^```$/ms.exec(readFileSync(readme, 'utf8'))[1];
}

/** With the ports that are free now. */
function writeConfig(config, ports) {
  const own = PORTS.reduce((text, port, index) => text.replaceAll(port, ports[index]), config);
  writeFileSync(join(folder, 'rb.config.json'), own);
}

/** Records a file, or compares it; answers whether it is right. */
async function recordFile(file) {
  const before = readFileSync(file, 'utf8');
  const after = await record(before);
  if (isCheck) return compare(before, after);
  writeFileSync(file, after);
  return true;
}

async function fillHosts() {
  const cluster = await setup.makeCluster();
  await cluster.map((client) => {
    for (let id = 1; id <= 40; id++) client.set(`user:${id}`, `name ${id}`);
    for (let id = 1; id <= 40; id++) client.hSet(`cart:${id}`, 'apples', id);
    for (let id = 1; id <= 5000; id++) client.set(`session:${hashOf(id)}`, '');
  });
  await cluster.disconnectPools();
}

/** The same at each run, and divided among hosts as keys mostly are. */
function hashOf(id) {
  return createHash('sha256').update(String(id)).digest('hex').slice(0, 12);
}

/** The page with what the commands print now. */
async function record(text) {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(RECORDED)) {
    const [whole, begin, body, rest] = match;
    const commands = body.split('\n').filter((line) => line.startsWith('$ '));
    const parts = [];
    for (const command of commands) {
      const printed = await run(command.slice(2));
      parts.push(printed === '' ? command : `${command}\n${printed}`);
    }
    result += text.slice(end, match.index) + begin + parts.join('\n') + rest;
    end = match.index + whole.length;
  }
  return result + text.slice(end);
}

/** Runs a line of shell on a terminal, and answers what it showed at the end. */
async function run(command) {
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  const env = { ...process.env, PATH, SHELL: '/bin/sh', NO_COLOR: '1', RB_HOSTS: undefined };
  const args = ['-qec', `stty cols 100 rows 40; ${command}`, '/dev/null'];
  const child = spawn('script', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  closeDoors();
  return settled(Buffer.concat(chunks).toString());
}

/** What is left on a terminal: without what was drawn over. */
function settled(text) {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  return lines
    .map((line) => lastDrawn(line).trimEnd())
    .join('\n')
    .trimEnd();
}

/** A progress bar is taken away by going to the beginning of its line and clearing it. */
function lastDrawn(line) {
  const last = line.split(CLEARED).at(-1);
  return stripVTControlCharacters(last);
}

function compare(before, after) {
  const shown = [...before.matchAll(RECORDED)].map(([, , body]) => body);
  const printed = [...after.matchAll(RECORDED)].map(([, , body]) => body);
  const changed = shown.filter((body, index) => shapeOf(body) !== shapeOf(printed[index]));
  for (const body of changed) {
    const now = printed[shown.indexOf(body)];
    console.error(`The page shows:\n\n${body}\n\nNow it is:\n\n${now}\n`);
  }
  return changed.length === 0;
}

/** What stays the same from run to run: no numbers, no widths, no lengths of bars and histograms. */
function shapeOf(text) {
  const lines = text.split('\n').map((line) =>
    line.startsWith('$ ')
      ? line
      : line
          .replaceAll(/[█▏▎▍▌▋▊▉]+/g, '')
          .replaceAll(/-?\d[\d,.]*/g, '0')
          .replaceAll(/0 [KMG]?B\b/g, '0 B')
          .replaceAll(/(valkey )?\b0(?= +master)/g, '0')
          .replaceAll(/ +/g, ' ')
          .trim(),
  );
  return lines.filter((line, index) => line !== lines[index - 1]).join('\n');
}
