/** What a run needs: the package of the micro benches, and a bundle of the library's inside. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, run } from '../../scripts/setup.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Brings `node_modules` of this folder to what the lock file says; silent when it is there. */
export function ensureMicroPackages() {
  if (isInstalled()) return;
  console.error('setup: installing the package of the micro benches (npm ci)');
  const args = ['ci', '--no-audit', '--no-fund'];
  // Under `npm run` this is the very npm that was called; no shell and no .cmd file is needed.
  const cli = process.env.npm_execpath;
  const status = cli?.endsWith('.js')
    ? run(process.execPath, [cli, ...args], { cwd: folder })
    : run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  if (status !== 0) throw new Error('`npm ci` in bench/micro failed; its output is above.');
}

function isInstalled() {
  const installedPath = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = packagesIn(installedPath);
  return Object.entries(packagesIn(join(folder, 'package-lock.json'))).every(
    ([path, { version }]) => path === '' || installed[path]?.version === version,
  );
}

function packagesIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/**
 * Bundles what the benches measure straight from `src`, so that no build is needed and nothing of
 * the inside has to be exported. Answers the file, and a function that removes it.
 */
export async function bundleInside() {
  // Only now: the packages of the root may have been installed just before.
  const { build } = await import('esbuild');
  const output = join(folder, '.build', String(process.pid));
  const remove = () => rmSync(output, { recursive: true, force: true });
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [join(folder, 'inside.mjs')],
      outdir: output,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.9',
      // As in the build that is published.
      minifySyntax: true,
      logLevel: 'warning',
    });
  } catch (error) {
    remove();
    throw new Error('The inside of the library could not be bundled.', { cause: error });
  }
  return { bundle: join(output, 'inside.mjs'), remove };
}
