/** Which build of the library is measured. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBuild, root } from '../../scripts/setup.mjs';

/**
 * The folder of the build under test: `dist`, made where it is missing or old; or what the
 * environment variable REDIS_BLASTER_DIST names, as it is.
 */
export function findBuild() {
  const named = process.env.REDIS_BLASTER_DIST;
  if (!named) {
    ensureBuild();
    return join(root, 'dist');
  }
  return checkBuild('REDIS_BLASTER_DIST', named);
}

/** The absolute path of a build's folder. @throws Error where there is no build. */
export function checkBuild(option, path) {
  // npm changes to the package's root; a path was typed where npm was called.
  const folder = resolve(process.env.INIT_CWD ?? process.cwd(), path);
  if (existsSync(join(folder, 'index.js'))) return folder;
  throw new Error(`${option} names a folder without a build: there is no ${folder}/index.js.`);
}
