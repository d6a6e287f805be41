/** The routing client: one command, one host, one native promise. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { RoutingClient } from '../../src/clients/routing-client.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

describe('a routing client', () => {
  it('is the same for the same option, and can be made by hand', async () => {
    expect(cluster.getRoutingClient()).toBe(cluster.getRoutingClient({ autoBatch: true }));
    expect(cluster.getRoutingClient({ autoBatch: false })).not.toBe(cluster.getRoutingClient());
    const own = new RoutingClient(cluster, { autoBatch: false });
    expect(await own.exists('nothing')).toBe(0);
    expect(cluster.getRoutingClient()).toBeInstanceOf(RoutingClient);
  });

  it('answers native promises', async () => {
    const client = cluster.getRoutingClient();
    const good = client.exists('a');
    const bad = client.ping();
    const raw = client.executeCommand('EXISTS', 'a');
    for (const promise of [good, bad, raw]) {
      expect(promise).toBeInstanceOf(Promise);
      expect(promise).not.toBeInstanceOf(RbPromise);
    }
    await expect(bad).rejects.toThrow();
    expect(await raw).toBe(0);
    await good;
  });

  it('sends each command to the host of its key, whatever the key is', async () => {
    const client = cluster.getRoutingClient();
    const keys = [
      ...Array.from({ length: 50 }, (_, i) => `routed${i}`),
      '',
      'ключ',
      '🔑',
      'a b\r\n',
    ];
    await Promise.all(keys.map((key, i) => client.set(key, String(i))));
    const groups = cluster.groupByHost(keys);
    expect(groups.size).toBe(8);
    for (const [hostId, group] of groups) {
      const server = file.servers[Math.floor(hostId / 4)]!;
      const there = await connectDirect(server, { database: hostId % 4 });
      const values = group.map((key) => String(keys.indexOf(key)));
      expect(await there.mGet(group)).toEqual(values);
      there.destroy();
    }
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(
      keys.map((_, i) => String(i)),
    );
    await Promise.all(keys.map((key) => client.del(key)));
  });

  it('takes numbers for keys, as their decimal text', async () => {
    const client = cluster.getRoutingClient();
    const asText = client as unknown as { set(key: unknown, value: string): Promise<unknown> };
    await asText.set(17, 'number');
    await asText.set(12345678901234567890n, 'bigint');
    expect(await client.get('17')).toBe('number');
    expect(await client.get('12345678901234567890')).toBe('bigint');
    expect(await client.executeCommand('GET', 17)).toBe('number');
    expect(await client.executeCommand('get', 12345678901234567890n)).toBe('bigint');
    await Promise.all([client.del('17'), client.del('12345678901234567890')]);
  });

  it('sends the raw arguments as they are and answers what the decoder makes of it', async () => {
    const client = cluster.getRoutingClient();
    expect(await client.executeCommand('HSET', 'raw', 'f', 1.5, 'g', Buffer.from('x'))).toBe(2);
    expect(await client.executeCommand('HGETALL', 'raw')).toEqual({ f: '1.5', g: 'x' });
    expect(await client.executeCommand('hget', 'raw', 'f')).toBe('1.5');
    expect(await client.executeCommand('OBJECT', 'ENCODING', 'raw')).toBe('listpack');
    expect(await client.executeCommand('EVAL', 'return KEYS[1]', 1, 'raw')).toBe('raw');
    expect(await client.executeCommand('ZADD', 'zraw', 1, 'm')).toBe(1);
    expect(await client.executeCommand('ZSCORE', 'zraw', 'm')).toBe(1);
    await Promise.all([client.del('raw'), client.del('zraw')]);
  });

  it('tells of errors also where those of the language are frozen', async () => {
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await client.set(key, 'text');
    const { stackTraceLimit } = Error;
    const isWritable = (writable: boolean) =>
      Object.defineProperty(Error, 'stackTraceLimit', { value: stackTraceLimit, writable });
    isWritable(false);
    try {
      const answers = await Promise.allSettled([client.lLen(key), client.get(key)]);
      expect(answers).toMatchObject([{ reason: { kind: 'WRONGTYPE' } }, { value: 'text' }]);
    } finally {
      isWritable(true);
    }
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });

  it('keeps the order of the commands of one tick, typed and raw, for each host', async () => {
    const client = cluster.getRoutingClient();
    const other = new RoutingClient(cluster).withTypeMapping({});
    const answers = await Promise.all([
      client.set('order', '1'),
      client.get('order'),
      client.executeCommand('APPEND', 'order', '2'),
      client.get('order'),
      client.incr('order'),
      client.getDel('order'),
      client.get('order'),
    ]);
    expect(answers).toEqual(['OK', '1', 2, '12', 13, '13', null]);
    const twins = [client.set('order', 'a'), client.withTypeMapping({}).get('order')];
    expect(await Promise.all(twins)).toEqual(['OK', 'a']);
    await other.del('order');
  });
});

describe('commands of one tick', () => {
  it('travel together, across callers, and are never merged', async () => {
    const keys = keysOn(cluster, 0, 20);
    const calls = await commandsDuring(direct, async () => {
      const callers = [cluster.getRoutingClient(), cluster.getRoutingClient({ autoBatch: true })];
      await Promise.all(
        keys.flatMap((key) => callers.flatMap((client) => [client.set(key, key), client.get(key)])),
      );
    });
    expect(calls).toEqual({ get: 40, set: 40 });
    const reads = await commandsDuring(direct, () =>
      Promise.all(keys.map(async (key) => cluster.getRoutingClient().get(key))),
    );
    expect(reads).toEqual({ get: 20 });
    await Promise.all(keys.map((key) => cluster.getRoutingClient().del(key)));
  });

  it('reach the server in one piece', async () => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
    const one = new Cluster({ hosts: { 0: { unixSocketPath: proxy.socketPath } } });
    const client = one.getRoutingClient();
    await client.get('a');
    const chunks: string[] = [];
    proxy.garble((direction, chunk) => {
      if (direction === 'toServer') chunks.push(chunk.toString());
      return chunk;
    });
    const task = async (key: string) => client.get(key);
    await Promise.all([task('a'), task('b'), client.set('c', '1'), task('d')]);
    const get = (key: string) => `*2\r\n$3\r\nGET\r\n$1\r\n${key}\r\n`;
    expect(chunks).toEqual([
      `${get('a')}${get('b')}*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n1\r\n${get('d')}`,
    ]);
    await client.del('c');
    await one.disconnectPools();
    await proxy.close();
  });

  it('that one caller awaits are answered one by one', async () => {
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 3, 'counter');
    for (let i = 1; i <= 20; i++) expect(await client.incr(key)).toBe(i);
    const loops = Array.from({ length: 10 }, async () => {
      for (let i = 0; i < 20; i++) await client.incr(key);
    });
    await Promise.all(loops);
    expect(await client.getDel(key)).toBe('220');
  });
});
