/** Fan-outs: the same command on all hosts, or on some of them. */
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  await cluster.map((client) => {
    for (let index = 0; index < 100; index++) client.set(`key:${index}`, 'value');
  });

  // All hosts. The answer is a Map of host id to reply.
  const sizes = await cluster.all((client) => client.dbSize());
  for (const [hostId, size] of sizes) console.log(`host ${hostId} has ${size} keys`);

  // Some hosts.
  await cluster.fanout((client) => client.flushDb(), { hosts: [0, 1] });
  console.log('after flushDb on 0 and 1:', await cluster.all((client) => client.dbSize()));

  // Other hosts for single commands of the same fan-out.
  await cluster.fanout(async (client) => {
    console.log('set on two hosts:', await client.target([0, 1]).set('motd', 'hello'));
    console.log('everywhere:', await client.target('all').get('motd'));
    // The host of a key. The answer is the reply itself, not a Map.
    console.log('one value:', await client.targetKey('key:1').get('motd'));
  });

  // Some hosts may fail. The error has the answers of the others.
  await cluster.fanout((client) => {
    client.target([3]).set('queue', 'not a list');
  });
  try {
    await cluster.all((client) => client.lPush('queue', 'job'));
  } catch (error) {
    console.log(`${error.name}: ${error.code}`);
    for (const [hostId, reason] of error.errors) console.log(`host ${hostId}: ${reason.kind}`);
    for (const [hostId, length] of error.values) console.log(`host ${hostId}: length ${length}`);
  }
});
