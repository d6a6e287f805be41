/** Prints, in every way that there is, what knows of a password that a server refuses. */
import { inspect } from 'node:util';
import { Cluster } from 'redis-blaster';

const [unixSocketPath, password] = process.argv.slice(2);
const cluster = new Cluster({ hosts: { 0: { unixSocketPath, password } } });
const error = await cluster
  .getRoutingClient()
  .get('key')
  .catch((reason) => reason);
const local = cluster.getLocalClient(0);
const refusal = await local.ping().catch((reason) => reason);
const objects = { cluster, hosts: cluster.hosts, pool: cluster.getPoolForHost(0), error, refusal };
for (const object of [objects, ...Object.values(objects), ...cluster.hosts.values()]) {
  console.log(object);
  console.log(inspect(object, { depth: 20 }));
  console.log(String(object), object.stack, object.message);
}
console.log(JSON.stringify([...cluster.hosts.values()]));
await cluster.disconnectPools();
