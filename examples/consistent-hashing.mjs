/** Consistent hashing: when a host comes, only a part of the keys changes its place. */
import { Cluster, ConsistentHashingRouter, Ketama, PartitionRouter } from 'redis-blaster';
import { TestSetup } from 'redis-blaster/testing';

const keys = Array.from({ length: 1000 }, (_, index) => `key:${index}`);

const setup = new TestSetup({ servers: 4, databasesEach: 1 });
try {
  await setup.waitForServers();
  for (const router of [PartitionRouter, ConsistentHashingRouter]) await grow(router);
} finally {
  await setup.close();
}

// The ring alone, for places that are no Redis hosts. Weights are shares.
const ring = new Ketama(['small', 'large'], { large: 3 });
console.log('key:1 belongs to', ring.getNode('key:1'));
ring.addNode('larger', 6);
console.log('and now to', ring.getNode('key:1'));

/** Fills three hosts, adds a fourth, and counts which keys are not found any more. */
async function grow(router) {
  const [added, ...first] = setup.servers.map(hostOf).reverse();
  const cluster = new Cluster({ hosts: first, router });
  try {
    await cluster.all((client) => client.flushDb());
    await cluster.map((client) => {
      for (const key of keys) client.set(key, 'value');
    });
    cluster.addHost(added);
    const values = await cluster.map((client) => client.mGet(keys));
    const missing = values.filter((value) => value === null).length;
    console.log(`${router.name}: ${missing} of ${keys.length} keys have to move`);
  } finally {
    await cluster.disconnectPools();
  }
}

/** The label stands for the host on the ring. Without one its address and password do. */
function hostOf({ socketPath, port }, hostId) {
  const address = socketPath === undefined ? { port } : { unixSocketPath: socketPath };
  return { hostId, ...address, ringLabel: `cache-${hostId}` };
}
