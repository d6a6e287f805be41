/** Local clients: clients of `@redis/client` for one host, which the cluster opens and closes. */

import { once } from 'node:events';

import { createClient, RESP_TYPES } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { BadHostSetup } from '../../src/errors.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn } from '../helpers/keys.js';
import { watchLeaks } from '../helpers/leaks.js';
import { condition, startServer, useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  direct = await connectDirect(file.servers[0]!);
});
beforeEach(async () => {
  cluster = await file.setup.makeCluster({ poolOptions: { clientName: 'local' } });
});
afterEach(async () => {
  await cluster.disconnectPools();
  await direct.flushAll();
});
afterAll(() => direct.destroy());

const named = async () => (await direct.clientList()).filter(({ name }) => name === 'local').length;

describe('getLocalClient', () => {
  it('answers the one client of the host, already connecting', async () => {
    const client = cluster.getLocalClient(2);
    expect(client.isOpen).toBe(true);
    expect(cluster.getLocalClient(2)).toBe(client);
    expect(cluster.getLocalClient(3)).not.toBe(client);
    // No command is needed to connect.
    await condition(() => client.isReady);
    expect(await client.set('k', 'v')).toBe('OK');
    expect(await cluster.getPoolForHost(2).executeCommand('GET', 'k')).toBe('v');
    expect(await cluster.getPoolForHost(3).executeCommand('EXISTS', 'k')).toBe(0);
  });

  it('for a key answers that of the host of the key', async () => {
    const key = keyOn(cluster, 6);
    expect(cluster.getLocalClientForKey(key)).toBe(cluster.getLocalClient(6));
    await cluster.getRoutingClient().set(key, 'there');
    expect(await cluster.getLocalClientForKey(key).get(key)).toBe('there');
    await cluster.getRoutingClient().del(key);
    expect(() => cluster.getLocalClientForKey(true as never)).toThrow(TypeError);
  });

  it('of an unknown id throws a BadHostSetup that names it', () => {
    expect(() => cluster.getLocalClient(8)).toThrow(BadHostSetup);
    expect(() => cluster.getLocalClient(8)).toThrow(/id 8/);
  });

  it('is a connection beside those of the pool', async () => {
    await cluster.getLocalClient(0).ping();
    expect(cluster.getPoolForHost(0).connections).toBe(0);
    expect(await named()).toBe(1);
  });

  it('answers a new client after the user has closed the last one', async () => {
    const client = cluster.getLocalClient(0);
    await client.ping();
    await client.close();
    const next = cluster.getLocalClient(0);
    expect(next).not.toBe(client);
    expect(await next.ping()).toBe('PONG');
  });
});

