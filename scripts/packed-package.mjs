/** The package as a user gets it: packed, and installed into a project of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/**
 * Packs the package into a folder. Answers the path of the `tarball`, its `size`, and the `files`
 * in it, each with `path` and `size`, in bytes.
 */
export function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  // An object by package name since npm 12, an array before.
  const [{ filename, size, files }] = Object.values(JSON.parse(npm(args, root)));
  return { tarball: join(folder, filename), size, files };
}

/** Makes a project that depends on packages: names with versions, or paths of tarballs. */
export function createProject(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  install(folder, packages);
}

/** Adds packages to a project. */
export function install(folder, packages) {
  npm(['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], folder);
}

/** Runs npm in a folder, and answers its output. */
export function npm(args, cwd) {
  const shell = process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd,
    encoding: 'utf8',
    shell,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`\`npm ${args.join(' ')}\` failed:\n${stderr}`);
  return stdout;
}
