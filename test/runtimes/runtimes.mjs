/** The runtimes that the smoke suite is run on. But for the Node that runs this, all are packages. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../../scripts/packed-package.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const packages = join(folder, 'node_modules');
const platform = `${process.platform}-${process.arch}`;

const packagedNode = (name) => ({
  name,
  packageName: `${name}-${platform}`,
  binary: () => join(packages, `${name}-${platform}`, 'bin', 'node'),
  args: [],
});

/** By name; `node` is the one that runs this, `node-20-oldest` the least that `engines` allows. */
const RUNTIMES = [
  { name: 'node', binary: () => process.execPath, args: [] },
  ...['node-20-oldest', 'node-20', 'node-22', 'node-24', 'node-26'].map(packagedNode),
  { name: 'bun', packageName: 'bun', binary: () => find('@oven', 'bin/bun'), args: [] },
  {
    name: 'deno',
    packageName: 'deno',
    binary: () => find('@deno', 'deno'),
    args: ['run', '--quiet', '--allow-all'],
  },
];

export const RUNTIME_NAMES = RUNTIMES.map(({ name }) => name);

/**
 * The named runtimes, installed where they are missing: each with its `name`, and `command` and
 * `args` to put before a program. A runtime that has no package for this machine has no `command`.
 */
export function ensureRuntimes(names) {
  const wanted = RUNTIMES.filter(({ name }) => names.includes(name));
  if (!wanted.every(isInstalled)) {
    console.error('setup: installing the runtimes (npm ci in test/runtimes)');
    npm(['ci', '--no-audit', '--no-fund'], folder);
  }
  return wanted.map((runtime) => {
    const { name, args } = runtime;
    return { name, args, command: isAvailable(runtime) ? runtime.binary() : undefined };
  });
}

function isAvailable({ packageName }) {
  return packageName === undefined || versionIn('package-lock.json', packageName) !== undefined;
}

function isInstalled(runtime) {
  const { packageName, binary } = runtime;
  if (packageName === undefined || !isAvailable(runtime)) return true;
  const lock = versionIn('package-lock.json', packageName);
  const actual = versionIn('node_modules/.package-lock.json', packageName);
  return lock === actual && existsSync(binary() ?? '');
}

function versionIn(lockFile, packageName) {
  const path = join(folder, lockFile);
  if (!existsSync(path)) return undefined;
  const { packages: locked } = JSON.parse(readFileSync(path, 'utf8'));
  return locked[`node_modules/${packageName}`]?.version;
}

/** The binary in the one package of a scope that npm found right for this machine. */
function find(scope, path) {
  const inScope = join(packages, scope);
  if (!existsSync(inScope)) return undefined;
  return readdirSync(inScope)
    .map((name) => join(inScope, name, path))
    .find((file) => existsSync(file));
}
