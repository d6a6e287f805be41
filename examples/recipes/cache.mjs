/**
 * A cache beside a slower source (cache-aside): many entries are looked up at once, whichever hosts
 * they live on. What is missing is loaded in one go and kept for a while. A host that is down makes
 * its share of the entries slow, and nothing else.
 */
import { RbPromise } from 'redis-blaster';
import { TestSetup } from 'redis-blaster/testing';

// #region recipe
const keyOf = (id) => `product:${id}`;
const TTL_SECONDS = 300;

/** Entries that were written together should not expire together: up to a tenth longer. */
const expiration = () => ({
  type: 'EX',
  value: Math.round(TTL_SECONDS * (1 + Math.random() / 10)),
});

/** The products by id. `load` gets the ids that are not in the cache, and answers a Map. */
export async function findProducts(cluster, ids, load) {
  // A lookup that fails is no failure of ours: then the source is asked.
  const cached = await cluster.map((client) =>
    RbPromise.all(ids.map((id) => client.get(keyOf(id)).catch(() => null))),
  );
  const found = new Map();
  for (const [index, id] of ids.entries()) {
    if (cached[index] !== null) found.set(id, JSON.parse(cached[index]));
  }
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;

  const loaded = await load(missing);
  await cluster.map((client) => {
    for (const [id, product] of loaded) {
      client.set(keyOf(id), JSON.stringify(product), { expiration: expiration() }).catch(() => {});
    }
  });
  return new Map([...found, ...loaded]);
}

/** To be called when products have changed: one command for each host. */
export async function forgetProducts(cluster, ids) {
  const groups = cluster.groupByHost(ids.map(keyOf));
  await cluster.fanout((client) => {
    for (const [hostId, keys] of groups) client.target([hostId]).unlink(keys);
  });
}
// #endregion recipe

// #region demo
const setup = new TestSetup({ servers: 2, databasesEach: 2 });
try {
  // A host that hangs fails its lookups after this time, and the source is asked.
  const cluster = await setup.makeCluster({ poolOptions: { commandTimeout: 2000 } });
  const ids = Array.from({ length: 100 }, (_, id) => id);
  const load = async (missing) => {
    console.log(`asked the source for ${missing.length} products`);
    return new Map(missing.map((id) => [id, { id, name: `Product ${id}` }]));
  };

  await findProducts(cluster, ids, load);
  const again = await findProducts(cluster, ids, load);
  console.log('from the cache:', again.size, again.get(7).name);

  await forgetProducts(cluster, [7, 8, 9]);
  await findProducts(cluster, ids, load);

  process.kill(setup.servers[1].pid, 'SIGKILL');
  const survivors = await findProducts(cluster, ids, load);
  console.log('with half of the hosts gone:', survivors.size);
} finally {
  await setup.close();
}
// #endregion demo
