/** What runs the workers: Node, Bun, and programs in C; and why some of it is not to be had. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileNative } from './native.mjs';

const bench = fileURLToPath(new URL('..', import.meta.url));
const modules = join(bench, 'node_modules');
const worker = join(bench, 'worker', 'main.mjs');

const finders = { node: findNode, bun: findBun, c: compileNative };

/**
 * Finds what the contenders need.
 *
 * @returns `commandFor(contender)`: the `command` and `args` of its process, or undefined; `missing`:
 * a sentence for each thing that is not there; `versions` by name.
 */
export function findRuntimes(contenders) {
  const names = new Set(contenders.map(({ runtime }) => runtime));
  const found = new Map([...names].map((name) => [name, finders[name]({ bench, worker })]));
  const glide = contenders.some(({ client }) => client === 'glide') ? findGlide() : {};
  const all = [...found.values(), glide];
  return {
    commandFor({ runtime, client }) {
      if (client === 'glide' && glide.missing !== undefined) return undefined;
      const { command, args } = found.get(runtime);
      return command === undefined ? undefined : { command, args };
    },
    missing: all.map(({ missing }) => missing).filter((sentence) => sentence !== undefined),
    versions: Object.assign({}, ...all.map(({ versions }) => versions)),
  };
}

function findNode() {
  return { command: process.execPath, args: ['--expose-gc', worker] };
}

function findBun() {
  for (const command of bunPaths()) {
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { command, args: [worker], versions: { bun: stdout.trim() } };
  }
  return { missing: "Bun's client is left out: the npm package bun is not installed here." };
}

/** Where the binary is; the second place is for where no install script has run. */
function bunPaths() {
  const scoped = join(modules, '@oven');
  const platforms = existsSync(scoped) ? readdirSync(scoped) : [];
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return [
    join(modules, 'bun', 'bin', 'bun.exe'),
    ...platforms.map((name) => join(scoped, name, 'bin', `bun${suffix}`)),
  ].filter((path) => existsSync(path));
}

function findGlide() {
  const script = "import('@valkey/valkey-glide').then(() => process.exit(), () => process.exit(1))";
  const { status } = spawnSync(process.execPath, ['-e', script], { cwd: bench });
  if (status === 0) return {};
  return { missing: 'valkey-glide is left out: it is not installed, or does not load, here.' };
}
