/** Options of a cluster: what is refused before anything connects, and what reaches the servers. */

import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { RoutingClient } from '../../src/clients/routing-client.js';
import { Cluster } from '../../src/cluster.js';
import { BadHostSetup, ConnectionError, MisuseError, ReplyError } from '../../src/errors.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { condition, startServer, useServers } from '../helpers/servers.js';
import type { SingleServer } from '../helpers/servers.js';

const file = useServers();

/** Options that only a program without types can pass. */
const untyped = (options: object) => options as ConstructorParameters<typeof Cluster>[0];

describe('a bad option', () => {
  const secret = 'swordfish';
  it.each<[string, object, RegExp]>([
    ['an unknown name', { hosts: {}, hots: 1 }, /'hots'.*did you mean 'hosts'/],
    ['no options', [], /Cluster: options must be an object/],
    ['no hosts', {}, /hosts must be/],
    ['an unknown name in a host', { hosts: { 0: { prot: 1 } } }, /host 0: .*'prot'.*'port'/],
    ['a text for a port', { hosts: { 0: { port: '6379' } } }, /host 0: port must be an integer/],
    ['a fraction for a db', { hosts: { 0: { db: 0.5 } } }, /host 0: db must be an integer/],
    ['a negative id', { hosts: { '-1': {} } }, /host id/],
    ['a text id in a Map', { hosts: new Map([['0', {}]]) }, /host id/],
    ['two hosts of one id', { hosts: [{ hostId: 1 }, { hostId: 1 }] }, /host 1: two hosts/],
    ['an unknown scheme', { hosts: ['http://localhost'] }, /host 0/],
    ['TLS over a unix socket', { hosts: { 0: { unixSocketPath: '/s', ssl: true } } }, /TLS/],
    ['a bad default', { hosts: {}, hostDefaults: { port: 0 } }, /hostDefaults: port/],
    ['a router that is no class', { hosts: {}, router: 'ketama' }, /router must be a subclass of/],
    ['a router of another class', { hosts: {}, router: Object }, /subclass of BaseRouter/],
    ['a router that is a function', { hosts: {}, router: () => 1 }, /subclass of BaseRouter/],
    ['a pool that is no class', { hosts: {}, pool: {} }, /pool must be a subclass of Pool/],
    ['a pool of another class', { hosts: {}, pool: Object }, /pool must be a subclass of Pool/],
    ['another protocol', { hosts: {}, RESP: 4 }, /RESP must be 2 or 3, not 4/],
    ['a bad type mapping', { hosts: {}, typeMapping: 5 }, /typeMapping must be an object/],
    ['an unknown type', { hosts: {}, typeMapping: { foo: String } }, /RESP_TYPES.*'foo'/],
    [
      'a type that is no class',
      { hosts: {}, typeMapping: { 36: 5 } },
      /BLOB_STRING must be a class/,
    ],
    ['scripts that are none', { hosts: {}, scripts: null }, /scripts must be an object, not null/],
    ['functions that are none', { hosts: {}, functions: 'f' }, /functions must be an object/],
    ['modules that are none', { hosts: {}, modules: 1 }, /modules must be an object/],
    [
      'an unknown pool option',
      { hosts: {}, poolOptions: { retrys: 1 } },
      /poolOptions: unknown option 'retrys'.*retries/,
    ],
    ['a bad pool option', { hosts: {}, poolOptions: { retries: -1 } }, /poolOptions: retries/],
    ['a bad pause', { hosts: {}, poolOptions: { reconnect: { minDelay: 0 } } }, /minDelay/],
    [
      'a password that is no text',
      { hosts: { 0: { password: [secret] } } },
      /host 0: password must be a string/,
    ],
    [
      'a password and credentials',
      { hosts: { 0: { password: secret, credentials: () => ({}) } } },
      /credentials/,
    ],
    ['a bad URL with a password', { hosts: [`redis://u:${secret}@host:port`] }, /host 0/],
  ])('%s is refused by name', (_, options, message) => {
    expect(() => new Cluster(untyped(options))).toThrow(BadHostSetup);
    expect(() => new Cluster(untyped(options))).toThrow(message);
    let shown = '';
    try {
      new Cluster(untyped(options));
    } catch (error) {
      shown = inspect(error);
    }
    expect(shown).not.toContain(secret);
  });

  it('of a client or a call is refused by name, too', async () => {
    const cluster = new Cluster({ hosts: { 0: {} } });
    const bad = { timeOut: 1 } as object;
    expect(() => cluster.getRoutingClient(bad)).toThrow(/'timeOut'/);
    cluster.getRoutingClient();
    for (const none of [null, 5, 'yes', []]) {
      expect(() => cluster.getRoutingClient(none as object)).toThrow(MisuseError);
    }
    expect(() => cluster.getRoutingClient().getMappingClient({ timeout: 1 } as object)).toThrow(
      expect.objectContaining({ code: 'RB_UNKNOWN_OPTION' }),
    );
    const ran: string[] = [];
    const error = await failureOf(cluster.map(() => ran.push('callback'), bad));
    expect(error).toBeInstanceOf(MisuseError);
    expect(error).toMatchObject({ code: 'RB_UNKNOWN_OPTION' });
    await expect(cluster.map(() => ran.push('callback'), { timeout: -1 })).rejects.toThrow(
      /timeout must be/,
    );
    const join = cluster
      .getRoutingClient()
      .getMappingClient()
      .join({ maxConcurrency: 1 } as object);
    await expect(join).rejects.toMatchObject({ code: 'RB_UNKNOWN_OPTION' });
    expect(ran).toEqual([]);
  });

  it('a callback that is no function rejects as misuse', async () => {
    const cluster = new Cluster({ hosts: { 0: {} } });
    const error = await failureOf(cluster.map(undefined as unknown as () => void));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
  });
});

