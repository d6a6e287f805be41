/** The scenarios of the documentation of Python rb, as written there, in the names of this library. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  BaseRouter,
  Cluster,
  ConsistentHashingRouter,
  FanoutClient,
  type Key,
  MappingClient,
  PartitionRouter,
  Pool,
  RbPromise,
  RoutingClient,
  Script,
  UnroutableCommand,
} from '../../src/index.js';
import { makeTestCluster, TestSetup } from '../../src/testing/index.js';
import { failureOf } from '../helpers/failures.js';
import { startServer, type SingleServer } from '../helpers/servers.js';

let servers: SingleServer[];
let cluster: Cluster;
beforeAll(async () => {
  servers = await Promise.all([1, 2, 3, 4].map(() => startServer({ tcp: true })));
  const [a, b, c, d] = servers.map(({ server }) => server.port ?? 0);
  // Chapter 2: 8 nodes on four server processes on the same host. There, the last four are the
  // first four again.
  cluster = new Cluster({
    hosts: {
      0: { port: a },
      1: { port: b },
      2: { port: c },
      3: { port: d },
      4: { port: a, db: 1 },
      5: { port: b, db: 1 },
      6: { port: c, db: 1 },
      7: { port: d, db: 1 },
    },
    hostDefaults: {
      host: '127.0.0.1',
    },
  });
});
afterAll(async () => {
  await cluster.disconnectPools();
  await Promise.all(servers.map((single) => single.close()));
});
afterEach(() => cluster.all((client) => client.flushDb()));

const keysToLookUp = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

describe('2 Configuration', () => {
  it('the default configuration has the PartitionRouter', () => {
    expect(cluster.getRouter()).toBeInstanceOf(PartitionRouter);
    expect([...cluster.hosts.values()].map(({ host }) => host)).toEqual(Array(8).fill('127.0.0.1'));
  });
});

describe('3 Routing', () => {
  it('a routing client routes each command', async () => {
    const client = cluster.getRoutingClient();
    for (const key of keysToLookUp) await client.set(key, `value of ${key}`);
    const results: Record<string, string | null> = {};
    for (const key of keysToLookUp) {
      results[key] = await client.get(key);
    }
    for (const key of keysToLookUp) expect(results[key]).toBe(`value of ${key}`);
    // It can only execute commands that involve exactly one key.
    expect(await failureOf(client.mGet(['a', 'b']))).toBeInstanceOf(UnroutableCommand);
  });

  it('a map stores promises, whose values are there when it ends', async () => {
    await cluster.map((client) =>
      client.mSet(keysToLookUp.map((key): [string, string] => [key, key])),
    );
    const results = await cluster.map((client) => {
      const promises: Record<string, RbPromise<string | null>> = {};
      for (const key of keysToLookUp) {
        promises[key] = client.get(key);
      }
      return promises;
    });
    for (const [key, promise] of Object.entries(results)) {
      expect(`${key}: ${promise.value}`).toBe(`${key}: ${key}`);
    }
  });

  it('all sends to all participating hosts, for instance to empty them', async () => {
    await cluster.map((client) => RbPromise.all(keysToLookUp.map((key) => client.set(key, '1'))));
    await cluster.all((client) => client.flushDb());
    const sizes = await cluster.all((client) => client.dbSize());
    expect([...sizes.values()]).toEqual(Array(8).fill(0));
  });

  it('the value then has the host ids as keys and the results as values', async () => {
    const results = await cluster.all((client) => client.info());
    for (const [hostId, info] of results) {
      const [, os] = /^os:(.*)$/m.exec(info) ?? [];
      expect(`host ${hostId} is running ${os}`).toMatch(/^host \d is running \w+/);
    }
    expect(results.size).toBe(8);
  });

  it('fanout accepts the ids of the hosts to send to', async () => {
    const results = await cluster.fanout((client) => client.ping(), { hosts: [1, 3] });
    expect([...results]).toEqual([
      [1, 'PONG'],
      [3, 'PONG'],
    ]);
  });
});

describe('4.1 Cluster', () => {
  it('addHost, getRouter anew, removeHost', () => {
    const changing = new Cluster({ hosts: { 0: {} } });
    const router = changing.getRouter();
    changing.addHost({ hostId: 1, host: 'localhost', port: 6379, db: 0, ssl: false });
    expect(changing.getRouter()).not.toBe(router);
    expect(changing.removeHost(1)).toBe(true);
    expect(changing.hosts.size).toBe(1);
  });

  it('executeCommands with scripts gives the results of the manual', async () => {
    const TestScript = new Script('return {KEYS, ARGV}');
    const results = await cluster.executeCommands({
      foo: [[TestScript, ['key:1', 'key:2'], [0, 1, 2]]],
      bar: [[TestScript, ['key:3', 'key:4'], [3, 4, 5]]],
    });
    expect(results.foo.map(({ value }) => value)).toEqual([
      [
        ['key:1', 'key:2'],
        ['0', '1', '2'],
      ],
    ]);
    expect(results.bar.map(({ value }) => value)).toEqual([
      [
        ['key:3', 'key:4'],
        ['3', '4', '5'],
      ],
    ]);
  });

  it('executeCommands with plain commands answers a list for each routing key', async () => {
    const results = await cluster.executeCommands({
      foo: [['PING'], ['TIME']],
      bar: [['CLIENT', 'GETNAME']],
    });
    expect(results.foo[0]?.value).toBe('PONG');
    expect(results.foo[1]?.value).toEqual([expect.any(String), expect.any(String)]);
    expect(results.bar.map(({ value }) => value)).toEqual([null]);
  });

  it("fanout of 'all'", async () => {
    await cluster.getRoutingClient().set('k', 'v');
    await cluster.fanout((client) => client.flushDb(), { hosts: 'all' });
    expect(await cluster.getRoutingClient().exists('k')).toBe(0);
  });

  it('getLocalClient and getLocalClientForKey answer results of one host', async () => {
    await cluster.getRoutingClient().set('foo', 'bar');
    const id = cluster.getRouter().getHostForKey('foo');
    expect(await cluster.getLocalClientForKey('foo').get('foo')).toBe('bar');
    expect(await cluster.getLocalClient(id).get('foo')).toBe('bar');
    await cluster.disconnectPools();
  });

  it('getPoolForHost answers the pool that connections are kept in', async () => {
    expect(cluster.getPoolForHost(0)).toBeInstanceOf(Pool);
    await cluster.all((client) => client.ping());
    expect(cluster.getPoolForHost(0).connections).toBe(1);
    await cluster.disconnectPools();
    expect(cluster.getPoolForHost(0).connections).toBe(0);
  });
});

describe('4.2 Clients', () => {
  it('a RoutingClient opens maps, fan-outs, mapping and fan-out clients', async () => {
    const client = new RoutingClient(cluster, { autoBatch: true });
    expect(await client.executeCommand('SET', 'k', 'v')).toBe('OK');
    expect(await client.map((c) => c.get('k'), { timeout: 5000 })).toBe('v');
    expect((await client.fanout((c) => c.ping(), { hosts: [0, 1, 2, 3] })).size).toBe(4);

    const mapping = client.getMappingClient({ maxConcurrency: 64, autoBatch: false });
    expect(mapping).toBeInstanceOf(MappingClient);
    const raw = mapping.executeCommand('GET', 'k');
    const several = mapping.mGet(['k', 'nothing']);
    const set = mapping.mSet({ x: '1', y: '2' });
    await mapping.join({ timeout: 5000 });
    expect([raw.value, several.value, set.value]).toEqual(['v', ['v', null], 'OK']);
    const cancelled = mapping.get('k');
    mapping.cancel();
    expect(cancelled.isRejected).toBe(true);
    await mapping.join();

    const fan = client.getFanoutClient([0, 1], { maxConcurrency: 64 });
    expect(fan).toBeInstanceOf(FanoutClient);
    expect(await fan.executeCommand('PING')).toEqual(
      new Map([
        [0, 'PONG'],
        [1, 'PONG'],
      ]),
    );
  });

  it('a FanoutClient is retargeted for one call, to hosts or to the host of a key', async () => {
    await cluster.fanout(
      async (client) => {
        expect((await client.target([0, 1]).set('foo', '42')).size).toBe(2);
        expect(await client.targetKey('foo').set('foo', '43')).toBe('OK');
        expect(await client.targetKey('foo').get('foo')).toBe('43');
      },
      { hosts: 'all' },
    );
  });
});

describe('4.3 Promise', () => {
  it('is resolved and rejected from outside, and inspected', () => {
    const promise = new RbPromise<number>();
    expect([promise.isPending, promise.isResolved, promise.isRejected]).toEqual([
      true,
      false,
      false,
    ]);
    promise.resolve(5);
    expect([promise.isPending, promise.isResolved, promise.value]).toEqual([false, true, 5]);
    const rejected = new RbPromise<number>();
    const reason = new Error('no');
    rejected.reject(reason);
    expect([rejected.isRejected, rejected.reason]).toEqual([true, reason]);
    expect(RbPromise.resolved(1).value).toBe(1);
    expect(RbPromise.rejected(reason).reason).toBe(reason);
  });

  it('all takes a list or a dictionary; done and then attach callbacks', () => {
    const [one, two] = [new RbPromise<number>(), new RbPromise<number>()];
    const list = RbPromise.all([one, two]);
    const dictionary = RbPromise.all({ one, two });
    const seen: unknown[] = [];
    expect(list.done((values) => seen.push(values))).toBe(list);
    const sum = dictionary.then(({ one, two }) => one + two);
    one.resolve(1);
    expect(list.isPending).toBe(true);
    two.resolve(2);
    expect(list.value).toEqual([1, 2]);
    expect(dictionary.value).toEqual({ one: 1, two: 2 });
    expect(seen).toEqual([[1, 2]]);
    expect(sum.value).toBe(3);
  });
});

describe('4.4 Routers', () => {
  it('a custom router is a subclass of BaseRouter', async () => {
    class FirstLetter extends BaseRouter {
      override getHostForKey(key: Key): number {
        return String(key).charCodeAt(0) % this.cluster.hosts.size;
      }
    }
    const port = servers[0]?.server.port ?? 0;
    const own = new Cluster({
      hosts: { 0: { port }, 1: { port, db: 1 } },
      hostDefaults: { host: '127.0.0.1' },
      router: FirstLetter,
    });
    const router = own.getRouter();
    expect(router.cluster).toBe(own);
    expect(router.getKey('GET', ['b'])).toBe('b');
    expect(router.getHostForKey('b')).toBe(0);
    expect(router.getHostForCommand('GET', ['a'])).toBe(1);
    await own.getRoutingClient().set('a', 'odd');
    expect((await own.all((client) => client.get('a'))).get(1)).toBe('odd');
    await own.disconnectPools();
  });

  it.each([
    ['PartitionRouter', PartitionRouter],
    ['ConsistentHashingRouter', ConsistentHashingRouter],
  ])('%s needs hosts without a gap', (_, router) => {
    expect(
      new Cluster({ hosts: { 0: {}, 1: {} }, router }).getRouter().getHostForKey('k'),
    ).toBeLessThan(2);
    expect(() => new Cluster({ hosts: { 0: {}, 2: {} }, router }).getRouter()).toThrow(/1/);
  });

  it('what cannot be routed to a single host is an UnroutableCommand', async () => {
    const client = cluster.getRoutingClient();
    expect(await failureOf(client.ping())).toBeInstanceOf(UnroutableCommand);
    expect(() => cluster.getRouter().getKey('PING', [])).toThrow(UnroutableCommand);
  });
});

describe('4.5 Testing', () => {
  it('TestSetup spawns servers, and ends them', async () => {
    const setup = new TestSetup({ servers: 2, databasesEach: 2, serverExecutable: 'redis-server' });
    const testCluster = await setup.makeCluster();
    expect(testCluster.hosts.size).toBe(4);
    expect((await testCluster.all((client) => client.ping())).size).toBe(4);
    await setup.close();
  });

  it('makeTestCluster makes a setup, and a cluster from it', async () => {
    const value = await makeTestCluster({ servers: 1, databasesEach: 2 }, async (testCluster) => {
      await testCluster.getRoutingClient().set('k', 'v');
      return testCluster.getRoutingClient().get('k');
    });
    expect(value).toBe('v');
    const disposable = await makeTestCluster({ servers: 1, databasesEach: 1 });
    expect((await disposable.all((client) => client.ping())).size).toBe(1);
    await disposable[Symbol.asyncDispose]();
  });
});