describe('a local client', () => {
  it('has MULTI, as a transaction of one host', async () => {
    const client = cluster.getLocalClient(1);
    const replies = await client.multi().set('a', '1').incr('a').get('a').exec();
    expect(replies).toEqual(['OK', 2, '2']);
  });

  it('has WATCH, on a client of its own', async () => {
    const own = cluster.getLocalClient(0).duplicate();
    await own.watch('w');
    await cluster.getLocalClient(0).set('w', 'changed');
    const { WatchError } = await import('@redis/client');
    await expect(own.multi().get('w').exec()).rejects.toThrow(WatchError);
    await own.watch('w');
    expect(await own.multi().get('w').exec()).toEqual(['changed']);
  });

  it('has Pub/Sub', async () => {
    const subscriber = cluster.getLocalClient(0).duplicate();
    const messages: string[] = [];
    await subscriber.subscribe('news', (message) => messages.push(message));
    await subscriber.pSubscribe('n*', (message, channel) => messages.push(`${channel}:${message}`));
    expect(await cluster.getLocalClient(0).publish('news', 'hello')).toBe(2);
    await condition(() => messages.length === 2);
    expect(messages.sort()).toEqual(['hello', 'news:hello']);
    await subscriber.unsubscribe('news');
  });

  it('has blocking commands, which take their time', async () => {
    const blocked = cluster.getLocalClient(0).duplicate().blPop('list', 0);
    await condition(async () => /blocked_clients:1/.test(await direct.info('clients')));
    await cluster.getLocalClient(0).rPush('list', 'x');
    expect(await blocked).toEqual({ key: 'list', element: 'x' });
  });

  it('has scan iterators', async () => {
    const client = cluster.getLocalClient(3);
    const keys = Array.from({ length: 100 }, (_, i) => `s${i}`);
    await Promise.all(keys.map((key) => client.set(key, '1')));
    const found = new Set<string>();
    for await (const some of client.scanIterator({ MATCH: 's*', COUNT: 10 })) {
      for (const key of some) found.add(key);
    }
    expect(found).toEqual(new Set(keys));
  });

  it('has the commands of the rest, raw ones, and proxies with other options', async () => {
    const client = cluster.getLocalClient(0);
    expect(await client.sendCommand(['SET', 'raw', '1'])).toBe('OK');
    const asBuffer = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    expect(await asBuffer.get('raw')).toEqual(Buffer.from('1'));
    expect(await asBuffer.duplicate().get('raw')).toEqual(Buffer.from('1'));
  });

  it.each([2, 3] as const)('speaks RESP %i in the types of the cluster', async (RESP) => {
    const typed = new Cluster({
      hosts: { 0: { unixSocketPath: file.servers[0]?.socketPath, db: 3 } },
      RESP,
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
    });
    const client = typed.getLocalClient(0);
    expect(await client.hSet('h', 'f', 'v')).toBe(1);
    expect(await client.get('nothing')).toBeNull();
    expect(await client.hGet('h', 'f')).toEqual(Buffer.from('v'));
    expect((await client.clientInfo()).db).toBe(3);
    expect((await client.clientInfo()).resp).toBe(RESP);
    expect(await client.duplicate().hGet('h', 'f')).toEqual(Buffer.from('v'));
    await typed.disconnectPools();
  });

  it('reaches a host over TCP, with its password and its database', async () => {
    const single = await startServer({ tcp: true, serverArguments: ['--requirepass', 'pw'] });
    const { port = 0 } = single.server;
    const logins = [
      { password: 'pw' },
      { username: 'default', password: 'pw' },
      { credentials: async () => ({ password: 'pw' }) },
      { credentials: async () => ({ username: 'default', password: 'pw' }) },
    ];
    for (const login of logins) {
      const tcp = new Cluster({ hosts: { 0: { host: '127.0.0.1', port, db: 5, ...login } } });
      const info = await tcp.getLocalClient(0).clientInfo();
      expect(info.db).toBe(5);
      expect(info.addr).toMatch(/^127\.0\.0\.1:/);
      expect(await tcp.getLocalClient(0).duplicate().ping()).toBe('PONG');
      await tcp.disconnectPools();
    }
    const wrong = new Cluster({ hosts: { 0: { host: '127.0.0.1', port, password: 'no' } } });
    expect(String((await failureOf(wrong.getLocalClient(0).ping()))['message'])).toMatch(
      /WRONGPASS|NOAUTH/,
    );
    await wrong.disconnectPools();
    await single.close();
  });
});

describe('executeCommand', () => {
  it('sends any command as it is, to whatever its answer is', async () => {
    const client = cluster.getLocalClient(0);
    const bytes = new Uint8Array([0, 255, 13]);
    expect(await client.executeCommand('set', 'raw:1', bytes)).toBe('OK');
    expect(await client.executeCommand('STRLEN', 'raw:1')).toBe(3);
    expect(await client.executeCommand('INCRBY', Buffer.from('raw:2'), 5n)).toBe(5);
    expect(await client.executeCommand('INCRBYFLOAT', 'raw:2', 0.5)).toBe('5.5');
    const asBytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    expect(await asBytes.executeCommand('GET', 'raw:1')).toEqual(Buffer.from(bytes));
    expect(await client.duplicate().executeCommand('DEL', 'raw:1', 'raw:2')).toBe(2);
  });

  it('rejects what it is not to be given', async () => {
    const execute = cluster.getLocalClient(0).executeCommand as (
      ...args: unknown[]
    ) => Promise<unknown>;
    const client = cluster.getLocalClient(0);
    for (const args of [[''], [5], ['GET', {}], ['GET', NaN], ['GET', undefined]]) {
      const { code } = await failureOf(execute.apply(client, args));
      expect(code).toBe('RB_INVALID_ARGUMENT');
    }
    expect(await failureOf(client.executeCommand('NOSUCH'))).toHaveProperty('message');
  });
});

