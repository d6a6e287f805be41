/** Local clients: those of `@redis/client`. */
import assert from 'node:assert/strict';
import { withCluster } from '../tools.mjs';

export const localClients = {
  'MULTI on a local client': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const local = cluster.getLocalClientForKey('stock');
      const replies = await local.multi().set('stock', '10').decrBy('stock', 3).exec();
      assert.deepEqual(replies, ['OK', 7]);
      assert.equal(await cluster.getRoutingClient().get('stock'), '7');
    }),

  'WATCH on a duplicate': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const own = cluster.getLocalClientForKey('watched').duplicate();
      await own.watch('watched');
      await cluster.getRoutingClient().set('watched', 'by another');
      await assert.rejects(own.multi().set('watched', 'mine').exec(), { name: 'Error' });
      own.destroy();
    }),

  'Pub/Sub on a duplicate': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const local = cluster.getLocalClient(0);
      const subscriber = local.duplicate();
      const message = new Promise((resolve, reject) => {
        subscriber
          .subscribe('news', resolve)
          .then(() => local.publish('news', 'hello'))
          .catch(reject);
      });
      assert.equal(await message, 'hello');
    }),

  'an iterator over keys': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      await cluster.getRoutingClient().set('scanned:1', 'x');
      const found = [];
      for (const hostId of cluster.hosts.keys()) {
        const iterator = cluster.getLocalClient(hostId).scanIterator({ MATCH: 'scanned:*' });
        for await (const keys of iterator) found.push(...keys);
      }
      assert.deepEqual(found, ['scanned:1']);
    }),
};
