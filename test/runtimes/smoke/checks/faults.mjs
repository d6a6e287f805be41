/** Servers that die, come back, or fall silent. */
import assert from 'node:assert/strict';
import { ConnectionError, MapError, TimeoutError } from 'redis-blaster';
import { TestSetup } from 'redis-blaster/testing';
import { failureOf, until } from '../tools.mjs';

const KEYS = Array.from({ length: 200 }, (_, index) => `fault:${index}`);

/** Runs `fn` with two servers of one database each, which nobody else uses. */
async function withServers(fn) {
  const setup = new TestSetup({ servers: 2, databasesEach: 1 });
  try {
    const cluster = await setup.makeCluster({ poolOptions: { reconnect: { minDelay: 10 } } });
    return await fn(cluster, setup);
  } finally {
    await setup.close();
  }
}

/** Issues a command for each key, and answers the promises by host. */
function incrementAll(cluster, client) {
  const promises = new Map([...cluster.hosts.keys()].map((hostId) => [hostId, []]));
  for (const key of KEYS) {
    promises.get(cluster.getRouter().getHostForKey(key)).push(client.incr(key));
  }
  return promises;
}

export const faults = {
  'a server that is killed in the middle of a map, and comes back': () =>
    withServers(async (cluster, setup) => {
      const [victim] = setup.servers;
      const events = [];
      for (const name of ['hostDown', 'hostUp']) {
        cluster.on(name, ({ hostId }) => events.push(`${name} ${hostId}`));
      }
      await cluster.all((client) => client.ping());
      // Stopped, it cannot answer before it is killed.
      process.kill(victim.pid, 'SIGSTOP');
      let promises;
      const call = cluster.map(async (client) => {
        promises = incrementAll(cluster, client);
        await Promise.all(promises.get(1));
        process.kill(victim.pid, 'SIGKILL');
      });
      const error = await failureOf(call);
      assert.ok(error instanceof MapError, String(error));
      assert.equal(error.failed, promises.get(0).length);
      for (const promise of promises.get(0)) {
        assert.ok(promise.reason instanceof ConnectionError, String(promise.reason));
        assert.deepEqual([promise.reason.hostId, promise.reason.maybeExecuted], [0, true]);
      }
      assert.ok(promises.get(1).every((promise) => promise.value === 1));
      // Whoever started it has to know that it is gone.
      await victim.stop();
      victim.start();
      await setup.waitForServers(5000);
      const client = cluster.getRoutingClient();
      await until(() => cluster.all((all) => all.ping()).catch(() => undefined));
      for (const key of KEYS) assert.ok((await client.incr(key)) > 0);
      assert.deepEqual(events.slice(-2), ['hostDown 0', 'hostUp 0']);
    }),

  'a server that falls silent, and speaks again': () =>
    withServers(async (cluster, setup) => {
      const [silent] = setup.servers;
      await cluster.all((client) => client.ping());
      process.kill(silent.pid, 'SIGSTOP');
      let promises;
      try {
        const error = await failureOf(
          cluster.map(
            (client) => {
              promises = incrementAll(cluster, client);
            },
            { timeout: 300 },
          ),
        );
        assert.ok(error instanceof TimeoutError, String(error));
        assert.deepEqual([...error.hosts], [0]);
        assert.ok(promises.get(0).every(({ reason }) => reason instanceof TimeoutError));
        assert.ok(promises.get(1).every((promise) => promise.value === 1));
      } finally {
        process.kill(silent.pid, 'SIGCONT');
      }
      // The late replies are read and dropped: these get their own.
      const echoes = await cluster.map((client) =>
        Promise.all(KEYS.map((key) => client.set(key, `echo of ${key}`, { GET: true }))),
      );
      assert.ok(
        echoes.every((reply) => reply === '1'),
        String(echoes),
      );
    }),

  'what a stopped server did not take is withdrawn': () =>
    withServers(async (cluster, setup) => {
      const [stopped] = setup.servers;
      const value = 'v'.repeat(100_000);
      const promises = [];
      await cluster.all((client) => client.ping());
      process.kill(stopped.pid, 'SIGSTOP');
      try {
        const call = cluster.fanout(
          (client) => {
            const target = client.target([0]);
            for (let index = 0; index < 200; index++) promises.push(target.set(`k${index}`, value));
          },
          { timeout: 300 },
        );
        assert.ok((await failureOf(call)) instanceof TimeoutError);
      } finally {
        process.kill(stopped.pid, 'SIGCONT');
      }
      const errors = promises.map((promise) => promise.reason.errors.get(0));
      const withdrawn = errors.filter((error) => error.maybeExecuted === false).length;
      const taken = (await cluster.all((client) => client.dbSize())).get(0);
      assert.ok(withdrawn > 0 && taken <= 200 - withdrawn, `${withdrawn} and ${taken} of 200`);
    }),

  'a connection that the server closes': () =>
    withServers(async (cluster) => {
      const client = cluster.getRoutingClient();
      const lost = [];
      cluster.on('hostDown', ({ hostId }) => lost.push(hostId));
      await cluster.all((all) => all.ping());
      for (const hostId of cluster.hosts.keys()) {
        await cluster.getLocalClient(hostId).sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal']);
      }
      await until(() => lost.length === 2);
      for (const key of KEYS) assert.equal(await client.get(key), null);
    }),
};
