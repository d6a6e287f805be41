/** Installs the packages of the benchmarks, which are not the library's, where they are missing. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../scripts/setup.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Brings `bench/node_modules` to what the lock file says; silent when it is there. */
export function ensureBenchPackages() {
  if (isInstalled()) return;
  console.error('setup: installing the packages of the benchmarks (npm ci)');
  const args = ['ci', '--no-audit', '--no-fund'];
  // Under `npm run` this is the very npm that was called; no shell and no .cmd file is needed.
  const cli = process.env.npm_execpath;
  const status = cli?.endsWith('.js')
    ? run(process.execPath, [cli, ...args], { cwd: folder })
    : run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  if (status !== 0) throw new Error('`npm ci` in bench failed; its output is above.');
}

function isInstalled() {
  const installedPath = new URL('node_modules/.package-lock.json', import.meta.url);
  if (!existsSync(installedPath)) return false;
  const installed = packagesIn(installedPath);
  const wanted = packagesIn(new URL('package-lock.json', import.meta.url));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional && !installed[path]),
  );
}

function packagesIn(url) {
  return JSON.parse(readFileSync(url, 'utf8')).packages;
}
