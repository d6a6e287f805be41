/** What `redis-blaster/testing` promises: nothing of it is left behind, however a process ends. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { makeTestCluster } from 'redis-blaster/testing';
import { isAlive, start, until, within } from '../tools.mjs';

/** Lets a program start servers and end in some way; they and their folder must be gone then. */
async function endsWith(how, end) {
  const program = start('serves.mjs', how);
  let left;
  try {
    left = JSON.parse(await until(() => /^\{.*\}$/m.exec(program.output)?.[0], 8000));
    assert.ok(left.pids.length === 2 && left.pids.every(isAlive), program.output);
    assert.ok(existsSync(left.folder), program.output);
    end(program);
    const [code, signal] = await within(5000, program.exited);
    await until(() => !left.pids.some(isAlive) && !existsSync(left.folder));
    return { code, signal, output: program.output };
  } finally {
    program.child.kill('SIGKILL');
    // Of a check that failed nothing is left either.
    for (const pid of left?.pids.filter(isAlive) ?? []) process.kill(pid, 'SIGKILL');
    if (left !== undefined) rmSync(left.folder, { recursive: true, force: true });
  }
}

export const testing = {
  async 'makeTestCluster with a function'() {
    const pids = [];
    const result = await makeTestCluster({ servers: 1, databasesEach: 2 }, async (cluster) => {
      const [info] = (await cluster.all((client) => client.info('server'))).values();
      pids.push(Number(/process_id:(\d+)/.exec(info)[1]));
      return cluster.getRoutingClient().set('key', 'value');
    });
    assert.equal(result, 'OK');
    assert.deepEqual(pids.map(isAlive), [false]);
  },

  async 'no server outlives a process that is killed'() {
    const { signal } = await endsWith('waits', (program) => program.child.kill('SIGKILL'));
    assert.equal(signal, 'SIGKILL');
  },

  async 'no server outlives a process that is interrupted'() {
    const { signal, code } = await endsWith('waits', (program) => program.child.kill('SIGTERM'));
    assert.ok(signal === 'SIGTERM' || code === 143, `${code} ${signal}`);
  },

  async 'no server outlives a process that crashes'() {
    const { code, output } = await endsWith('crashes', () => {});
    assert.notEqual(code, 0);
    assert.match(output, /on purpose/);
  },
};