describe('duplicate', () => {
  it('answers a connecting client of the caller, every time another', async () => {
    const client = cluster.getLocalClient(0);
    const [one, two] = [client.duplicate(), client.duplicate()];
    expect(one).not.toBe(two);
    expect(one.isOpen && two.isOpen).toBe(true);
    expect(await Promise.all([one.ping(), two.ping()])).toEqual(['PONG', 'PONG']);
    expect(await one.duplicate().duplicate().ping()).toBe('PONG');
    expect(cluster.getLocalClient(0)).toBe(client);
  });

  it('takes the overrides of @redis/client', async () => {
    const other = cluster.getLocalClient(0).duplicate({ database: 2, name: 'override' });
    const info = await other.clientInfo();
    expect(info.db).toBe(2);
    expect(info.name).toBe('override');
  });

  it('takes those that a cluster has no use for: a prefix for keys, a cache', async () => {
    const client = cluster.getLocalClient(0);
    const prefixed = client.duplicate({ keyPrefix: 'app:' });
    await prefixed.set('key', 'value');
    expect(await client.get('app:key')).toBe('value');
    const cached = client.duplicate({ clientSideCache: { ttl: 0, maxEntries: 10 } });
    expect(await cached.get('app:key')).toBe('value');
    await client.configResetStat();
    expect(await cached.get('app:key')).toBe('value');
    expect(await client.info('commandstats')).not.toContain('cmdstat_get:');
  });

  it('leaves the clients that are not of a cluster alone', async () => {
    cluster.getLocalClient(0).duplicate();
    const foreign = createClient({
      socket: { path: file.servers[0]!.socketPath ?? '', tls: false },
    });
    const copy = foreign.duplicate();
    expect(copy.isOpen).toBe(false);
    await copy.connect();
    await cluster.disconnectPools();
    expect(await copy.ping()).toBe('PONG');
    copy.destroy();
  });
});

describe('the end of local clients', () => {
  const endings: [string, (ending: Cluster) => unknown][] = [
    ['disconnectPools', (ending) => ending.disconnectPools()],
    ['removeHost', (ending) => ending.removeHost(0)],
    ['asyncDispose', (ending) => ending[Symbol.asyncDispose]()],
  ];
  it.each(endings)('%s closes the client and its duplicates', async (_, end) => {
    const client = cluster.getLocalClient(0);
    const copies = [client.duplicate(), client.withTypeMapping({}).duplicate()];
    copies.push(copies[0]!.duplicate());
    await Promise.all([client, ...copies].map((each) => each.ping()));
    expect(await named()).toBe(4);
    const blocked = failureOf(copies[0]!.blPop('nothing', 0));
    await end(cluster);
    expect([client, ...copies].map((each) => each.isOpen)).toEqual([false, false, false, false]);
    expect(await blocked).toBeInstanceOf(Error);
    await condition(async () => (await named()) === 0);
    await expect(client.ping()).rejects.toThrow();
  });

  it.each(endings)('%s leaves no socket of a client that was still connecting', async (_, end) => {
    const check = watchLeaks();
    const waiting = cluster.getLocalClient(0).ping();
    const copied = cluster.getLocalClient(0).duplicate().ping();
    await end(cluster);
    await Promise.all([failureOf(waiting), failureOf(copied)]);
    await check();
  });

  it('of one host leaves those of the others', async () => {
    const [gone, stays] = [cluster.getLocalClient(0), cluster.getLocalClient(1)];
    await Promise.all([gone.ping(), stays.ping()]);
    cluster.removeHost(0);
    expect(gone.isOpen).toBe(false);
    expect(await stays.ping()).toBe('PONG');
    expect(() => cluster.getLocalClient(0)).toThrow(BadHostSetup);
    cluster.addHost({ hostId: 0, unixSocketPath: file.servers[0]?.socketPath });
    expect(cluster.getLocalClient(0)).not.toBe(gone);
    expect(await cluster.getLocalClient(0).ping()).toBe('PONG');
  });

  it('is followed by a new client at the next call', async () => {
    const client = cluster.getLocalClient(0);
    await client.ping();
    await cluster.disconnectPools();
    const next = cluster.getLocalClient(0);
    expect(next).not.toBe(client);
    expect(await next.ping()).toBe('PONG');
    expect(await next.duplicate().ping()).toBe('PONG');
  });
});

