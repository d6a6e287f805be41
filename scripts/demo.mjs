/** `npm run demo`: everything a fresh clone lacks, then the demo itself, in this process. */
import { ensureBuild, ensurePackages, ensureRedisServer } from './setup.mjs';

ensurePackages();
ensureRedisServer();
ensureBuild();
// Only now: the demo imports packages and the built library.
await import('../demo/main.mjs');
