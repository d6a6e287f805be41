/** Bytes: keys and values that are no text, and replies as Buffers. */
import { RESP_TYPES } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

await makeTestCluster({ servers: 2, databasesEach: 2 }, async (cluster) => {
  const client = cluster.getRoutingClient();
  const key = Buffer.from([0xff, 0x00, 0x01]);
  const value = Buffer.from([0xde, 0xad, 0xbe, 0xef]);
  await client.set(key, value);
  await client.set('greeting', 'grüß dich');

  // A client of the same connections, whose replies have other types.
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  console.log('value:', await bytes.get(key));
  console.log('greeting as text:', await client.get('greeting'));
  console.log('greeting as bytes:', (await bytes.get('greeting')).length);

  // In a map too, for some of the commands.
  const [text, raw] = await cluster.map((map) => [
    map.get('greeting'),
    map.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(key),
  ]);
  console.log('mapped:', text.value, raw.value);

  // Other types can be mapped as well: a hash as a Map, numbers as text.
  await client.hSet('user', { name: 'Ada', born: '1815' });
  const maps = client.withTypeMapping({ [RESP_TYPES.MAP]: Map, [RESP_TYPES.NUMBER]: String });
  console.log('hash:', await maps.hGetAll('user'));
  console.log('number:', await maps.strLen('greeting'));
});
