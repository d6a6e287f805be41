/** Lua scripts as methods of every client, typed by their definition. */
import { defineScript } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

/** Adds to a number, but never beyond a limit. */
const addUpTo = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local sum = math.min(tonumber(redis.call('GET', KEYS[1]) or 0) + ARGV[1], ARGV[2])
    redis.call('SET', KEYS[1], sum)
    return sum
  `,
  parseCommand(parser, key, amount, limit) {
    parser.pushKey(key);
    parser.push(String(amount), String(limit));
  },
  transformReply: (reply) => reply,
});

const options = { servers: 2, databasesEach: 2, cluster: { scripts: { addUpTo } } };

await makeTestCluster(options, async (cluster) => {
  // The script is sent by its hash. A server that does not know it gets the source, once.
  const client = cluster.getRoutingClient();
  console.log('first:', await client.addUpTo('tank:1', 60, 100));
  console.log('second:', await client.addUpTo('tank:1', 60, 100));

  // In a map, over all hosts.
  const promises = await cluster.map((map) => ['a', 'b', 'c'].map((id) => map.addUpTo(id, 7, 10)));
  console.log('mapped:', promises.map((promise) => promise.value).join(' '));

  // A server that forgot its scripts is no problem.
  await cluster.all((fanout) => fanout.scriptFlush());
  console.log('after SCRIPT FLUSH:', await client.addUpTo('tank:2', 1, 100));
});
