/**
 * `npm run build`: compiles `src` into `dist`, as declarations by file and as code in few bundles,
 * since loading hundreds of small files takes longer than running them. The old `dist` stays as it
 * is until the new one is whole, so that a failing build takes it from nobody.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, root, runTool } from './setup.mjs';

ensurePackages();

// Only now: they need a package.
const { build } = await import('esbuild');
const { bundledPackages, notices } = await import('./bundled-packages.mjs');

const ENTRY_POINTS = {
  index: 'src/index.ts',
  'testing/index': 'src/testing/index.ts',
};

const dist = join(root, 'dist');
const fresh = join(root, `.dist-${process.pid}`);
try {
  if (!declare()) throw new Error('The types do not hold.');
  await bundle();
  const shipped = notices(['@ioredis/commands', '@redis/client']);
  writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), shipped);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // esbuild has printed its own.
  if (error.errors === undefined) console.error(error.message);
  process.exitCode = 1;
}

function declare() {
  const options = ['--declaration', '--emitDeclarationOnly', '--noEmitOnError'];
  const config = join(root, 'tsconfig.build.json');
  return runTool('typescript/bin/tsc', ['-p', config, '--outDir', fresh, ...options]) === 0;
}

function bundle() {
  return build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    outdir: fresh,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.9',
    sourcemap: true,
    // Names stay readable; what is left out is only read by machines.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    plugins: [bundledPackages],
  });
}
