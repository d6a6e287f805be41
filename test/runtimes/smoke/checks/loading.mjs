/** The ways to load the package. */
import assert from 'node:assert/strict';
import { runProgram, Skip } from '../tools.mjs';

/** Some of what each entry point has; all of it is looked at where the package is checked. */
const NAMES = {
  'redis-blaster': ['Cluster', 'Ketama', 'RbPromise', 'RESP_TYPES', 'Script', 'defineScript'],
  'redis-blaster/testing': ['TestSetup', 'makeTestCluster'],
};

export const loading = {
  async 'import of both entry points'() {
    for (const [entry, names] of Object.entries(NAMES)) {
      const api = await import(entry);
      for (const name of names) assert.ok(api[name], `${entry} has no ${name}`);
    }
  },

  async 'require of both entry points'() {
    // Bun and Deno always can; Node says so itself.
    const isOldNode = process.release.name === 'node' && !process.features.require_module;
    if (isOldNode && process.versions.bun === undefined && process.versions.deno === undefined) {
      throw new Skip('This Node cannot require ES modules.');
    }
    const output = await runProgram('requires.cjs', JSON.stringify(NAMES));
    assert.equal(output.trim(), 'all there');
  },
};
