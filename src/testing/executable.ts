/** Finds the server's executable, and says what to do where there is none. */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve, sep } from 'node:path';

import { ConnectionError } from '../errors.js';

const suffixes = process.platform === 'win32' ? ['', '.exe', '.cmd'] : [''];

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isPath(name: string): boolean {
  return name.includes('/') || name.includes(sep);
}

/**
 * The absolute path of the first of `names` that can be run.
 *
 * @param names - Names to look up in `PATH`, or paths.
 * @throws ConnectionError when there is none; it says what was looked for and how to install it.
 */
export function findExecutable(names: readonly string[]): string {
  for (const name of names) {
    const folders = isPath(name) ? [''] : (process.env['PATH'] ?? '').split(delimiter);
    for (const folder of folders) {
      // An empty entry of PATH stands for the working directory, so `join` is right for it too.
      for (const suffix of suffixes) {
        const path = resolve(join(folder, name + suffix));
        if (isExecutableFile(path)) return path;
      }
    }
  }
  throw new ConnectionError(missingMessage(names));
}

function missingMessage(names: readonly string[]): string {
  const looked = names.map((name) => `"${name}"`).join(', then for ');
  const where = names.every(isPath)
    ? ''
    : ` in PATH (${process.env['PATH'] ?? 'which is not set'})`;
  return (
    `no Redis server executable was found: looked for ${looked}${where}. ` +
    'To install one: "apt-get install redis-server" on Debian and Ubuntu, ' +
    '"dnf install valkey" on Fedora ("dnf install redis" before Fedora 41), ' +
    '"brew install redis" on macOS; or name yours with the option serverExecutable.'
  );
}