it('a class of another copy of the library is told as such', async () => {
  vi.resetModules();
  const { Pool } = await import('../../src/pool.js');
  const { Cluster: OtherCluster } = await import('../../src/cluster.js');
  for (const pool of [Pool, class extends Pool {}]) {
    expect(() => new Cluster({ hosts: {}, pool })).toThrow(
      'pool must be a subclass of Pool, not a function (of another copy of redis-blaster)',
    );
  }
  const other = new OtherCluster({ hosts: {} });
  expect(() => new RoutingClient(other)).toThrow(
    'A routing client takes a Cluster, got an object (of another copy of redis-blaster)',
  );
});

describe('a routing client', () => {
  it.each([undefined, null, {}, 5])('is made for a cluster, not for %o', (given) => {
    const cluster = given as Cluster;
    expect(() => new RoutingClient(cluster)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' }),
    );
  });
});

describe('hosts', () => {
  it('are not to be changed but by addHost and removeHost', () => {
    const hostDefaults = { host: 'one' };
    const cluster = new Cluster({ hosts: { 0: {} }, hostDefaults });
    const hosts = cluster.hosts as Map<number, unknown>;
    expect(hosts).toBeInstanceOf(Map);
    for (const change of [
      () => hosts.set(1, {}),
      () => hosts.delete(0),
      () => {
        hosts.clear();
      },
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }));
    }
    hostDefaults.host = 'other';
    cluster.addHost({ hostId: 1 });
    cluster.removeHost(0);
    expect(hosts).toEqual(new Map([[1, expect.objectContaining({ host: 'one' })]]));
  });

  it('may be none; what is missing shows at the router and at the first command', async () => {
    const cluster = new Cluster({ hosts: {} });
    expect(cluster.hosts.size).toBe(0);
    expect(() => cluster.getRouter()).toThrow(BadHostSetup);
    expect(() => cluster.getRouter()).toThrow(/no hosts/);
    await expect(cluster.getRoutingClient().get('a')).rejects.toBeInstanceOf(BadHostSetup);
    await expect(cluster.map((c) => c.get('a'))).rejects.toBeInstanceOf(BadHostSetup);
    await expect(cluster.map(() => 5)).resolves.toBe(5);
  });

  it('may have ids with a gap; what needs none says which one is missing', () => {
    const cluster = new Cluster({ hosts: { 0: {}, 2: {} } });
    expect(() => cluster.getRouter()).toThrow(/host 1 is missing/);
  });

  it('are reached in whichever form they are given', async () => {
    const [a, b] = file.servers.map(({ socketPath }) => socketPath ?? '');
    const forms = [
      { 0: { unixSocketPath: a, db: 1 }, 1: { unixSocketPath: b, db: 1 } },
      new Map([
        [1, { unixSocketPath: b, db: 1 }],
        [0, { unixSocketPath: a, db: 1 }],
      ]),
      [
        { hostId: 1, unixSocketPath: b, db: 1 },
        { hostId: 0, unixSocketPath: a, db: 1 },
      ].values(),
      [`unix://${a}?db=1`, `unix://${b}?db=1`],
    ];
    for (const [index, hosts] of forms.entries()) {
      const cluster = new Cluster(untyped({ hosts }));
      const client = cluster.getRoutingClient();
      for (const key of ['a', 'b', 'c', 'd']) await client.set(key, String(index));
      for (const [database, server] of file.servers.entries()) {
        const direct = await connectDirect(server, { database: 1 });
        const keys = cluster.groupByHost(['a', 'b', 'c', 'd']).get(database) ?? [];
        expect(keys.length).toBeGreaterThan(0);
        for (const key of keys) expect(await direct.get(key)).toBe(String(index));
        direct.destroy();
      }
      await cluster.disconnectPools();
    }
  });

  it('take from the defaults what they leave out, also those added later', () => {
    const cluster = new Cluster({
      hosts: { 0: { port: 1 }, 1: { db: 3 } },
      hostDefaults: { host: '127.0.0.9', port: 7, password: 'secret' },
    });
    cluster.addHost({ hostId: 2, db: 5 });
    expect([...cluster.hosts.values()].map((host) => [host.address, host.db])).toEqual([
      ['127.0.0.9:1', 0],
      ['127.0.0.9:7', 3],
      ['127.0.0.9:7', 5],
    ]);
    expect(cluster.hosts.get(2)?.password).toBe('secret');
    expect(inspect(cluster.hosts, { depth: 9, showHidden: true })).not.toContain('secret');
    expect(JSON.stringify([...cluster.hosts])).not.toContain('secret');
  });
});

