/** Lets a cluster be disposed of by the language. */
import { Cluster } from 'redis-blaster';

const [unixSocketPath] = process.argv.slice(2);
let pool;
{
  await using cluster = new Cluster({ hosts: { 0: { unixSocketPath } } });
  const client = cluster.getRoutingClient();
  await client.set('disposed', 'value');
  console.log(await client.get('disposed'));
  pool = cluster.getPoolForHost(0);
}
console.log(pool.connections === 0 ? 'disposed' : 'still connected');
