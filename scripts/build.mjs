/**
 * `npm run build`: compiles `src` into `dist`, as declarations by file and as code in few bundles.
 * The old `dist` stays as it is until the new one is whole, so that a failing build takes it from
 * nobody.
 */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensurePackages, root, runTool } from './setup.mjs';

ensurePackages();

// Only now: they need packages.
const { bundle } = await import('./bundle.mjs');
const { entryDeclarations, unreachableDeclarations } = await import('./declarations.mjs');
const { notices } = await import('./notices.mjs');

const dist = join(root, 'dist');
const fresh = join(root, `.dist-${process.pid}`);
try {
  declare();
  const inputs = await bundle(fresh);
  chmodSync(join(fresh, 'cli.js'), 0o755);
  writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), notices(inputs));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // esbuild has printed its own.
  if (error.errors === undefined) console.error(error.message);
  process.exitCode = 1;
}

/** Writes the declarations, and of those only what the entry points lead to. */
function declare() {
  const options = ['--declaration', '--emitDeclarationOnly', '--noEmitOnError'];
  const config = join(root, 'tsconfig.build.json');
  if (runTool('typescript/bin/tsc', ['-p', config, '--outDir', fresh, ...options]) !== 0) {
    throw new Error('The types do not hold.');
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = entryDeclarations(manifest).map((path) => join(fresh, relative('dist', path)));
  for (const path of unreachableDeclarations(fresh, entries)) rmSync(path);
}