describe('failures', () => {
  it('reach the commands while the server is down; when it is up again, they work', async () => {
    const single = await startServer();
    const down = new Cluster({
      hosts: { 0: { unixSocketPath: single.server.socketPath } },
      poolOptions: { reconnect: { minDelay: 5, maxDelay: 20 } },
    });
    const client = down.getLocalClient(0);
    expect(await client.ping()).toBe('PONG');
    const blocked = failureOf(client.duplicate().blPop('x', 0));
    await condition(async () => {
      const other = await connectDirect(single.server);
      const info = await other.info('clients');
      other.destroy();
      return info.includes('blocked_clients:1');
    });
    await single.server.stop();
    expect(await blocked).toBeInstanceOf(Error);
    // Also on clients that are made only now, and on duplicates.
    for (const each of [client, client.duplicate(), client]) {
      expect(await failureOf(each.ping())).toBeInstanceOf(Error);
    }
    expect(await failureOf(client.multi().ping().exec())).toBeInstanceOf(Error);
    single.server.start();
    await single.server.waitUntilReady(5000);
    await condition(async () => (await client.ping()) === 'PONG');
    await down.disconnectPools();
    await single.close();
  });

  it('of a subscriber: it is subscribed again when the connection is back', async () => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
    const lossy = new Cluster({
      hosts: { 0: { unixSocketPath: proxy.socketPath } },
      poolOptions: { reconnect: { minDelay: 5, maxDelay: 20 } },
    });
    const subscriber = lossy.getLocalClient(0);
    const messages: string[] = [];
    await subscriber.subscribe('c', (message) => messages.push(message));
    const ready = once(subscriber, 'ready');
    proxy.cut();
    await ready;
    await condition(async () => (await direct.publish('c', 'again')) === 1);
    await condition(() => messages.includes('again'));
    await lossy.disconnectPools();
    await proxy.close();
  });

  it('of a client that nobody listens to are no unhandled error events', async () => {
    const nowhere = new Cluster({ hosts: { 0: { unixSocketPath: '/nowhere/redis.sock' } } });
    const client = nowhere.getLocalClient(0);
    const copy = client.duplicate();
    const errors = [client, copy].map(async (each) => (await once(each, 'error'))[0] as Error);
    for (const error of await Promise.all(errors)) expect(error.message).toContain('ENOENT');
    expect((await failureOf(client.get('a')))['message']).toContain('ENOENT');
    await nowhere.disconnectPools();
  });
});

describe('a local client that is not let in', () => {
  it('writes nothing to another database than its own', async () => {
    const { socketPath } = file.servers[0]!;
    const lost = new Cluster({ hosts: { 0: { unixSocketPath: socketPath, db: 99 } } });
    const client = lost.getLocalClient(0);
    for (const each of [client, client.duplicate(), client]) {
      const failure = await failureOf(each.set('astray', 'value'));
      expect(String(failure['message'])).toContain('out of range');
    }
    await lost.disconnectPools();
    expect(await direct.exists('astray')).toBe(0);
  });

  it('writes nothing as another user than its own', async () => {
    const { socketPath } = file.servers[0]!;
    const login = { username: 'stranger', password: 'secret' };
    const lost = new Cluster({ hosts: { 0: { unixSocketPath: socketPath, ...login } } });
    const failure = await failureOf(lost.getLocalClient(0).set('astray', 'value'));
    expect(String(failure['message'])).toContain('WRONGPASS');
    expect(String(failure['message'])).not.toContain('secret');
    await lost.disconnectPools();
    expect(await direct.exists('astray')).toBe(0);
  });

  it('is let in as a user that needs no password', async () => {
    await direct.sendCommand(['ACL', 'SETUSER', 'open', 'on', 'nopass', '~*', '+@all']);
    const { socketPath } = file.servers[0]!;
    const open = new Cluster({ hosts: { 0: { unixSocketPath: socketPath, username: 'open' } } });
    expect(await open.getLocalClient(0).aclWhoAmI()).toBe('open');
    expect(await open.all((c) => c.aclWhoAmI())).toEqual(new Map([[0, 'open']]));
    await open.disconnectPools();
    await direct.sendCommand(['ACL', 'DELUSER', 'open']);
  });
});
