/** Maps and fan-outs: merged commands, failures, deadlines, aborts. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers';
import { CancelledError, MapError, RbPromise, ReplyError, TimeoutError } from 'redis-blaster';
import { failureOf, withCluster } from '../tools.mjs';

const KEYS = Array.from({ length: 500 }, (_, index) => `map:${index}`);

/** How often the servers have run a command. */
async function callsOf(cluster, command) {
  const stats = await cluster.all((client) => client.info('commandstats'));
  const calls = [...stats.values()].map((text) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0),
  );
  // Two databases of a server tell the same.
  return calls.reduce((sum, count) => sum + count, 0) / 2;
}

export const mapping = {
  'a map merges GET and SET, and keeps the order': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const before = await callsOf(cluster, 'get');
      await cluster.map((client) => {
        for (const key of KEYS) client.set(key, `value of ${key}`);
      });
      const values = await cluster.map((client) =>
        RbPromise.all(KEYS.map((key) => client.get(key))),
      );
      assert.deepEqual(
        values,
        KEYS.map((key) => `value of ${key}`),
      );
      assert.equal(await callsOf(cluster, 'get'), before);
      assert.ok((await callsOf(cluster, 'mget')) > 0);
    }),

  'awaiting inside a map': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const result = await cluster.map(async (client) => {
        await client.set('one', '1');
        const one = Number(await client.get('one'));
        return client.incrBy('one', one);
      });
      assert.equal(result, 2);
    }),

  'failures of a map': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      await cluster.getRoutingClient().lPush('a list', 'x');
      const failing = (times) =>
        cluster.map((client) => {
          for (let time = 0; time < times; time++) client.incr('a list');
        });
      const error = await failureOf(failing(1));
      assert.ok(error instanceof ReplyError, String(error));
      assert.deepEqual([error.kind, error.command], ['WRONGTYPE', 'INCR']);
      const several = await failureOf(failing(2));
      assert.ok(several instanceof MapError && several instanceof AggregateError);
      assert.deepEqual([several.failed, several.total], [2, 2]);
      const own = new Error('of the caller');
      assert.equal(
        await failureOf(
          cluster.map(() => {
            throw own;
          }),
        ),
        own,
      );
    }),

  'the time limit of a map': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      let promise;
      const blocked = (client) => (promise = client.blPop('an empty list', 0));
      const error = await failureOf(cluster.map(blocked, { timeout: 50 }));
      assert.ok(error instanceof TimeoutError, String(error));
      assert.equal(error.hosts.length, 1);
      assert.ok(promise.isRejected);
    }),

  'an AbortSignal': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      let promise;
      const call = cluster.map(
        (client) => {
          promise = client.blPop('an empty list', 0);
          setImmediate(() => controller.abort(reason));
        },
        { signal: controller.signal },
      );
      assert.equal(await failureOf(call), reason);
      assert.ok(promise.reason instanceof CancelledError);
      const late = cluster.map(() => assert.fail('It ran.'), { signal: controller.signal });
      assert.equal(await failureOf(late), reason);
      const timeout = await failureOf(
        cluster.map((client) => client.blPop('an empty list', 0), {
          signal: AbortSignal.timeout(20),
        }),
      );
      assert.equal(timeout.name, 'TimeoutError');
    }),

  'a fan-out to all hosts, to some, and to one key': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const pongs = await cluster.all((client) => client.ping());
      assert.deepEqual(
        [...pongs],
        [0, 1, 2, 3].map((id) => [id, 'PONG']),
      );
      const [some, one] = await cluster.fanout(async (client) => [
        await client.target([1, 3]).set('fanned', 'out'),
        await client.targetKey('elsewhere').get('nothing'),
      ]);
      assert.deepEqual(
        [...some],
        [
          [1, 'OK'],
          [3, 'OK'],
        ],
      );
      assert.equal(one, null);
    }),
};
