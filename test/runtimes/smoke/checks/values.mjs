/** Values as they go over the wire: long ones, many of them, bytes, nested replies. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { RbPromise, RESP_TYPES } from 'redis-blaster';
import { withCluster } from '../tools.mjs';

const MEGABYTE = 1024 ** 2;
const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** Bytes that are no UTF-8, and differ at every place. */
function bytesOf(length) {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}

export const values = {
  'strings and Buffers of 1 MB': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const client = cluster.getRoutingClient();
      const text = 'a\u00e4\u20ac\u{1f600}'.repeat(MEGABYTE / 10);
      const bytes = bytesOf(MEGABYTE);
      const asBytes = client.withTypeMapping(BYTES);
      for (let round = 0; round < 5; round++) {
        const replies = await Promise.all([
          client.set('text', text),
          client.set('bytes', bytes),
          client.get('text'),
          asBytes.get('bytes'),
          asBytes.get('text'),
          client.strLen('bytes'),
        ]);
        assert.ok(replies[2] === text, 'another text');
        assert.ok(bytes.equals(replies[3]), 'other bytes');
        assert.ok(Buffer.from(text).equals(replies[4]), 'other bytes of the text');
        assert.equal(replies[5], bytes.length);
      }
    }),

  'many replies of all lengths': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const keys = Array.from({ length: 20_000 }, (_, index) => `reply:${index}`);
      const valueOf = (index) => `${index}:${'z\u00f8'.repeat(index % 150)}`;
      await cluster.map((client) => {
        for (const [index, key] of keys.entries()) client.set(key, valueOf(index));
      });
      for (const autoBatch of [true, false]) {
        const found = await cluster.map(
          (client) => RbPromise.all(keys.map((key) => client.get(key))),
          { autoBatch },
        );
        const wrong = found.findIndex((value, index) => value !== valueOf(index));
        assert.equal(wrong, -1, `autoBatch ${autoBatch}: ${keys[wrong]} is ${found[wrong]}`);
      }
    }),

  'nested replies and types': (setup) =>
    withCluster(setup, {}, async (cluster) => {
      const client = cluster.getRoutingClient();
      const fields = Object.fromEntries(
        Array.from({ length: 2000 }, (_, index) => [`field ${index}`, `value ${index}`]),
      );
      const items = Array.from({ length: 10_000 }, (_, index) => `item ${index}`);
      await client.del(['a hash']);
      await client.del(['items']);
      await client.hSet('a hash', fields);
      await client.rPush('items', items);
      await client.zAdd('sorted', { score: 1.5, value: 'one and a half' });
      const [hash, list, sorted, nested] = await Promise.all([
        client.hGetAll('a hash'),
        client.lRange('items', 0, -1),
        client.zRangeWithScores('sorted', 0, -1),
        client.eval("return { 1, { 'two', { 3, false } } }", { keys: ['x'] }),
      ]);
      assert.deepEqual({ ...hash }, fields);
      assert.deepEqual(list, items);
      assert.deepEqual(
        sorted.map((member) => ({ ...member })),
        [{ score: 1.5, value: 'one and a half' }],
      );
      assert.deepEqual(nested, [1, ['two', [3, null]]]);
    }),
};