describe('pool options', () => {
  let direct: DirectClient;
  beforeAll(async () => {
    direct = await connectDirect(file.servers[0]!);
  });
  afterAll(() => direct.destroy());

  const connectionsNamed = async (name: string) =>
    (await direct.clientList()).filter((client) => client.name === name).length;

  it('clientName names every connection, and connectionsPerHost bounds their number', async () => {
    const unixSocketPath = file.servers[0]!.socketPath ?? '';
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath } },
      poolOptions: { clientName: 'named-3', connectionsPerHost: 3 },
    });
    const pool = cluster.getPoolForHost(0);
    expect(pool.connections).toBe(0);
    await cluster.map((c) => c.get('a'));
    expect(pool.connections).toBe(1);
    expect(await connectionsNamed('named-3')).toBe(1);
    for (let call = 0; call < 9; call++) await cluster.map((c) => c.get('a'));
    expect(pool.connections).toBe(3);
    expect(await connectionsNamed('named-3')).toBe(3);
    await cluster.disconnectPools();
    expect(pool.connections).toBe(0);
    await condition(async () => (await connectionsNamed('named-3')) === 0);
  });

  it('with several connections, one call keeps to one of them and so to its order', async () => {
    const unixSocketPath = file.servers[0]!.socketPath ?? '';
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath } },
      poolOptions: { connectionsPerHost: 4 },
    });
    // More than the 64 KB after which a chunk is sent.
    const padding = 'x'.repeat(1000);
    await cluster.map((c) => {
      for (let i = 0; i < 200; i++) c.rPush('list', `${i}:${padding}`);
    });
    const list = await cluster.getRoutingClient().lRange('list', 0, -1);
    expect(list).toEqual(Array.from({ length: 200 }, (_, i) => `${i}:${padding}`));
    await cluster.getRoutingClient().del('list');
    await cluster.disconnectPools();
  });

  it.each([5000, 1, false] as const)('keepAlive %s works over TCP', async (keepAlive) => {
    const proxy = await FaultProxy.start({ target: { path: file.servers[0]!.socketPath ?? '' } });
    const cluster = new Cluster({
      hosts: { 0: { host: '127.0.0.1', port: proxy.port } },
      poolOptions: { keepAlive },
    });
    expect(await cluster.getRoutingClient().exists('nothing')).toBe(0);
    await cluster.disconnectPools();
    await proxy.close();
  });
});

