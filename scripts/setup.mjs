/**
 * Brings a fresh clone into a state in which tests and demo can run: packages, a Redis server, a
 * build. Plain Node without packages, because it runs before any are installed. Each step is silent
 * when nothing is missing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const SERVERS = ['redis-server', 'valkey-server'];
const BUILD_INPUTS = [
  'src',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'scripts/bundled-packages.mjs',
  'scripts/declarations.mjs',
  'scripts/notices.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/**
 * While apt installs, `policy-rc.d` keeps it from starting the server as a system service: the
 * tests start their own.
 */
const APT = `
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get update -q || true
  apt-get install -y -q redis-server || apt-get install -y -q valkey-server
`;

const INSTALLERS = [
  { manager: 'apt-get', script: APT },
  { manager: 'dnf', script: 'dnf install -y redis || dnf install -y valkey' },
  { manager: 'apk', script: 'apk add --no-cache redis || apk add --no-cache valkey' },
  {
    manager: 'pacman',
    script: 'pacman -Sy --noconfirm valkey || pacman -Sy --noconfirm redis',
  },
  // Homebrew refuses to run as root.
  { manager: 'brew', script: 'brew install redis', asUser: true },
];

/** Installs the packages of the lock file where `node_modules` does not hold exactly them. */
export function ensurePackages() {
  const reason = staleness();
  if (reason === undefined) return;
  say(`${reason}: installing the packages (npm ci)`);
  runNpm(['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/** Finds a Redis or Valkey server, or installs one, and answers its path. */
export function ensureRedisServer() {
  const found = findServer();
  if (found !== undefined) return found;
  const installer = INSTALLERS.find(({ manager }) => findExecutable(manager) !== undefined);
  if (installer !== undefined) {
    say(`no ${SERVERS.join(' or ')} in PATH: installing one with ${installer.manager}`);
    const [command, ...args] = withPrivileges(installer);
    spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  }
  return findServer() ?? giveUp(noServerMessage(installer));
}

/** Builds `dist` when it is missing or older than what it is made of. */
export function ensureBuild() {
  const output = join(root, 'dist');
  const complete = existsSync(join(output, 'index.js'));
  if (complete) {
    const newestInput = Math.max(...BUILD_INPUTS.flatMap((name) => times(join(root, name))));
    if (newestInput <= Math.min(...times(output, { filesOnly: true }))) return;
  }
  say(`dist is ${complete ? 'older than src' : 'missing'}: building (npm run build)`);
  runNpm(['run', '--silent', 'build']);
}

/** Runs a command in the project's root with its output shown, and answers its exit code. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (error) throw error;
  return signal === null ? status : 1;
}

/** Runs one of the project's development tools by the path of its script in `node_modules`. */
export function runTool(script, args, options) {
  return run(process.execPath, [join(root, 'node_modules', script), ...args], options);
}

function runNpm(args) {
  // Under `npm run` this is the very npm that was called; no shell and no .cmd file is needed.
  const cli = process.env.npm_execpath;
  const status = cli?.endsWith('.js')
    ? run(process.execPath, [cli, ...args])
    : run('npm', args, { shell: process.platform === 'win32' });
  if (status !== 0) giveUp(`\`npm ${args.join(' ')}\` failed; its output is above.`);
}

function staleness() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return 'no packages are installed';
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(installedPath);
  const changed = Object.entries(wanted).some(([path, entry]) => {
    if (path === '' || entry.link) return false;
    const actual = installed[path];
    // Packages for other platforms are in the lock file, but rightly not installed.
    if (actual === undefined) return !entry.optional && !entry.devOptional;
    return actual.version !== entry.version;
  });
  return changed ? 'node_modules does not match package-lock.json' : undefined;
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

function findServer() {
  for (const name of SERVERS) {
    const path = findExecutable(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function findExecutable(name) {
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function withPrivileges({ script, asUser }) {
  const command = ['sh', '-c', script];
  const isRoot = process.getuid?.() === 0;
  if (asUser || isRoot || findExecutable('sudo') === undefined) return command;
  return ['sudo', '-n', ...command];
}

function noServerMessage(installer) {
  const tried = installer === undefined ? '' : ` Installing it with ${installer.manager} failed.`;
  return (
    `No Redis server: neither ${SERVERS.join(' nor ')} is in PATH.${tried}\n` +
    'Please install one and try again, for example: sudo apt-get install redis-server, ' +
    'sudo dnf install redis, brew install redis, or see https://redis.io/downloads/.'
  );
}

/** The modification times of a file, or of a folder and all that is below it. */
function times(path, { filesOnly = false } = {}) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return [stats.mtimeMs];
  const below = readdirSync(path).flatMap((name) => times(join(path, name), { filesOnly }));
  // The time of a folder tells that a file was deleted.
  return filesOnly ? below : [stats.mtimeMs, ...below];
}

function say(message) {
  console.error(`setup: ${message}`);
}

function giveUp(message) {
  console.error(message);
  process.exit(1);
}
