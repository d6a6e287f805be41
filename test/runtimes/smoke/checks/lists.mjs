/** Lists of commands, and scripts in lists and as methods. */
import assert from 'node:assert/strict';
import { defineScript, MapError, Script } from 'redis-blaster';
import { failureOf, withCluster } from '../tools.mjs';

const append = new Script("return redis.call('APPEND', KEYS[1], ARGV[1])");
const valuesOf = (promises) => promises.map((promise) => promise.value);

const addTo = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
  parseCommand(parser, key, amount) {
    parser.pushKey(key);
    parser.push(String(amount));
  },
  transformReply: (reply) => `now ${reply}`,
});

export const lists = {
  'lists of commands with scripts': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const keys = ['list:a', 'list:b', 'list:c', 'list:d'];
      const commands = (key) => [
        ['SET', key, 'x'],
        [append, [key], ['yz']],
        ['GET', key],
      ];
      const call = () => cluster.executeCommands(new Map(keys.map((key) => [key, commands(key)])));
      const results = await call();
      assert.deepEqual([...results.keys()], keys);
      for (const promises of results.values())
        assert.deepEqual(valuesOf(promises), ['OK', 3, 'xyz']);
      await cluster.all((client) => client.scriptFlush());
      for (const promises of (await call()).values()) assert.equal(promises[2].value, 'xyz');
    }),

  'a list with a failure': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const error = await failureOf(
        cluster.executeCommands({
          key: [
            ['SET', 'key', 'text'],
            ['INCR', 'key'],
            ['GET', 'key'],
          ],
        }),
      );
      assert.ok(error instanceof MapError, String(error));
      const [set, incr, get] = error.results.key;
      assert.deepEqual([set.value, incr.isRejected, get.value], ['OK', true, 'text']);
    }),

  'typed scripts': (setup) =>
    withCluster(setup, { scripts: { addTo } }, async (cluster) => {
      const client = cluster.getRoutingClient();
      await client.del('sum');
      assert.equal(await client.addTo('sum', 40), 'now 40');
      const sums = await cluster.map((map) => map.addTo('sum', 2));
      assert.equal(sums, 'now 42');
    }),
};
