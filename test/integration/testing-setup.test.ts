import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { ClosedError, ConnectionError } from '../../src/errors.js';
import { Pool } from '../../src/pool.js';
import { makeTestCluster, TestSetup } from '../../src/testing/index.js';
import type { TestSetupOptions } from '../../src/testing/index.js';
import { isAlive } from '../helpers/processes.js';

const setups: TestSetup[] = [];
afterEach(async () => {
  await Promise.all(setups.splice(0).map((setup) => setup.close()));
});

function makeSetup(options?: TestSetupOptions): TestSetup {
  const setup = new TestSetup(options);
  setups.push(setup);
  return setup;
}

/** The private folder that a server's socket is in. */
function folderOf(socketPath: string | undefined): string {
  return dirname(dirname(socketPath!));
}

describe('TestSetup', () => {
  it('starts four servers with eight databases each, unless told', async () => {
    const setup = makeSetup();
    expect(setup.servers).toHaveLength(4);
    const cluster = await setup.makeCluster();
    expect([...cluster.hosts.keys()]).toEqual(Array.from({ length: 32 }, (_, id) => id));
  });

  it('numbers the hosts database by database, server by server', async () => {
    const setup = makeSetup({ servers: 2, databasesEach: 3 });
    const cluster = await setup.makeCluster();
    const hosts = [...cluster.hosts].map(([id, { unixSocketPath, db }]) => [
      id,
      setup.servers.findIndex((server) => server.socketPath === unixSocketPath),
      db,
    ]);
    expect(hosts).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [2, 0, 2],
      [3, 1, 0],
      [4, 1, 1],
      [5, 1, 2],
    ]);
  });

  it('makes clusters that work, with the further options given', async () => {
    const setup = makeSetup({ servers: 2, databasesEach: 2 });
    const cluster = await setup.makeCluster({ poolOptions: { clientName: 'named' } });
    const client = cluster.getRoutingClient();
    await client.set('key', 'value');
    expect(await client.get('key')).toBe('value');
    const sizes = await cluster.all((c) => c.dbSize());
    expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBe(1);
    expect(await cluster.getLocalClient(0).clientGetName()).toBe('named');
  });

  it('counts the databases of a further server as hosts of later clusters', async () => {
    const setup = makeSetup({ servers: 1, databasesEach: 2 });
    const before = await setup.makeCluster();
    setup.spawnServer();
    const after = await setup.makeCluster();
    expect([before.hosts.size, after.hosts.size]).toEqual([2, 4]);
    expect((await after.all((c) => c.ping())).size).toBe(4);
  });

  it('starts without servers when told so', async () => {
    const setup = makeSetup({ servers: 0 });
    await setup.waitForServers();
    setup.spawnServer();
    expect((await setup.makeCluster()).hosts.size).toBe(8);
  });

  it('warns of no leak, however many servers there are and wait for them', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const setup = makeSetup({ servers: 11, databasesEach: 1 });
      await Promise.all(Array.from({ length: 11 }, () => setup.waitForServers()));
      // Warnings are emitted in a tick of their own.
      await new Promise(setImmediate);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
    }
  });

  it('ends its clusters and its servers with close, and by disposal', async () => {
    for (const end of ['close', Symbol.asyncDispose] as const) {
      const setup = makeSetup({ servers: 2, databasesEach: 1 });
      const cluster = await setup.makeCluster();
      await cluster.all((c) => c.ping());
      await setup[end]();
      expect(setup.servers.map(({ pid }) => isAlive(pid!))).toEqual([false, false]);
      expect(existsSync(folderOf(setup.servers[0]!.socketPath))).toBe(false);
      await expect(cluster.getRoutingClient().get('key')).rejects.toThrow(ConnectionError);
      await cluster.disconnectPools();
    }
  });

  it('rejects a cluster that was asked for when it is closed', async () => {
    const setup = makeSetup({ servers: 1 });
    const early = expect(setup.makeCluster()).rejects.toThrow(ClosedError);
    await setup.close();
    await early;
    await expect(setup.makeCluster()).rejects.toThrow(ClosedError);
    await expect(setup.waitForServers()).rejects.toThrow(ClosedError);
    expect(() => setup.spawnServer()).toThrow(ClosedError);
  });

  it('rejects waiting and clusters when there is no executable', async () => {
    const setup = makeSetup({ serverExecutable: 'no-such-redis-server' });
    await expect(setup.waitForServers()).rejects.toThrow(/no-such-redis-server.*apt-get install/);
    await expect(setup.makeCluster()).rejects.toThrow(ConnectionError);
  });

  it('refuses unknown options by name', async () => {
    const options = { databases: 2 } as TestSetupOptions;
    expect(() => new TestSetup(options)).toThrow(
      expect.objectContaining({
        code: 'RB_UNKNOWN_OPTION',
        message: expect.stringContaining("'databases'") as unknown,
      }),
    );
    const setup = makeSetup({ servers: 0 });
    await expect(setup.makeCluster({ hosts: {} } as object)).rejects.toMatchObject({
      code: 'RB_UNKNOWN_OPTION',
    });
    await expect(makeTestCluster({ clusters: {} } as object)).rejects.toMatchObject({
      code: 'RB_UNKNOWN_OPTION',
    });
  });

  it.each([
    { servers: -1 },
    { servers: 1.5 },
    { servers: 257 },
    { servers: '4' },
    { databasesEach: 0 },
    { serverExecutable: '' },
    { serverExecutable: 7 },
    [],
    4,
    null,
  ])('refuses %j', (options) => {
    expect(() => new TestSetup(options as TestSetupOptions)).toThrow(
      expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }),
    );
  });

  it.each([null, 'x', []])('refuses %j as options of a cluster', async (options) => {
    const setup = makeSetup({ servers: 0 });
    await expect(setup.makeCluster(options as object)).rejects.toMatchObject({
      code: 'RB_INVALID_ARGUMENT',
      message: expect.stringContaining('makeCluster') as string,
    });
  });

  it.each([-1, NaN, Infinity, '10'])('refuses to wait for %j milliseconds', async (timeout) => {
    const setup = makeSetup({ servers: 0 });
    await expect(setup.waitForServers(timeout as number)).rejects.toMatchObject({
      code: 'RB_INVALID_ARGUMENT',
    });
  });
});

