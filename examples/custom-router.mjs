/** A router of your own: all keys of a tenant live on one host. */
import { PartitionRouter } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

/** Routes by what stands in front of the first colon; some tenants have a host of their own. */
class TenantRouter extends PartitionRouter {
  #pinned;

  constructor(cluster, { pinned = {} } = {}) {
    super(cluster);
    this.#pinned = new Map(Object.entries(pinned));
  }

  getHostForKey(key) {
    const text = key instanceof Uint8Array ? Buffer.from(key).toString() : String(key);
    const [tenant] = text.split(':', 1);
    return this.#pinned.get(tenant) ?? super.getHostForKey(tenant);
  }
}

const options = {
  servers: 2,
  databasesEach: 2,
  cluster: { router: TenantRouter, routerOptions: { pinned: { bigco: 3 } } },
};

await makeTestCluster(options, async (cluster) => {
  const router = cluster.getRouter();
  for (const key of ['acme:users', 'acme:orders', 'bigco:users', 'bigco:orders']) {
    console.log(`${key} lives on host ${router.getHostForKey(key)}`);
  }

  const client = cluster.getRoutingClient();
  await client.sAdd('acme:users', ['ada', 'bob']);
  await client.sAdd('acme:admins', ['ada', 'eve']);

  // The keys of a tenant share a host, so commands over several of them can run there.
  const admins = await cluster.fanout((fanout) =>
    fanout.targetKey('acme:').sInter(['acme:users', 'acme:admins']),
  );
  console.log('users that are admins:', admins);
});
