/**
 * A program as someone writes it who has installed the package. It is type-checked in a project of
 * its own, under both ways in which module names are resolved.
 */

import {
  BaseRouter,
  Cluster,
  type ClusterOptions,
  ConnectionError,
  type defineScript,
  FanoutClient,
  FanoutError,
  type HostConfig,
  type HostInfo,
  type Key,
  Ketama,
  MapError,
  type LocalClient,
  MappingClient,
  PartitionRouter,
  Pool,
  RbError,
  RbPromise,
  ReplyError,
  RESP_TYPES,
  type RoutingClient,
  Script,
  TimeoutError,
} from 'redis-blaster';
import { makeTestCluster, TestSetup } from 'redis-blaster/testing';

type Equal<A, B> =
  (<T>(it: T) => T extends A ? 1 : 2) extends <T>(it: T) => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;

/** Compiles only if the type of the argument is exactly the one named. */
function exactly<Expected>() {
  return <Actual>(
    _actual: Actual,
    ..._same: Equal<Actual, Expected> extends true ? [] : [never]
  ): void => undefined;
}

/** Compiles only with a type that is not `any`. */
function isNoAny<T>(..._proof: IsAny<T> extends true ? [never] : []): T | undefined {
  return undefined;
}

const hosts: Record<number, HostConfig> = { 0: { port: 6379 }, 1: { port: 6380 } };
const options: ClusterOptions = { hosts, hostDefaults: { host: '127.0.0.1' } };
const cluster = new Cluster(options);

export async function everydayUse(keys: string[]): Promise<void> {
  const client = cluster.getRoutingClient();
  exactly<string | null>()(await client.get('key'));
  exactly<string | null>()(await client.set('key', 'value', { EX: 10 }));
  exactly<Record<string, string>>()(await client.hGetAll('key'));
  exactly<{ value: string; score: number }[]>()(await client.zRangeWithScores('key', 0, -1));
  exactly<Promise<number>>()(client.incr('key'));
  const local: LocalClient = cluster.getLocalClient(0);
  exactly<Promise<string | null>>()(local.get('key'));
  exactly<unknown>()(await client.executeCommand('OBJECT', 'FREQ', 'key'));

  const promises = await cluster.map(
    (c) => {
      const out = new Map<string, RbPromise<string | null>>();
      for (const key of keys) out.set(key, c.get(key));
      return out;
    },
    { timeout: 1000, signal: AbortSignal.timeout(500), maxConcurrency: 64, autoBatch: true },
  );
  exactly<Map<string, RbPromise<string | null>>>()(promises);
  for (const [key, promise] of promises) {
    exactly<string>()(key);
    exactly<string | null | undefined>()(promise.value);
  }
  exactly<(string | null)[]>()(
    await cluster.map((c) => RbPromise.all(keys.map((key) => c.get(key)))),
  );
  exactly<{ name: string | null; visits: number }>()(
    await cluster.map((c) => RbPromise.all({ name: c.get('name'), visits: c.incr('visits') })),
  );
  exactly<Map<number, string>>()(await cluster.all((c) => c.info()));
  exactly<Map<number, string[]>>()(cluster.groupByHost(keys));
}

export async function ofItsOwn(client: RoutingClient): Promise<void> {
  await using mapping = client.getMappingClient({ autoBatch: false });
  exactly<RbPromise<(string | null)[]>>()(mapping.mGet(['a', 'b']));
  exactly<RbPromise<number>>()(mapping.get('a').then((value) => value?.length ?? 0));
  await mapping.join({ timeout: 100 });
  mapping.cancel();
  visit(mapping);
}

function visit(client: MappingClient): void {
  client.get('a').done(
    (value) => exactly<string | null>()(value),
    (reason) => exactly<unknown>()(reason),
  );
}

export async function protocolsAndMappings(): Promise<void> {
  const old = new Cluster({ hosts, RESP: 2 });
  exactly<Cluster<2>>()(old);
  exactly<Record<string, string>>()(await old.getRoutingClient().hGetAll('key'));
  const asBytes = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;
  const bytes = new Cluster({ hosts, typeMapping: asBytes });
  exactly<Buffer | null>()(await bytes.getRoutingClient().get('key'));
  exactly<Record<string, Buffer>>()(await bytes.map((c) => c.hGetAll('key')));
  exactly<Buffer | null>()(await cluster.getRoutingClient().withTypeMapping(asBytes).get('key'));
  exactly<Buffer | null>()(await cluster.map((c) => c.withTypeMapping(asBytes).get('key')));
}

export function nothingIsAny(): void {
  isNoAny<RoutingClient>();
  isNoAny<MappingClient>();
  isNoAny<RoutingClient['get']>();
  isNoAny<MappingClient['get']>();
  isNoAny<Parameters<RoutingClient['set']>>();
  isNoAny<Parameters<RoutingClient['set']>[2]>();
  isNoAny<Awaited<ReturnType<RoutingClient['xRead']>>>();
  isNoAny<Awaited<ReturnType<MappingClient['geoSearchWith']>>>();
  isNoAny<Awaited<ReturnType<MappingClient['eval']>>>();
  isNoAny<HostInfo>();
  isNoAny<Pool>();
  isNoAny<typeof defineScript>();
}

export function wrongUses(client: RoutingClient, mapping: MappingClient): void {
  // @ts-expect-error a key is missing
  void client.get();
  // @ts-expect-error null is no key
  void mapping.get(null);
  // @ts-expect-error an object is no value
  void client.set('k', {});
  // @ts-expect-error no such option
  void client.set('k', 'v', { EXX: 1 });
  // @ts-expect-error no such command
  void mapping.getAll('k');
  // @ts-expect-error transactions are for the local client
  void client.multi();
  // @ts-expect-error no such option
  new Cluster({ hosts, hots: 1 });
  // @ts-expect-error no such option of a call
  void cluster.map(() => 1, { timeOut: 1 });
  // @ts-expect-error maps make their clients themselves
  new MappingClient();
  // @ts-expect-error so do fan-outs
  new FanoutClient();
}

class ByLength extends BaseRouter {
  override getHostForKey(key: Key): number {
    return String(key).length % this.cluster.hosts.size;
  }
}

class Counting extends Pool {
  override get pending(): number {
    return super.pending;
  }
}

export function ofOnesOwn(): Cluster {
  exactly<string | null>()(new Ketama(['a', 'b'], { a: 2 }).getNode('key'));
  exactly<string>()(new Script('return 1').sha);
  new Cluster({ hosts, router: PartitionRouter });
  return new Cluster({ hosts, router: ByLength, pool: Counting });
}

export function described(error: unknown): string | number | undefined {
  if (error instanceof MapError) return error.failed;
  if (error instanceof FanoutError) return error.errors.size;
  if (error instanceof ReplyError) return error.kind;
  if (error instanceof TimeoutError) return error.hosts?.length;
  if (error instanceof ConnectionError) return error.code;
  return error instanceof RbError ? error.hostId : undefined;
}

export async function tested(): Promise<void> {
  await using setup = new TestSetup({ servers: 2, databasesEach: 4 });
  await setup.waitForServers(1000);
  exactly<Cluster>()(await setup.makeCluster());
  exactly<string | undefined>()(setup.servers[0]?.socketPath);
  const answer = await makeTestCluster({ servers: 1 }, (own) => own.getRoutingClient().get('key'));
  exactly<string | null>()(answer);
}
