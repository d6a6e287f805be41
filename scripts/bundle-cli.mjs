/**
 * `node scripts/bundle-cli.mjs FOLDER`: the command line and the testing room, as the build makes
 * them, in a folder of their own: what tests and the recording of the documentation run, whether
 * `dist` is there or not. What it prints is the path of the command line.
 */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';
import { root } from './setup.mjs';

/** Makes the folder, which must not be there, and answers the path of the command line in it. */
export async function bundleCli(folder) {
  mkdirSync(folder, { recursive: true });
  await bundle(join(folder, 'dist'));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return join(folder, 'dist', 'cli.js');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(await bundleCli(process.argv[2]));
}
