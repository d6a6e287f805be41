/** The routing client: every command goes to the host that its key lives on. */
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  const client = cluster.getRoutingClient();

  // Every command of @redis/client is here, and answers with a native promise.
  await client.set('user:1:name', 'Ada');
  await client.hSet('user:1', { born: '1815', field: 'mathematics' });
  console.log('name:', await client.get('user:1:name'));
  console.log('born:', await client.hGet('user:1', 'born'));

  // What is issued in the same tick travels together, one write for each host.
  const visits = await Promise.all(
    ['a', 'b', 'c', 'd'].map((page) => client.incr(`visits:${page}`)),
  );
  console.log('visits:', visits.join(' '));

  // Any other command, by its name. Its reply comes as the server sent it.
  console.log('length:', await client.executeCommand('STRLEN', 'user:1:name'));

  // Where a key lives is computed here. No server is asked.
  const router = cluster.getRouter();
  for (const key of ['user:1', 'user:2', 'user:4']) {
    console.log(`${key} lives on host ${router.getHostForKey(key)}`);
  }

  // A command with two keys could need two hosts, so it is refused before anything is sent.
  await client.set('user:2', 'Grace');
  try {
    await client.del(['user:1', 'user:2']);
  } catch (error) {
    console.log(`refused: ${error.code}, ${error.command}, maybeExecuted: ${error.maybeExecuted}`);
  }

  // One way out: sort the keys by host, and send each host its own.
  const keys = ['user:1', 'user:2', 'user:1:name'];
  await cluster.fanout((fanout) => {
    for (const [hostId, own] of cluster.groupByHost(keys)) fanout.target([hostId]).del(own);
  });
  console.log('left:', await client.exists('user:1'));
});
