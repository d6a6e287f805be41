/** How a process and a scope end. */
import assert from 'node:assert/strict';
import { runProgram, Skip } from '../tools.mjs';

function hasAwaitUsing() {
  try {
    Function('return async () => { await using nothing = null; }');
    return true;
  } catch {
    return false;
  }
}

export const ending = {
  async 'a process ends by itself after disconnectPools'(setup) {
    const output = await runProgram('ends.mjs', setup.servers[0].socketPath);
    assert.equal(output.trim(), 'disconnected');
  },

  async 'disposing of a cluster ends its connections'(setup) {
    const cluster = await setup.makeCluster();
    const pools = [...cluster.hosts.keys()].map((hostId) => cluster.getPoolForHost(hostId));
    await cluster.all((client) => client.ping());
    assert.ok(pools.every((pool) => pool.connections === 1));
    await cluster[Symbol.asyncDispose]();
    assert.ok(pools.every((pool) => pool.connections === 0));
  },

  async '`await using` disposes of a cluster'(setup) {
    if (!hasAwaitUsing()) throw new Skip('There is no `await using` here.');
    const output = await runProgram('disposes.mjs', setup.servers[0].socketPath);
    assert.equal(output.trim(), 'value\ndisposed');
  },
};
