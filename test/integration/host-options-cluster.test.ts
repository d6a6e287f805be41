/** Every option of a cluster has an effect, on the wire, on the sockets or on the outcome. */

import { defineScript, RESP_TYPES } from '@redis/client';
import type { CommandParser } from '@redis/client';
import { describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { Pool } from '../../src/pool.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { BaseRouter, type RouterCluster } from '../../src/routers/router.js';
import { connectDirect } from '../helpers/direct-client.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 3 });

type Options = Partial<ClusterOptions>;

async function using(options: Options, fn: (cluster: Cluster) => unknown): Promise<void> {
  const unixSocketPath = file.servers[0]?.socketPath;
  const cluster = new Cluster({ hosts: { 0: { unixSocketPath } }, ...options });
  try {
    await fn(cluster);
  } finally {
    await cluster.disconnectPools();
  }
}
const clientInfo = (cluster: Cluster) =>
  cluster.getPoolForHost(0).executeCommand('CLIENT', 'INFO') as Promise<string>;

const parseKey = (parser: CommandParser, key: string) => {
  parser.pushKey(key);
};

/** A key that is missing here does not compile. */
const effects: Record<keyof ClusterOptions, () => Promise<void>> = {
  async hosts() {
    const unixSocketPath = file.servers[0]?.socketPath;
    const hosts = [0, 1, 2].map((db) => ({ hostId: db, db, unixSocketPath }));
    await using({ hosts }, async (cluster) => {
      expect([...cluster.hosts.keys()]).toEqual([0, 1, 2]);
      expect((await cluster.all((c) => c.ping())).size).toBe(3);
    });
  },
  async hostDefaults() {
    const hostDefaults = { unixSocketPath: file.servers[0]?.socketPath, db: 2 };
    await using({ hosts: { 0: {} }, hostDefaults }, async (cluster) => {
      expect(await clientInfo(cluster)).toContain(' db=2 ');
      cluster.addHost({ hostId: 1, db: 1 });
      expect((await cluster.all((c) => c.ping())).size).toBe(2);
      expect(cluster.hosts.get(1)?.unixSocketPath).toBe(hostDefaults.unixSocketPath);
    });
  },
  async router() {
    const unixSocketPath = file.servers[0]?.socketPath;
    const hosts = [0, 1, 2].map((db) => ({ hostId: db, db, unixSocketPath }));
    class AlwaysTwo extends BaseRouter {
      override getHostForKey(): number {
        return 2;
      }
    }
    await using({ hosts, router: AlwaysTwo }, async (cluster) => {
      expect(cluster.getRouter()).toBeInstanceOf(AlwaysTwo);
      await cluster.map((c) => c.mSet({ a: '1', b: '2' }));
      const direct = await connectDirect(file.servers[0]!, { database: 2 });
      expect(await direct.mGet(['a', 'b'])).toEqual(['1', '2']);
      await direct.flushDb();
      direct.destroy();
    });
    await using({ hosts }, (cluster) => {
      expect(cluster.getRouter()).toBeInstanceOf(PartitionRouter);
    });
  },
  async routerOptions() {
    const made: unknown[] = [];
    class Optional extends BaseRouter {
      constructor(cluster: RouterCluster, options?: unknown) {
        super(cluster, options);
        made.push(cluster, options);
      }
      override getHostForKey(): number {
        return 0;
      }
    }
    const routerOptions = { any: 'thing' };
    await using({ router: Optional, routerOptions }, async (cluster) => {
      await cluster.getRoutingClient().get('k');
      expect(made[0]).toBe(cluster);
      expect(cluster.getRouter().cluster).toBe(cluster);
      expect(made[1]).toBe(routerOptions);
    });
  },
  async poolOptions() {
    await using({ poolOptions: { clientName: 'by-pool-options' } }, async (cluster) => {
      expect(await clientInfo(cluster)).toContain(' name=by-pool-options ');
    });
  },
  async pool() {
    const asked: string[] = [];
    class Watched extends Pool {
      override executeCommand(name: string, ...args: string[]): Promise<unknown> {
        asked.push(name);
        return super.executeCommand(name, ...args);
      }
    }
    await using({ pool: Watched }, async (cluster) => {
      expect(cluster.getPoolForHost(0)).toBeInstanceOf(Watched);
      expect(await cluster.getPoolForHost(0).executeCommand('PING')).toBe('PONG');
      expect(await cluster.getRoutingClient().get('k')).toBeNull();
      expect(cluster.getPoolForHost(0).connections).toBe(1);
    });
    expect(asked).toEqual(['PING']);
  },
  async RESP() {
    for (const RESP of [2, 3] as const) {
      // The types of a cluster say its protocol; here it is only known when it runs.
      await using({ RESP } as Options, async (cluster) => {
        expect(await clientInfo(cluster)).toContain(` resp=${RESP}`);
        const raw = await cluster.getPoolForHost(0).executeCommand('CONFIG', 'GET', 'port');
        expect(raw).toEqual(RESP === 3 ? { port: '0' } : ['port', '0']);
        expect(await cluster.all((c) => c.configGet('port'))).toEqual(
          new Map([[0, { port: '0' }]]),
        );
      });
    }
  },
  async typeMapping() {
    const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String };
    await using({ typeMapping }, async (cluster) => {
      const client = cluster.getRoutingClient();
      await client.set('t', 'v');
      const expected = Buffer.from('v');
      expect(await client.get('t')).toEqual(expected);
      expect(await client.exists('t')).toBe('1');
      expect(await cluster.map((c) => c.get('t'))).toEqual(expected);
      expect(await cluster.all((c) => c.get('t'))).toEqual(new Map([[0, expected]]));
      expect(await cluster.fanout((c) => c.targetKey('t').get('t'))).toEqual(expected);
      expect(await cluster.getLocalClient(0).get('t')).toEqual(expected);
      expect(await cluster.getPoolForHost(0).executeCommand('GET', 't')).toEqual(expected);
      expect((await cluster.executeCommands({ t: [['GET', 't']] })).t[0]?.value).toEqual(expected);
      await client.del('t');
    });
  },
  async scripts() {
    const mine = defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: "return 'of ' .. KEYS[1]",
      parseCommand: parseKey,
      transformReply: (reply: string) => reply.toUpperCase(),
    });
    await using({ scripts: { mine } }, async (cluster) => {
      const client = cluster.getRoutingClient() as unknown as Record<
        string,
        (key: string) => Promise<unknown>
      >;
      expect(await client['mine']?.('k')).toBe('OF K');
    });
  },
  async functions() {
    const direct = await connectDirect(file.servers[0]!);
    await direct.functionLoad(
      "#!lua name=lib\nredis.register_function('mine', function(keys) return 'f ' .. keys[1] end)",
    );
    direct.destroy();
    const mine = {
      NUMBER_OF_KEYS: 1,
      parseCommand: parseKey,
      transformReply: (reply: string) => reply.toUpperCase(),
    };
    await using({ functions: { lib: { mine } } }, async (cluster) => {
      const client = cluster.getRoutingClient() as unknown as {
        lib: { mine(key: string): Promise<unknown> };
      };
      expect(await client.lib.mine('k')).toBe('F K');
    });
  },
  async modules() {
    const length = {
      parseCommand(parser: CommandParser, key: string) {
        parser.push('STRLEN');
        parser.pushKey(key);
      },
      transformReply: (reply: number) => `${reply} bytes`,
    };
    await using({ modules: { mod: { length } } }, async (cluster) => {
      const client = cluster.getRoutingClient() as unknown as {
        mod: { length(key: string): Promise<unknown> };
      };
      expect(await client.mod.length('nothing')).toBe('0 bytes');
    });
  },
};

describe('the option of a cluster', () => {
  it.each(Object.entries(effects))('%s has its effect', (_, effect) => effect());

  it('has an effect here for every name that there is', () => {
    let message = '';
    try {
      new Cluster({ hosts: {}, nonsense: 1 } as unknown as ClusterOptions);
    } catch (error) {
      message = (error as Error).message;
    }
    const [, list = ''] = /options are (.*)$/s.exec(message) ?? [];
    const names = [...list.matchAll(/\w+/g)].map(([name]) => name).sort();
    expect(names).toEqual(Object.keys(effects).sort());
  });
});
