/** Uses every kind of connection, disconnects, and has nothing that keeps it from ending. */
import { Cluster } from 'redis-blaster';

const [unixSocketPath] = process.argv.slice(2);
const cluster = new Cluster({ hosts: { 0: { unixSocketPath } } });
await cluster.getRoutingClient().set('key', 'value');
await cluster.map((client) => client.get('key'));
const timeout = AbortSignal.timeout(60_000);
await cluster.all((client) => client.ping(), { timeout: 60_000, signal: timeout });
const local = cluster.getLocalClient(0);
await local.ping();
await local.duplicate().ping();
// What still waits is rejected, and keeps nothing alive either.
const waiting = cluster.getRoutingClient().blPop('never', 0);
waiting.catch(() => {});
await cluster.getRoutingClient().get('key');
await cluster.disconnectPools();
await waiting.then(
  () => console.log('a reply from nowhere'),
  () => console.log('disconnected'),
);
