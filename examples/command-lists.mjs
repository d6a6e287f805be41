/** executeCommands: lists of commands, each list on the host of its routing key. */
import { Script } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

const transfer = new Script(`
  if tonumber(redis.call('GET', KEYS[1])) < tonumber(ARGV[1]) then
    return redis.error_reply('FUNDS not enough')
  end
  redis.call('DECRBY', KEYS[1], ARGV[1])
  return redis.call('INCRBY', KEYS[2], ARGV[1])
`);

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  // Commands go to the host of the routing key as they are. Their own keys are not looked at, so
  // everything below lives on the host of 'ada', or of 'bob', and multi-key commands work there.
  const results = await cluster.executeCommands({
    ada: [
      ['MSET', 'ada:cash', 100, 'ada:bank', 0],
      [transfer, ['ada:cash', 'ada:bank'], [30]],
      ['MGET', 'ada:cash', 'ada:bank'],
    ],
    bob: [['MSET', 'bob:cash', 5, 'bob:bank', 0], ['PING']],
  });
  const [, moved, balances] = results.ada;
  console.log('in the bank:', moved.value);
  console.log('cash and bank:', balances.value.join(' and '));
  console.log('bob:', results.bob.map((promise) => promise.value).join(', '));

  // If any command fails the call rejects, and the error has all results.
  const lists = new Map([
    ['ada', [[transfer, ['ada:cash', 'ada:bank'], [70]]]],
    [
      'bob',
      [
        [transfer, ['bob:cash', 'bob:bank'], [70]],
        ['GET', 'bob:cash'],
      ],
    ],
  ]);
  try {
    await cluster.executeCommands(lists);
  } catch (error) {
    console.log(`${error.name}: ${error.failed} of ${error.total} failed`);
    for (const [key, promises] of error.results) {
      for (const promise of promises) {
        console.log(key, promise.isRejected ? promise.reason.message : promise.value);
      }
    }
  }
});
