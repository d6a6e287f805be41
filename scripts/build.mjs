/**
 * `npm run build`: compiles `src` into `dist`. The old `dist` stays as it is until the new one is
 * whole, so that a failing build takes it from nobody.
 */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, root, runTool } from './setup.mjs';

ensurePackages();

const dist = join(root, 'dist');
const fresh = join(root, `.dist-${process.pid}`);
const status = runTool('typescript/bin/tsc', [
  '-p',
  join(root, 'tsconfig.build.json'),
  '--outDir',
  fresh,
  '--noEmitOnError',
]);
if (status === 0) {
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} else {
  rmSync(fresh, { recursive: true, force: true });
}
process.exitCode = status;
