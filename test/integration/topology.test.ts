/** The parts of a cluster that others work with: pools, the router, groups of keys, what is used again. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { BadHostSetup } from '../../src/errors.js';
import { Pool } from '../../src/pool.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { BaseRouter } from '../../src/routers/router.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers();
let cluster: Cluster;
beforeEach(async () => {
  cluster = await file.setup.makeCluster();
});
afterEach(() => cluster.disconnectPools());

describe('getPoolForHost', () => {
  it('answers the pool with its host, its connections and what is pending', async () => {
    const pool = cluster.getPoolForHost(5);
    expect(pool).toBeInstanceOf(Pool);
    expect(pool.host).toBe(cluster.hosts.get(5));
    expect([pool.connections, pool.pending]).toEqual([0, 0]);
    const blocked = pool.executeCommand('BLPOP', 'list', 0);
    await condition(() => pool.pending === 1);
    expect(pool.connections).toBe(1);
    await cluster.fanout((c) => c.rPush('list', 'x'), { hosts: [5] });
    expect(await blocked).toEqual(['list', 'x']);
    expect(pool.pending).toBe(0);
    expect(pool.connections).toBe(2);
  });

  it('has executeCommand: raw, to this host, whatever the keys are', async () => {
    const pool = cluster.getPoolForHost(3);
    const key = keyOn(cluster, 0);
    expect(await pool.executeCommand('SET', key, 1)).toBe('OK');
    expect(await pool.executeCommand('mget', key, 'other')).toEqual(['1', null]);
    expect(await pool.executeCommand('PING')).toBe('PONG');
    expect(await pool.executeCommand('HSET', 'h', 'f', Buffer.from('v'))).toBe(1);
    expect(await pool.executeCommand('HGETALL', 'h')).toEqual({ f: 'v' });
    expect(await cluster.getRoutingClient().exists(key)).toBe(0);
    expect(await pool.executeCommand('DEL', key, 'h')).toBe(2);
    expect(await failureOf(pool.executeCommand('GET'))).toMatchObject({
      code: 'RB_REPLY',
      command: 'GET',
      hostId: 3,
    });
    expect(await failureOf(pool.executeCommand('SELECT', 1))).toMatchObject({
      code: 'RB_UNROUTABLE',
    });
    expect(await failureOf(pool.executeCommand('SET', key, {} as never))).toMatchObject({
      name: 'TypeError',
    });
  });

  it('has disconnect, which ends its connections alone and can be used after it', async () => {
    const [one, other] = [cluster.getPoolForHost(0), cluster.getPoolForHost(1)];
    await Promise.all([one.executeCommand('PING'), other.executeCommand('PING')]);
    const blocked = failureOf(one.executeCommand('BLPOP', 'nothing', 0));
    await condition(async () =>
      String(await other.executeCommand('INFO', 'clients')).includes('blocked_clients:1'),
    );
    await one.disconnect();
    expect(await blocked).toMatchObject({ code: 'RB_CONNECTION', hostId: 0, maybeExecuted: true });
    expect([one.connections, one.pending, other.connections]).toEqual([0, 0, 1]);
    expect(await one.executeCommand('PING')).toBe('PONG');
    expect(cluster.getPoolForHost(0)).toBe(one);
  });

  it.each<[string, unknown[]]>([
    ['a command that a shared connection cannot carry', ['MULTI']],
    ['a wrong argument', ['SET', 'a', true]],
    ['an empty name', ['']],
  ])('says of %s which host it was for', async (_, [name, ...args]) => {
    const pool = cluster.getPoolForHost(3);
    expect(await failureOf(pool.executeCommand(name as string, ...(args as [])))).toMatchObject({
      hostId: 3,
      address: pool.host.address,
      maybeExecuted: false,
    });
    expect(pool.connections).toBe(0);
  });

  it('of a host that was removed rejects what it is asked', async () => {
    const pool = cluster.getPoolForHost(7);
    cluster.removeHost(7);
    expect(await failureOf(pool.executeCommand('PING'))).toBeInstanceOf(BadHostSetup);
    // Nor does it send to another host that has the id now.
    cluster.addHost({ hostId: 7, unixSocketPath: file.servers[0]!.socketPath });
    const failure = await failureOf(pool.executeCommand('PING'));
    expect(failure).toBeInstanceOf(BadHostSetup);
    const where = { hostId: 7, address: pool.host.address };
    expect(failure).toMatchObject({ ...where, command: 'PING', maybeExecuted: false });
    expect(await failureOf(pool.executeCommand('set key secret'))).toMatchObject({
      command: '"set…"',
    });
    expect(await cluster.getPoolForHost(7).executeCommand('PING')).toBe('PONG');
    expect(pool.connections).toBe(0);
  });
});

describe('groupByHost', () => {
  it.each([5, null, 'key', Buffer.from('key')])('refuses %o, which is no list', (keys) => {
    expect(() => cluster.groupByHost(keys as unknown as string[])).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' }),
    );
  });

  it('is a Map of host id to its keys, in order, and needs no connection', () => {
    const keys = ['a', 'b', 'c', 17, 5n, Buffer.from([0, 255]), 'a'];
    const groups = cluster.groupByHost(keys.values());
    const router = cluster.getRouter();
    expect(groups).toBeInstanceOf(Map);
    expect([...groups.values()].flat()).toHaveLength(keys.length);
    for (const [hostId, group] of groups) {
      expect(group).toEqual(keys.filter((key) => router.getHostForKey(key) === hostId));
    }
    for (const id of cluster.hosts.keys()) {
      expect(cluster.getPoolForHost(id).connections).toBe(0);
    }
  });

  it('refuses a host that there is not, as commands do', async () => {
    class Elsewhere extends BaseRouter {
      override getHostForKey(): number {
        return 99;
      }
    }
    const astray = new Cluster({ hosts: { 0: {} }, router: Elsewhere });
    const problem = { code: 'RB_BAD_HOST_SETUP', message: expect.stringContaining('99') as string };
    expect(() => astray.groupByHost(['a'])).toThrow(expect.objectContaining(problem));
    expect(await failureOf(astray.getRoutingClient().get('a'))).toMatchObject(problem);
  });

  it('is the way to one MGET for each host', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `grouped${i}`);
    await cluster.map((c) => c.mSet(keys.map((key): [string, string] => [key, key])));
    const values = await cluster.fanout((c) =>
      RbPromise.all(
        new Map(
          [...cluster.groupByHost(keys)].map(([id, group]) => [
            id,
            c.targetKey(group[0]!).mGet(group),
          ]),
        ),
      ),
    );
    for (const [id, group] of cluster.groupByHost(keys)) expect(values.get(id)).toEqual(group);
    await cluster.map((c) => RbPromise.all(keys.map((key) => c.del(key))));
  });
});

describe('disconnectPools', () => {
  it('ends everything; whatever is used afterwards works', async () => {
    const client = cluster.getRoutingClient();
    const mapping = client.getMappingClient();
    const fan = client.getFanoutClient('all');
    const use = async () => {
      expect(await client.exists('k')).toBe(0);
      const mapped = mapping.exists('k');
      await mapping.join();
      expect(mapped.value).toBe(0);
      expect((await fan.ping()).size).toBe(8);
      expect((await cluster.executeCommands({ k: [['PING']] })).k[0]?.value).toBe('PONG');
      expect(await cluster.getLocalClient(0).ping()).toBe('PONG');
    };
    await use();
    for (let i = 0; i < 2; i++) {
      await cluster.disconnectPools();
      for (const id of cluster.hosts.keys()) {
        expect(cluster.getPoolForHost(id).connections).toBe(0);
      }
      await use();
    }
  });

  it('may be called twice, and before anything was used', async () => {
    await Promise.all([cluster.disconnectPools(), cluster.disconnectPools()]);
    await cluster.all((c) => c.ping());
    await Promise.all([cluster.disconnectPools(), cluster.disconnectPools()]);
  });
});

describe('asyncDispose', () => {
  it('waits for what was sent, refuses what comes meanwhile, then disconnects', async () => {
    const client = cluster.getRoutingClient();
    const counted = client.incr('n');
    const closing = cluster[Symbol.asyncDispose]();
    expect(await failureOf(client.incr('n'))).toMatchObject({ code: 'RB_CLOSED' });
    expect(await failureOf(cluster.all((c) => c.ping()))).toMatchObject({ code: 'RB_CLOSED' });
    expect(await failureOf(cluster.executeCommands({ k: [['PING']] }))).toMatchObject({
      code: 'RB_CLOSED',
    });
    expect(await counted).toBe(1);
    await closing;
    for (const id of cluster.hosts.keys()) {
      expect(cluster.getPoolForHost(id).connections).toBe(0);
    }
    expect(await client.del('n')).toBe(1);
  });

  it('lets a client cancel what it has outstanding while the cluster closes', async () => {
    const key = keyOn(cluster, 0);
    const pool = cluster.getPoolForHost(0);
    const mapping = cluster.getRoutingClient().getMappingClient();
    await mapping.exists(key);
    const closing = await whileStopped(file.servers, async () => {
      const sent = mapping.exists(key);
      await condition(() => pool.pending === 1);
      const end = cluster[Symbol.asyncDispose]();
      expect(await failureOf(mapping.exists(key))).toMatchObject({ code: 'RB_CLOSED' });
      mapping.cancel();
      expect(sent.reason).toMatchObject({ code: 'RB_CANCELLED', maybeExecuted: true });
      return [end];
    });
    await Promise.all(closing);
    expect(pool.connections).toBe(0);
  });

  it('waits for no command that blocks', async () => {
    const patient = await file.setup.makeCluster({ poolOptions: { connectTimeout: 3_600_000 } });
    const key = keyOn(patient, 0, 'list');
    const client = patient.getRoutingClient();
    const popped = failureOf(client.blPop(key, 0));
    await condition(async () =>
      String(await patient.getPoolForHost(0).executeCommand('INFO', 'clients')).includes(
        'blocked_clients:1',
      ),
    );
    await patient[Symbol.asyncDispose]();
    expect(await popped).toMatchObject({
      code: 'RB_CONNECTION',
      message: 'The cluster was disposed of',
      maybeExecuted: true,
    });
  });

  it('keeps refusing the clients that were open before, so that nothing connects again', async () => {
    const mapping = cluster.getRoutingClient().getMappingClient();
    await mapping.get('k');
    let goOn!: () => void;
    const paused = new Promise<void>((resolve) => (goOn = resolve));
    const map = cluster.map(async (c) => {
      await c.get('k');
      await paused;
      await c.get('k');
    });
    await cluster[Symbol.asyncDispose]();
    goOn();
    expect(await failureOf(map)).toMatchObject({ code: 'RB_CLOSED', command: 'GET' });
    expect(await failureOf(mapping.get('k'))).toMatchObject({ code: 'RB_CLOSED' });
    for (const { connections } of cluster.health().values()) expect(connections).toBe(0);
    expect(await cluster.map((c) => c.get('k'))).toBeNull();
  });
});
