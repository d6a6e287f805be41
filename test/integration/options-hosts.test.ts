/** Hosts that come and go, and connections that begin and end. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { BadHostSetup, ConnectionError } from '../../src/errors.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { watchLeaks } from '../helpers/leaks.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster({ poolOptions: { clientName: 'mine' } });
});

describe('the router', () => {
  it('is made once, and anew after the hosts changed', async () => {
    const changing = await file.setup.makeCluster();
    const router = changing.getRouter();
    expect(changing.getRouter()).toBe(router);
    changing.addHost({ hostId: 8 });
    const wider = changing.getRouter();
    expect(wider).not.toBe(router);
    expect(changing.getRouter()).toBe(wider);
    expect(changing.removeHost(8)).toBe(true);
    const narrower = changing.getRouter();
    expect(narrower).not.toBe(wider);
    expect(changing.removeHost(8)).toBe(false);
    expect(changing.getRouter()).toBe(narrower);
  });

  it('groups keys by host, in their order, without a connection', async () => {
    const offline = await file.setup.makeCluster();
    const keys = ['b', 'a', Buffer.from([0, 255]), 17, 5n, 'a', ''];
    const groups = offline.groupByHost(keys);
    const router = offline.getRouter();
    for (const [hostId, group] of groups) {
      expect(group).toEqual(keys.filter((key) => router.getHostForKey(key) === hostId));
    }
    expect([...groups.values()].flat()).toHaveLength(keys.length);
    expect(offline.groupByHost([])).toEqual(new Map());
    expect(() => offline.groupByHost([true as unknown as string])).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' }),
    );
    expect(offline.getPoolForHost(0).connections).toBe(0);
  });
});

describe('hosts', () => {
  it('are listed by id with the names of their config', () => {
    expect([...cluster.hosts.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(cluster.hosts.get(5)).toMatchObject({
      hostId: 5,
      unixSocketPath: file.servers[1]?.socketPath,
      db: 1,
      ssl: false,
    });
  });

  it('are refused when their id is taken or their config is bad', () => {
    expect(() => cluster.addHost({ hostId: 3 })).toThrow(BadHostSetup);
    expect(() => cluster.addHost({ hostId: 3 })).toThrow(/id 3/);
    expect(() => cluster.addHost({ hostId: 8, port: 0 })).toThrow(/host 8: port/);
    expect(() => cluster.addHost({ hostId: 8, prot: 1 } as never)).toThrow(/'prot'/);
    expect(() => cluster.addHost({} as never)).toThrow(/hostId/);
    expect(cluster.hosts.size).toBe(8);
  });

  it('each have one pool; an unknown id says which there are', () => {
    const pool = cluster.getPoolForHost(2);
    expect(pool.host).toBe(cluster.hosts.get(2));
    expect(cluster.getPoolForHost(2)).toBe(pool);
    expect(() => cluster.getPoolForHost(8)).toThrow(BadHostSetup);
    expect(() => cluster.getPoolForHost(8)).toThrow(/id 8; the ids are 0, 1/);
    expect(() => cluster.getPoolForHost('0' as never)).toThrow(BadHostSetup);
  });

  it('that come and go in a running map count from its next command on', async () => {
    const changing = await file.setup.makeCluster();
    const moved = ['moved0', 'moved1', 'moved2', 'moved3', 'moved4', 'moved5', 'moved6'].filter(
      (key) => changing.getRouter().getHostForKey(key) === 7,
    );
    const key = moved[0] ?? keyOn(changing, 7, 'moved');
    await changing.map(async (client) => {
      await client.set(key, 'before');
      changing.removeHost(7);
      const host = changing.getRouter().getHostForKey(key);
      await client.set(key, 'after');
      const direct = await connectDirect(file.servers[Math.floor(host / 4)]!, {
        database: host % 4,
      });
      expect(await direct.get(key)).toBe('after');
      await direct.del(key);
      direct.destroy();
      changing.addHost({ hostId: 7, unixSocketPath: file.servers[1]?.socketPath, db: 3 });
      expect(await client.get(key)).toBe('before');
      await client.del(key);
    });
  });
});

describe('connections', () => {
  let direct: DirectClient;
  beforeAll(async () => {
    direct = await connectDirect(file.servers[0]!);
  });
  afterAll(() => direct.destroy());

  const accepted = async () =>
    Number(/total_connections_received:(\d+)/.exec(await direct.info('stats'))?.[1]);
  const blocked = async () =>
    Number(/blocked_clients:(\d+)/.exec(await direct.info('clients'))?.[1]);
  const named = async () =>
    (await direct.clientList()).filter(({ name }) => name === 'mine').length;

  it('are not made before the first command', async () => {
    const idle = await file.setup.makeCluster();
    const before = await accepted();
    idle.getRouter();
    idle.getPoolForHost(0);
    idle.groupByHost(['a', 'b']);
    const client = idle.getRoutingClient();
    client.withTypeMapping({});
    const mapping = client.getMappingClient();
    await mapping.join();
    await idle.map(() => 1);
    await client.map((c) => c.ping().catch(() => 0));
    await client.mGet(['a', 'b']).catch(() => 0);
    await idle.disconnectPools();
    expect(await accepted()).toBe(before);
    await client.get(keyOn(idle, 0));
    expect(await accepted()).toBe(before + 1);
    await idle.disconnectPools();
  });

  it('end at once with what has no answer, and begin again', async () => {
    const client = cluster.getRoutingClient();
    const [list = '', counter = ''] = keysOn(cluster, 1, 2);
    await client.set(counter, '1');
    expect(await named()).toBe(1);
    const pool = cluster.getPoolForHost(1);
    const sent = failureOf(client.blPop(list, 0));
    await condition(async () => (await blocked()) === 1);
    const unsent = failureOf(client.incr(counter));
    const mapped = failureOf(cluster.map((c) => c.incr(counter)));
    await cluster.disconnectPools();
    expect(pool.connections).toBe(0);
    expect(pool.pending).toBe(0);
    expect(await sent).toBeInstanceOf(ConnectionError);
    expect(await sent).toMatchObject({ hostId: 1, command: 'BLPOP', maybeExecuted: true });
    for (const error of [await unsent, await mapped]) {
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ hostId: 1, command: 'INCR', maybeExecuted: false });
    }
    await condition(async () => (await named()) === 0);
    expect(await client.get(counter)).toBe('1');
    expect(await named()).toBe(1);
    await client.del(counter);
    await cluster.disconnectPools();
  });

  it('keep no process alive once the cluster is disconnected', async () => {
    const check = watchLeaks();
    const used = await file.setup.makeCluster({
      poolOptions: { commandTimeout: 60_000, keepAlive: 1000 },
    });
    await used.map(
      (c) => {
        for (let i = 0; i < 100; i++) c.get(`k${i}`);
      },
      { timeout: 60_000 },
    );
    await used.getRoutingClient().blPop('nothing', 0.01);
    await used.disconnectPools();
    await check();
    await used.disconnectPools();
  });

  it('of a host that is removed end, and only those', async () => {
    const changing = await file.setup.makeCluster();
    const client = changing.getRoutingClient();
    await Promise.all([client.get(keyOn(changing, 7)), client.get(keyOn(changing, 6))]);
    const [removed, kept] = [changing.getPoolForHost(7), changing.getPoolForHost(6)];
    expect(removed.connections).toBe(1);
    changing.removeHost(7);
    expect(removed.connections).toBe(0);
    expect(kept.connections).toBe(1);
    expect(() => changing.getPoolForHost(7)).toThrow(BadHostSetup);
    await changing.disconnectPools();
  });

  it('of a removed host reject what was sent, held and buffered', async () => {
    const changing = await file.setup.makeCluster();
    const key = keyOn(changing, 3);
    const other = keyOn(changing, 0);
    const error = await failureOf(
      changing.map(
        async (c) => {
          const sent = c.blPop(key, 0);
          await condition(async () => (await blocked()) === 1);
          const buffered = c.get(key);
          changing.removeHost(3);
          changing.addHost({ hostId: 3, unixSocketPath: file.servers[0]?.socketPath, db: 3 });
          expect(sent.reason).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
          expect(buffered.reason).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
          expect(await c.exists(other)).toBeTypeOf('number');
        },
        { autoBatch: false },
      ),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 3 });
    expect(error['errors']).toHaveLength(2);
    await changing.disconnectPools();
  });
});
