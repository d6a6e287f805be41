/** Maps: many commands on many hosts at once. */
import { RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  const keys = Array.from({ length: 6 }, (_, index) => `square:${index}`);

  // Commands answer at once with promises. The map ends when all of them have their values.
  await cluster.map((client) => {
    for (const [index, key] of keys.entries()) client.set(key, String(index * index));
  });

  // Keep the promises, and look into them afterwards: no await is needed.
  const promises = await cluster.map((client) => {
    const byKey = new Map();
    for (const key of keys) byKey.set(key, client.get(key));
    return byKey;
  });
  for (const [key, promise] of promises) console.log(key, promise.value);

  // Or let the map answer the values themselves.
  const values = await cluster.map((client) => RbPromise.all(keys.map((key) => client.get(key))));
  console.log('all:', values.join(' '));

  // RbPromise.all also takes a record, and keeps its names.
  const { three, four } = await cluster.map((client) =>
    RbPromise.all({ three: client.get('square:3'), four: client.get('square:4') }),
  );
  console.log(`three: ${three}, four: ${four}`);

  // Callbacks run as soon as their reply is there, and may issue more commands.
  await cluster.map((client) => {
    client.get('square:5').done((value) => client.set('copy', value));
  });
  console.log('copy:', await cluster.getRoutingClient().get('copy'));

  // The callback may be async.
  const sum = await cluster.map(async (client) => {
    const two = Number(await client.get('square:2'));
    const three = Number(await client.get('square:3'));
    return two + three;
  });
  console.log('sum:', sum);

  // mGet and mSet work over all hosts here.
  await cluster.map((client) => client.mSet({ 'city:fr': 'Paris', 'city:pe': 'Lima' }));
  const cities = ['city:pe', 'city:xx', 'city:fr'];
  console.log('cities:', await cluster.map((client) => client.mGet(cities)));

  // A mapping client that is not bound to one call: join as often as you like.
  const client = cluster.getRoutingClient().getMappingClient();
  const first = client.incr('counter');
  await client.join();
  const second = client.incrBy('counter', 10);
  await client.join();
  console.log(`counter: ${first.value}, then ${second.value}`);
});
