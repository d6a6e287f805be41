/** The local client: one host, and all that a client of @redis/client can do. */
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  // The host of a key. It is connecting already: commands wait for the connection.
  const client = cluster.getLocalClientForKey('stock');

  // A transaction.
  const replies = await client.multi().set('stock', '10').decrBy('stock', 3).get('stock').exec();
  console.log('transaction:', replies);

  // WATCH belongs to a connection, so it gets one of its own.
  const own = client.duplicate();
  await own.watch('stock');
  await client.set('stock', '99');
  const aborted = await own
    .multi()
    .decr('stock')
    .exec()
    .catch((error) => error.constructor.name);
  console.log('watched:', aborted);

  // So do subscriptions.
  const subscriber = client.duplicate();
  let onMessage;
  const message = new Promise((resolve) => (onMessage = resolve));
  await subscriber.subscribe('news', onMessage);
  await client.publish('news', 'hello');
  console.log('message:', await message);

  // Iterators go over the keys of this host only.
  await cluster.map((map) => {
    for (let index = 0; index < 20; index++) map.set(`item:${index}`, 'x');
  });
  let found = 0;
  for (let hostId = 0; hostId < cluster.hosts.size; hostId++) {
    for await (const keys of cluster.getLocalClient(hostId).scanIterator({ MATCH: 'item:*' })) {
      found += keys.length;
    }
  }
  console.log('found on all hosts:', found);

  // The cluster closes local clients and their duplicates. You need not do it.
});