describe('a server that asks for a password', () => {
  const password = 'correct horse';
  let single: SingleServer;
  let unixSocketPath: string;
  beforeAll(async () => {
    single = await startServer();
    unixSocketPath = single.server.socketPath ?? '';
    const direct = await connectDirect(single.server);
    await direct.aclSetUser('tim', ['on', '+@all', '~*', '>tims']);
    await direct.configSet('requirepass', password);
    direct.destroy();
  });
  afterAll(() => single.close());

  it.each([2, 3] as const)('lets in with RESP %i', async (RESP) => {
    const logins = [
      { password },
      { username: 'default', password },
      { username: 'tim', password: 'tims' },
      { credentials: async () => ({ password }) },
      { credentials: () => ({ username: 'tim', password: 'tims' }) },
    ];
    for (const login of logins) {
      const cluster = new Cluster({ hosts: { 0: { unixSocketPath, ...login } }, RESP });
      expect(await cluster.getRoutingClient().set('a', 'b')).toBe('OK');
      await cluster.disconnectPools();
    }
  });

  it('asks for the credentials at each connect', async () => {
    let asked = 0;
    const credentials = () => ({ password: ++asked === 2 ? 'wrong' : password });
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath, credentials } } });
    const client = cluster.getRoutingClient();
    await client.get('a');
    await client.get('a');
    expect(asked).toBe(1);
    await cluster.disconnectPools();
    await expect(client.get('a')).rejects.toThrow(ConnectionError);
    await cluster.disconnectPools();
    await client.get('a');
    expect(asked).toBe(3);
    await cluster.disconnectPools();
  });

  it.each([2, 3] as const)('refuses a wrong one, with RESP %i', async (RESP) => {
    const wrong = 'staple';
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath, password: wrong } }, RESP });
    const error = await failureOf(cluster.getRoutingClient().get('a'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error['cause']).toBeInstanceOf(ReplyError);
    expect(error['cause']).toMatchObject({ kind: 'WRONGPASS' });
    expect(error).toMatchObject({
      code: 'RB_CONNECTION',
      hostId: 0,
      address: unixSocketPath,
      command: 'GET',
      maybeExecuted: false,
    });
    const inMap = await failureOf(cluster.map((c) => c.set('a', 'b')));
    expect(inMap).toMatchObject({ code: 'RB_CONNECTION', command: 'SET', hostId: 0 });
    for (const shown of [error, inMap, cluster, cluster.getPoolForHost(0)]) {
      expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain(wrong);
    }
    await cluster.disconnectPools();
  });

  it('a credentials function that throws is a ConnectionError with that cause', async () => {
    const cause = new Error('the vault is closed');
    const credentials = () => Promise.reject(cause);
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath, credentials } } });
    const error = await failureOf(cluster.getRoutingClient().get('a'));
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    expect(error['cause']).toBe(cause);
    await cluster.disconnectPools();
  });
});
