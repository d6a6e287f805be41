/** What a local client must not do: outlive its cluster, lose a WATCH unnoticed, hang, or pile up. */

import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import type { HostConfig } from '../../src/hosts.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { condition, startServer, useServers } from '../helpers/servers.js';

const file = useServers();
const there = (): string => file.servers[0]!.socketPath!;

describe('a WATCH', () => {
  it.each([
    ['while the client connects', false],
    ['when it is connected', true],
  ])('that was sent %s is lost with the connection, and EXEC says so', async (_, isReady) => {
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath: there() } } });
    const { WatchError } = await import('@redis/client');
    const client = cluster.getLocalClient(0);
    await client.set('stock', '10');
    const own = client.duplicate();
    if (isReady) await condition(() => own.isReady);
    await own.watch('stock');
    await condition(() => own.isReady);
    const id = await own.clientId();
    await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await client.set('stock', '0');
    await condition(async () => own.isReady && (await own.clientId().catch(() => id)) !== id);
    const failure = await failureOf(own.multi().set('stock', '9').exec());
    expect(failure).toBeInstanceOf(WatchError);
    expect(await client.get('stock')).toBe('0');
    // Once it was said, the client goes on.
    await own.watch('stock');
    expect(await own.multi().set('stock', '1').exec()).toEqual(['OK']);
    await cluster.disconnectPools();
  });
});

describe('a server that says nothing', () => {
  let server: Server;
  let sockets: Socket[];
  let cluster: Cluster;
  let connections: number;
  beforeEach(async () => {
    sockets = [];
    connections = 0;
    server = createServer((socket) => {
      connections++;
      sockets.push(socket);
      const gone = (): void => {
        sockets = sockets.filter((other) => other !== socket);
      };
      socket.on('close', gone).on('error', gone).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await cluster.disconnectPools();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const port = () => (server.address() as AddressInfo).port;
  const ends = [
    ['disconnectPools', () => cluster.disconnectPools()],
    ['removeHost', () => Promise.resolve(cluster.removeHost(0))],
  ] as const;

  it.each(ends)('is left at once at %s, also by a login under way', async (_, end) => {
    const login = { password: 'pw', db: 3 };
    const poolOptions = { connectTimeout: 60_000 };
    cluster = new Cluster({
      hosts: { 0: { host: '127.0.0.1', port: port(), ...login } },
      poolOptions,
    });
    const failed = failureOf(cluster.getLocalClient(0).get('k'));
    // Its own, and the one that tries the login.
    await condition(() => sockets.length === 2);
    await end();
    await failed;
    await condition(() => sockets.length === 0);
  });

  it.each(ends)('is not told a password that comes after %s', async (_, end) => {
    let tell!: (credentials: { password: string }) => void;
    const asked = new Promise<{ password: string }>((resolve) => (tell = resolve));
    cluster = new Cluster({
      hosts: { 0: { host: '127.0.0.1', port: port(), credentials: () => asked } },
    });
    const client = cluster.getLocalClient(0);
    const duplicate = client.duplicate();
    const failures = [failureOf(client.get('k')), failureOf(duplicate.get('k'))];
    // Both have their own, and one that tries the login.
    await condition(() => sockets.length === 4);
    await end();
    await Promise.all(failures);
    tell({ password: 'late' });
    await condition(() => sockets.length === 0);
    // What a late answer would still begin has begun when another connection was made and ended.
    const probe = new Cluster({ hosts: { 0: { host: '127.0.0.1', port: port() } } });
    const probed = failureOf(probe.getRoutingClient().get('k'));
    await condition(() => connections > 4);
    await probe.disconnectPools();
    await probed;
    expect(connections).toBe(5);
  });

  it('is not waited for longer than connectTimeout while the credentials are not told', async () => {
    cluster = new Cluster({
      hosts: {
        0: {
          host: '127.0.0.1',
          port: port(),
          credentials: () => new Promise<never>(() => undefined),
        },
      },
      poolOptions: { connectTimeout: 50 },
    });
    const failure = await failureOf(cluster.getLocalClient(0).get('k'));
    expect(failure.message).toMatch(/^Could not connect to 127\.0\.0\.1:\d+ within 50 ms$/);
    expect(failure.code).toBe('RB_TIMEOUT');
  });
});

describe('a server that turns a client away at once', () => {
  const refusal = 'ERR max number of clients reached';
  it.each([
    ['a login', { password: 'sekrit' }],
    ['a database', { db: 1 }],
  ])('is told in its words, and where it is (with %s)', async (_, options) => {
    const { server, close } = await startServer({ serverArguments: ['--requirepass', 'sekrit'] });
    const path = server.socketPath!;
    const other = new Cluster({ hosts: { 0: { unixSocketPath: path, password: 'sekrit' } } });
    // Its only connection takes the only place.
    await other.getPoolForHost(0).executeCommand('CONFIG', 'SET', 'maxclients', '1');
    const cluster = new Cluster({ hosts: { 3: { unixSocketPath: path, ...options } } });
    const client = cluster.getLocalClient(3);
    for (const own of [client, client.duplicate()]) {
      // Where the server has ended the connection before anything is written to it, its words are lost.
      await condition(async () => {
        const failure = await failureOf(own.get('k'));
        expect(failure).toMatchObject({ name: 'ConnectionError', hostId: 3, address: path });
        expect(failure.message).toContain(path);
        expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain('sekrit');
        if (!String(failure['message']).includes(refusal)) return false;
        expect(failure.cause).toMatchObject({ message: refusal });
        return true;
      });
    }
    await cluster.disconnectPools();
    await other.disconnectPools();
    await close();
  });
});

it('pauses for no longer than half a second, for no process ends meanwhile', async () => {
  const cluster = new Cluster({
    hosts: { 0: { unixSocketPath: '/nowhere/redis.sock' } },
    poolOptions: { reconnect: { minDelay: 60_000, maxDelay: 60_000 } },
  });
  const client = cluster.getLocalClient(0);
  let attempts = 0;
  client.on('reconnecting', () => attempts++);
  await condition(() => attempts >= 2);
  await cluster.disconnectPools();
});

describe('many of them', () => {
  it('share the class of the first', () => {
    const hosts = [0, 1, 2].map((db): [number, HostConfig] => [
      db,
      { unixSocketPath: there(), db },
    ]);
    const cluster = new Cluster({ hosts: new Map(hosts) });
    const classes = hosts.map(([id]) => cluster.getLocalClient(id).constructor);
    expect(new Set(classes).size).toBe(1);
    return cluster.disconnectPools();
  });

  it('leave no listeners behind, however often one connects', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const proxy = await FaultProxy.start({ target: { path: there() } });
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath: proxy.socketPath } },
      poolOptions: { reconnect: { minDelay: 1, maxDelay: 2 } },
    });
    const client = cluster.getLocalClient(0);
    for (let losses = 0; losses < 30; losses++) {
      await condition(() => client.isReady);
      proxy.cut();
      await condition(() => !client.isReady || proxy.connections > losses + 1);
    }
    await condition(() => client.isReady);
    expect(await client.ping()).toBe('PONG');
    await cluster.disconnectPools();
    await proxy.close();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('in a pool of one are closed with the cluster', async () => {
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath: there() } } });
    const pool = cluster.getLocalClient(0).createPool();
    await pool.connect();
    expect(await pool.ping()).toBe('PONG');
    await cluster.disconnectPools();
    expect(pool.isOpen).toBe(false);
    expect((await failureOf(pool.ping())).message).toMatch(/closed/);
  });
});
