/** Checked by tsc alone: a cluster's options, and what its calls resolve to. */

import { RESP_TYPES } from '@redis/client';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { BaseRouter } from '../../src/routers/router.js';
import type { Key } from '../../src/util/key.js';
import { exactly } from './exact.types-test.js';

declare const cluster: Cluster;
declare const keys: readonly string[];

type Text = string | null;

export async function results(): Promise<void> {
  exactly<number>()(await cluster.map(() => 5));
  exactly<Promise<void>>()(cluster.map(() => {}));
  exactly<Text>()(await cluster.map((c) => c.get('k')));
  exactly<number>()(await cluster.map((c) => c.get('k').then((value) => value?.length ?? 0)));
  exactly<Text[]>()(await cluster.map((c) => RbPromise.all(keys.map((key) => c.get(key)))));
  exactly<{ a: Text; n: number }>()(
    await cluster.map((c) => RbPromise.all({ a: c.get('a'), n: c.incr('n') })),
  );
  exactly<Text>()(await cluster.map(async (c) => c.get('k')));
  exactly<number>()(await cluster.map(async (c) => Number(await c.get('k'))));
  exactly<RbPromise<Text>[]>()(await cluster.map((c) => keys.map((key) => c.get(key))));
  exactly<Map<string, RbPromise<Text>>>()(
    await cluster.map((c) => new Map(keys.map((key) => [key, c.get(key)]))),
  );
  exactly<{ a: RbPromise<Text> }>()(await cluster.map((c) => ({ a: c.get('a') })));
  exactly<Map<string, RbPromise<Text>>>()(
    await cluster.map(
      (client) => {
        const out = new Map<string, RbPromise<string | null>>();
        for (const key of keys) out.set(key, client.get(key));
        return out;
      },
      { timeout: 1000, signal: AbortSignal.timeout(5), maxConcurrency: 64, autoBatch: true },
    ),
  );
  await cluster.map((c) => {
    const client: MappingClient = c;
    return client.get('k');
  });
}

export async function otherMembers(): Promise<void> {
  const client = cluster.getRoutingClient({ autoBatch: false });
  exactly<Text>()(await client.map((c) => c.get('k')));
  const mapping = client.getMappingClient({ maxConcurrency: Infinity });
  exactly<Promise<void>>()(mapping.join({ timeout: 5 }));
  exactly<boolean>()(cluster.removeHost(1));
  exactly<Map<number, string[]>>()(cluster.groupByHost(keys));
  exactly<Map<number, (string | number)[]>>()(cluster.groupByHost(['a', 5] as (string | number)[]));
  exactly<Promise<void>>()(cluster.disconnectPools());
  exactly<string | undefined>()(cluster.hosts.get(0)?.password);
  exactly<unknown>()(await cluster.getPoolForHost(0).executeCommand('GET', 'k'));
  await using disposed = cluster;
  exactly<Cluster>()(disposed);
}

export async function protocolAndMapping(): Promise<void> {
  const old = new Cluster({ hosts: {}, RESP: 2 });
  exactly<Cluster<2>>()(old);
  exactly<Record<string, string>>()(await old.getRoutingClient().hGetAll('k'));
  const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;
  const bytes = new Cluster({ hosts: {}, typeMapping });
  exactly<Buffer | null>()(await bytes.getRoutingClient().get('k'));
  exactly<Buffer | null>()(await bytes.map((c) => c.get('k')));
  exactly<Text>()(await bytes.map((c) => c.withTypeMapping({}).get('k')));
  const mapping = bytes.getRoutingClient().getMappingClient();
  exactly<RbPromise<Record<string, Buffer>>>()(mapping.hGetAll('k'));
}

class Own extends BaseRouter {
  override getHostForKey(key: Key): number {
    return String(key).length;
  }
}

/** One whose author writes what it is made with. */
class Written extends BaseRouter {
  readonly #prefix: string;

  constructor(cluster: Cluster, { prefix }: { prefix: string }) {
    super(cluster);
    this.#prefix = prefix;
  }

  override getHostForKey(key: Key): number {
    return `${this.#prefix}${String(key)}`.length;
  }
}

export function accepted(): ClusterOptions[] {
  return [
    { hosts: {}, router: Written, routerOptions: { prefix: 'p' } },
    { hosts: {} },
    { hosts: { 0: { port: 6379 }, 1: { host: 'b', db: 2 } } },
    { hosts: new Map([[0, { unixSocketPath: '/run/0.sock' }]]) },
    { hosts: [{ hostId: 0, ssl: true, sslOptions: { ca: 'x' } }] },
    { hosts: new Set([{ hostId: 0 }]) },
    { hosts: ['redis://localhost:6379'] },
    { hosts: {}, hostDefaults: { credentials: async () => ({ password: 'p' }) } },
    { hosts: {}, hostDefaults: { credentials: () => ({ username: 'u', password: 'p' }) } },
    { hosts: {}, router: ConsistentHashingRouter },
    { hosts: {}, router: Own, routerOptions: { any: 'thing' } },
    {
      hosts: {},
      poolOptions: { keepAlive: false, reconnect: { minDelay: 1 }, onOverload: 'wait' },
    },
    { hosts: {}, poolOptions: { commandTimeout: undefined, maxPendingBytes: Infinity } },
    { hosts: {}, RESP: 3 },
  ];
}

export function refused(): void {
  // @ts-expect-error hosts are required
  new Cluster({});
  // @ts-expect-error no such option
  new Cluster({ hosts: {}, hots: {} });
  // @ts-expect-error the port is a number
  new Cluster({ hosts: { 0: { port: '6379' } } });
  // @ts-expect-error no such option of a host
  new Cluster({ hosts: { 0: { prot: 1 } } });
  // @ts-expect-error there is no RESP 4
  new Cluster({ hosts: {}, RESP: 4 });
  // @ts-expect-error a router is a class
  new Cluster({ hosts: {}, router: 'ketama' });
  // @ts-expect-error no such policy
  new Cluster({ hosts: {}, poolOptions: { onOverload: 'drop' } });
  // @ts-expect-error no such option of a pool
  new Cluster({ hosts: {}, poolOptions: { retry: 1 } });
  // @ts-expect-error the id is missing
  cluster.addHost({ port: 1 });
  // @ts-expect-error an id is a number
  cluster.getPoolForHost('0');
  // @ts-expect-error a callback is needed
  void cluster.map();
  // @ts-expect-error no such option of a call
  void cluster.map(() => 1, { timeOut: 1 });
  // @ts-expect-error hosts are for fan-outs
  void cluster.map(() => 1, { hosts: [0] });
  // @ts-expect-error a deadline is that of a join
  cluster.getRoutingClient().getMappingClient({ timeout: 1 });
  // @ts-expect-error hosts cannot be replaced
  cluster.hosts = new Map();
  // @ts-expect-error hosts are added by addHost
  const change: 'set' extends keyof typeof cluster.hosts ? true : false = true;
  console.log(change);
  // @ts-expect-error a boolean is no key
  cluster.groupByHost([true]);
}
