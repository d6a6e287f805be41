/** A cluster whose router is the ConsistentHashingRouter. */

import { afterEach, describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { BadHostSetup } from '../../src/errors.js';
import { Ketama } from '../../src/hash/ketama.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { connectDirect } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { watchLeaks } from '../helpers/leaks.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
const clusters: Cluster[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools())));

const labels = Array.from({ length: 8 }, (_, id) => `host-${id}`);

function open(options: Partial<ClusterOptions> = {}): Cluster {
  const hosts = labels.map((ringLabel, hostId) => ({
    hostId,
    ringLabel,
    unixSocketPath: file.servers[Math.floor(hostId / 4)]?.socketPath,
    db: hostId % 4,
  }));
  const cluster = new Cluster({ hosts, router: ConsistentHashingRouter, ...options });
  clusters.push(cluster);
  return cluster;
}
const keys = Array.from({ length: 400 }, (_, i) => `key:${i}`);

describe('a cluster with a ConsistentHashingRouter', () => {
  it('writes and reads each key on the host that the ring has for it', async () => {
    const cluster = open();
    const router = cluster.getRouter();
    expect(router).toBeInstanceOf(ConsistentHashingRouter);
    const ring = new Ketama(labels);
    await cluster.map((c) => RbPromise.all(keys.map((key) => c.set(key, key))));
    const groups = cluster.groupByHost(keys);
    expect(groups.size).toBe(8);
    for (const [hostId, group] of groups) {
      for (const key of group) expect(ring.getNode(key)).toBe(labels[hostId]);
      const direct = await connectDirect(file.servers[Math.floor(hostId / 4)]!, {
        database: hostId % 4,
      });
      expect(await direct.mGet(group)).toEqual(group);
      expect(await direct.dbSize()).toBe(group.length);
      direct.destroy();
    }
    expect(await cluster.map((c) => RbPromise.all(keys.map((key) => c.get(key))))).toEqual(keys);
    const client = cluster.getRoutingClient();
    expect(await client.get('key:7')).toBe('key:7');
    expect(await client.executeCommand('STRLEN', 'key:7')).toBe(5);
    expect(await cluster.fanout((c) => c.targetKey('key:7').get('key:7'))).toBe('key:7');
    expect(
      (await cluster.executeCommands({ 'key:7': [['GET', 'key:7']] }))['key:7'][0]?.value,
    ).toBe('key:7');
    expect(await cluster.getLocalClientForKey('key:7').get('key:7')).toBe('key:7');
    await cluster.all((c) => c.flushDb());
  });

  it('moves few keys when a host is added, where a PartitionRouter moves most', () => {
    const moved = (router: typeof ConsistentHashingRouter | typeof PartitionRouter) => {
      const cluster = open({ router });
      const before = keys.map((key) => cluster.getRouter().getHostForKey(key));
      cluster.addHost({ hostId: 8, ringLabel: 'host-8' });
      const after = keys.map((key) => cluster.getRouter().getHostForKey(key));
      return after.filter((id, index) => id !== before[index]).length;
    };
    expect(moved(ConsistentHashingRouter)).toBeLessThan(keys.length / 4);
    expect(moved(PartitionRouter)).toBeGreaterThan(keys.length / 2);
  });

  it('answers ids, offline: nothing connects', async () => {
    const check = watchLeaks();
    const cluster = new Cluster({
      hosts: { 0: { host: 'nowhere.invalid' }, 1: { host: 'nowhere.invalid', port: 1 } },
      router: ConsistentHashingRouter,
    });
    const router = cluster.getRouter();
    const ids = new Set(keys.map((key) => router.getHostForKey(key)));
    expect(ids).toEqual(new Set([0, 1]));
    expect(router.getHostForKey(17)).toBe(router.getHostForKey('17'));
    expect(router.getHostForKey(Buffer.from('17'))).toBe(router.getHostForKey('17'));
    expect(router.getHostForCommand('get', ['17'])).toBe(router.getHostForKey('17'));
    expect(router.getKey('GET', ['17'])).toBe('17');
    expect([...cluster.groupByHost(keys).values()].flat()).toHaveLength(keys.length);
    for (const id of [0, 1]) expect(cluster.getPoolForHost(id).connections).toBe(0);
    await check(0);
  });

  it('needs ids without a gap, and says which one is missing', async () => {
    const cluster = open();
    cluster.removeHost(3);
    expect(() => cluster.getRouter()).toThrow(BadHostSetup);
    expect(() => cluster.getRouter()).toThrow(/3/);
    expect(await failureOf(cluster.getRoutingClient().get('k'))).toBeInstanceOf(BadHostSetup);
    // A fan-out needs no router.
    expect((await cluster.all((c) => c.ping())).size).toBe(7);
  });

  it('builds the ring of 256 hosts once, and looks keys up in it', () => {
    const cluster = new Cluster({
      hosts: Array.from({ length: 256 }, (_, hostId) => ({ hostId, port: 6379 + (hostId % 4) })),
      router: ConsistentHashingRouter,
    });
    const router = cluster.getRouter();
    expect(cluster.getRouter()).toBe(router);
    const used = new Set(
      Array.from({ length: 20_000 }, (_, i) => router.getHostForKey(`many${i}`)),
    );
    expect(Math.max(...used)).toBeLessThan(256);
  });
});
