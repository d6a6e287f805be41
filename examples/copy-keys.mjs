/**
 * Copies all keys of a cluster to one with other hosts: each host is scanned, and each key goes, as
 * it is and with its time to live, to the host that the other cluster's router names.
 */
import { RESP_TYPES } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** Copies `source` to `target`, all hosts at once, and answers how many keys it wrote. */
async function copyKeys(source, target) {
  const counts = await Promise.all(
    [...source.hosts.keys()].map((hostId) => copyHost(source.getLocalClient(hostId), target)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A local client finds keys also where the router would not look for them. */
async function copyHost(local, target) {
  const host = local.withTypeMapping(BYTES);
  let copied = 0;
  for await (const keys of host.scanIterator({ COUNT: 500 })) {
    const values = await Promise.all(
      keys.map((key) => Promise.all([key, host.dump(key), host.pTTL(key)])),
    );
    // What has expired or was deleted meanwhile has no value, or a time of -2.
    const present = values.filter(([, value, ttl]) => value !== null && ttl !== -2);
    await target.map((client) => {
      for (const [key, value, ttl] of present) {
        // RESTORE takes 0 for a key that never expires, where PTTL says -1.
        client.restore(key, ttl === -1 ? 0 : Math.max(ttl, 1), value, { REPLACE: true });
      }
    });
    copied += present.length;
  }
  return copied;
}

await makeTestCluster({ servers: 1, databasesEach: 4 }, async (source) => {
  await makeTestCluster({ servers: 2, databasesEach: 3 }, async (target) => {
    await source.map((client) => {
      for (let id = 0; id < 5000; id++) client.set(`user:${id}`, `name ${id}`);
      client.hSet('hash', { field: 'value' });
      client.set('session', 'x', { expiration: { type: 'EX', value: 600 } });
      client.set(Buffer.from([0xff, 0x00]), Buffer.from([0x00, 0xff]));
    });
    console.log(`from ${source.hosts.size} hosts to ${target.hosts.size}`);
    console.log('copied:', await copyKeys(source, target));

    const client = target.getRoutingClient();
    console.log(await client.get('user:1999'), await client.hGet('hash', 'field'));
    console.log('expires in minutes:', Math.ceil((await client.ttl('session')) / 60));
    const bytes = client.withTypeMapping(BYTES);
    console.log('bytes:', await bytes.get(Buffer.from([0xff, 0x00])));
    const sizes = await target.all((each) => each.dbSize());
    console.log('on each host:', [...sizes.values()].join(' '));
  });
});
