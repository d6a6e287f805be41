/** Keys that are hashed while they are written: every way to a host is the way to the same host. */

import { describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { RoutingClient } from '../../src/clients/routing-client.js';
import type { HostInfo } from '../../src/hosts.js';
import { Pool, type PoolSettings } from '../../src/pool.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 4, databasesEach: 4 });

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 31, 47, 48, 49, 50, 99, 100, 1000];
const texts = LENGTHS.flatMap((length) => [
  'k'.repeat(length),
  `${'k'.repeat(length)}\u00e9`,
  `\u4e16${'k'.repeat(length)}`,
  `${'k'.repeat(length)}\ud83d\ude00k`,
]);
const keys = [...texts, 7, 123_456_789, Buffer.from([0x80, 0xff, 0, 13, 10]), Buffer.from('bytes')];

/** The value of each key on the host that the router names. */
function valuesOnTheirHosts(cluster: Cluster): Promise<unknown[]> {
  const router = cluster.getRouter();
  return Promise.all(
    keys.map((key) => cluster.getPoolForHost(router.getHostForKey(key)).executeCommand('GET', key)),
  );
}

const count = (cluster: Cluster) =>
  cluster
    .all((c) => c.dbSize())
    .then((sizes) => [...sizes.values()].reduce((sum, size) => sum + size, 0));

describe('plain, typed and raw commands', () => {
  it.each([true, false])('go where getHostForKey says (autoBatch: %s)', async (autoBatch) => {
    const cluster = await file.setup.makeCluster();
    await cluster.all((c) => c.flushDb());
    const client = cluster.getRoutingClient();
    await cluster.map(
      (c) => {
        for (const key of keys) c.set(key as string, 'a');
        for (const key of keys) c.append(key as string, 'b');
        for (const key of keys) c.executeCommand('APPEND', key, 'c');
      },
      { autoBatch },
    );
    for (const key of keys) await client.append(key as string, 'd');
    const expected = keys.map(() => 'abcd');
    expect(await valuesOnTheirHosts(cluster)).toEqual(expected);
    expect(await cluster.map((c) => c.mGet(keys as string[]), { autoBatch })).toEqual(expected);
    expect(await Promise.all(keys.map((key) => client.get(key as string)))).toEqual(expected);
    // And nowhere else.
    expect(await count(cluster)).toBe(keys.length);
    await cluster.all((c) => c.flushDb());
    await cluster.disconnectPools();
  });
});

describe('a command that is issued while another is on its way', () => {
  it('does not take its key', async () => {
    let client: RoutingClient | undefined;
    const inner: Promise<unknown>[] = [];
    /** Its constructor runs when a command needs the host: between its hashing and its writing. */
    class Talking extends Pool {
      constructor(host: HostInfo, settings: PoolSettings) {
        super(host, settings);
        if (client === undefined) return;
        const outer = client;
        client = undefined;
        inner.push(outer.set(`inner:${host.hostId}`, 'i'));
        client = outer;
      }
    }
    const cluster = await file.setup.makeCluster({ pool: Talking });
    client = cluster.getRoutingClient();
    const names = Array.from({ length: 64 }, (_, i) => `outer:${i}`);
    await cluster.map((c) => {
      for (const name of names) c.set(name, name);
    });
    await Promise.all(inner);
    expect(inner.length).toBeGreaterThan(0);
    expect(await cluster.map((c) => c.mGet(names))).toEqual(names);
    await cluster.all((c) => c.flushDb());
    await cluster.disconnectPools();
  });
});
