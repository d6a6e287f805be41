/**
 * `node scripts/bundle-cli.mjs FOLDER`: the command line and the testing room, as the build makes
 * them, in a folder of their own: what tests and the recording of the documentation run, whether
 * `dist` is there or not. What it prints is the path of the command line.
 */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { bundledPackages } from './bundled-packages.mjs';
import { root } from './setup.mjs';

/** The packages in CommonJS load Node's own modules by `require`. */
const BANNER =
  "import { createRequire as makeRequire } from 'node:module';" +
  'const require = makeRequire(import.meta.url);';

/** Makes the folder, which must not be there, and answers the path of the command line in it. */
export async function bundleCli(folder) {
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'src/cli/main.ts', 'testing/index': 'src/testing/index.ts' },
    outdir: join(folder, 'dist'),
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.9',
    banner: { js: BANNER },
    logLevel: 'warning',
    plugins: [bundledPackages],
  });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return join(folder, 'dist', 'cli.js');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(await bundleCli(process.argv[2]));
}