describe('makeTestCluster', () => {
  it('answers a cluster whose disposal also stops the servers', async () => {
    const cluster = await makeTestCluster({ servers: 1, databasesEach: 2 });
    const folder = folderOf(cluster.hosts.get(0)?.unixSocketPath);
    expect((await cluster.all((c) => c.ping())).size).toBe(2);
    await cluster.disconnectPools();
    expect((await cluster.all((c) => c.ping())).size).toBe(2);
    await cluster[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
    await cluster[Symbol.asyncDispose]();
  });

  it('waits for the answers that are due before the servers are stopped', async () => {
    const cluster = await makeTestCluster({ servers: 1, databasesEach: 1 });
    const answer = cluster.getRoutingClient().set('key', 'value');
    await cluster[Symbol.asyncDispose]();
    expect(await answer).toBe('OK');
  });

  it('stops the servers also when the cluster cannot be disposed of', async () => {
    const failure = new Error('of the pool');
    class FailingPool extends Pool {
      override async disconnect(): Promise<void> {
        await super.disconnect();
        throw failure;
      }
    }
    const cluster = await makeTestCluster({
      servers: 1,
      databasesEach: 1,
      cluster: { pool: FailingPool },
    });
    const folder = folderOf(cluster.hosts.get(0)?.unixSocketPath);
    await cluster.all((c) => c.ping());
    await expect(cluster[Symbol.asyncDispose]()).rejects.toBe(failure);
    expect(existsSync(folder)).toBe(false);
  });

  it('passes on the options of the cluster', async () => {
    const options = { servers: 1, databasesEach: 1, cluster: { poolOptions: { clientName: 'n' } } };
    const name = await makeTestCluster(options, (c) => c.getLocalClient(0).clientGetName());
    expect(name).toBe('n');
  });

  it('runs a function, answers its result, and cleans up', async () => {
    let folder = '';
    const result = await makeTestCluster({ servers: 1, databasesEach: 1 }, async (cluster) => {
      folder = folderOf(cluster.hosts.get(0)?.unixSocketPath);
      await cluster.getRoutingClient().set('key', '1');
      return cluster.getRoutingClient().incr('key');
    });
    expect(result).toBe(2);
    expect(existsSync(folder)).toBe(false);
  });

  it('cleans up and passes the error on when the function throws', async () => {
    const failure = new Error('of the test');
    let folder = '';
    const call = makeTestCluster({ servers: 1, databasesEach: 1 }, (cluster) => {
      folder = folderOf(cluster.hosts.get(0)?.unixSocketPath);
      throw failure;
    });
    await expect(call).rejects.toBe(failure);
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves nothing when the cluster cannot be made', async () => {
    const options = { servers: 1, cluster: { noSuchOption: 1 } as object };
    await expect(makeTestCluster(options)).rejects.toThrow(/noSuchOption/);
    await expect(makeTestCluster({ serverExecutable: 'no-such' })).rejects.toThrow(ConnectionError);
  });
});
