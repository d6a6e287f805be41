/** Commands that block have a connection of their own, and hold nobody up. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cluster, Script } from '../../src/index.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 1 });
let cluster: Cluster;
let direct: DirectClient;
let list: string;
let other: string;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
  [list = '', other = ''] = keysOn(cluster, 0, 2);
});
afterAll(() => direct.destroy());

const blocked = async () => Number(/blocked_clients:(\d+)/.exec(await direct.info('clients'))?.[1]);

type Method = (...args: unknown[]) => PromiseLike<unknown>;
type AnyClient = Record<string, Method>;

const blocking: [string, (client: AnyClient, key: string) => PromiseLike<unknown>, unknown][] = [
  ['blPop', (c, key) => c['blPop']!(key, 0), { key: '', element: 'v' }],
  ['brPop', (c, key) => c['brPop']!([key], 0), { key: '', element: 'v' }],
  ['blmPop', (c, key) => c['blmPop']!(0, key, 'LEFT'), ['', ['v']]],
  ['BLPOP, raw', (c, key) => c['executeCommand']!('BLPOP', key, 0), ['', 'v']],
  ['blpop, in lower case', (c, key) => c['executeCommand']!('blpop', key, '0'), ['', 'v']],
];

describe('a blocking command', () => {
  it.each(blocking)('%s on the routing client does not hold up others', async (_, issue, reply) => {
    const client = cluster.getRoutingClient();
    const popped = issue(client as unknown as AnyClient, list);
    await condition(async () => (await blocked()) === 1);
    expect(await client.set(other, '1')).toBe('OK');
    expect(await cluster.map((c) => c.get(other))).toBe('1');
    expect(await client.rPush(list, 'v')).toBe(1);
    expect(await popped).toEqual(
      Array.isArray(reply) ? [list, reply[1]] : { key: list, element: 'v' },
    );
  });

  it.each(blocking)('%s in a map does not hold up others', async (_, issue, reply) => {
    const answer = await cluster.map(async (c) => {
      const popped = issue(c as unknown as AnyClient, list);
      await condition(async () => (await blocked()) === 1);
      expect(await c.incr(other)).toBeGreaterThan(0);
      c.rPush(list, 'v');
      return popped;
    });
    expect(answer).toEqual(Array.isArray(reply) ? [list, reply[1]] : { key: list, element: 'v' });
    await direct.del(other);
  });

  it('issued with others in one tick takes nothing of their order', async () => {
    const client = cluster.getRoutingClient();
    const [, popped, , length] = await Promise.all([
      client.set(other, '1'),
      client.blPop(list, 5),
      client.rPush(list, ['a', 'b']),
      client.incr(other),
      client.del(other),
    ]);
    expect(popped).toEqual({ key: list, element: 'a' });
    expect(length).toBe(2);
    expect(await client.lPop(list)).toBe('b');
  });

  it('of a stream: XREAD with BLOCK blocks, XREAD without it does not', async () => {
    const client = cluster.getRoutingClient();
    const pool = cluster.getPoolForHost(0);
    await client.xAdd(list, '1-1', { f: 'v' });
    await cluster.disconnectPools();
    expect(await client.xRead({ key: list, id: '0' })).toHaveLength(1);
    expect(pool.connections).toBe(1);
    const waiting = client.xRead({ key: list, id: '$' }, { BLOCK: 0 });
    await condition(async () => (await blocked()) === 1);
    expect(pool.connections).toBe(2);
    await client.xAdd(list, '1-2', { f: 'w' });
    expect(await waiting).toMatchObject([{ messages: [{ id: '1-2' }] }]);
    expect(await client.executeCommand('XREAD', 'BLOCK', 1, 'STREAMS', list, '$')).toBe(null);
    await client.del(list);
  });

  it('uses its connection again, and many at once have one each', async () => {
    await cluster.disconnectPools();
    const client = cluster.getRoutingClient();
    const pool = cluster.getPoolForHost(0);
    for (let i = 0; i < 5; i++) expect(await client.blPop(list, 0.001)).toBe(null);
    expect(pool.connections).toBe(1);
    const many = Array.from({ length: 10 }, () => client.blPop(list, 0));
    await condition(async () => (await blocked()) === 10);
    expect(pool.pending).toBe(10);
    expect(await client.exists(other)).toBe(0);
    await client.rPush(
      list,
      Array.from({ length: 10 }, (_, i) => String(i)),
    );
    const elements = (await Promise.all(many)).map((reply) => Number(reply?.element));
    expect(elements.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Of the idle ones, only a few are kept.
    expect(pool.connections).toBeLessThanOrEqual(5);
  });

  it('counts as pending until it is answered', async () => {
    const load = () => cluster.health().get(0);
    const popped = cluster.getRoutingClient().blPop(list, 0);
    await condition(async () => (await blocked()) === 1);
    expect(load()).toMatchObject({ pendingCommands: 1 });
    expect(load()!.pendingBytes).toBeGreaterThan(0);
    await direct.rPush(list, 'v');
    await popped;
    expect(load()).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
  });

  it('that is cancelled ends on the server, too', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    const promise = client.blPop(list, 0);
    await condition(async () => (await blocked()) === 1);
    client.cancel();
    expect(promise.reason).toMatchObject({ code: 'RB_CANCELLED', maybeExecuted: true });
    await condition(async () => (await blocked()) === 0);
    await client.rPush(list, 'still here');
    expect(await client.lPop(list)).toBe('still here');
  });

  it('that a callback issues amidst a cancel is not given up with what is cancelled', async () => {
    const mapping = cluster.getRoutingClient().getMappingClient();
    const others = cluster.getRoutingClient();
    const cancelled = [mapping.blPop(list, 0), mapping.blPop(list, 0)];
    await condition(async () => (await blocked()) === cancelled.length);
    let issued: PromiseLike<unknown>[] = [];
    cancelled[0]!.done(undefined, () => {
      void cluster.disconnectPools();
      issued = cancelled.map(() => others.blPop(list, 0));
    });
    mapping.cancel();
    await condition(async () => (await blocked()) === issued.length);
    await direct.rPush(list, ['one', 'two']);
    const popped = (await Promise.all(issued)) as { element: string }[];
    expect(popped.map(({ element }) => element).sort()).toEqual(['one', 'two']);
  });

  it('refused by the server is an error as any other', async () => {
    const client = cluster.getRoutingClient();
    const error = await failureOf(client.blPop(list, -1));
    expect(error).toMatchObject({ code: 'RB_REPLY', command: 'BLPOP', hostId: 0 });
    await client.set(other, 'text');
    expect(await failureOf(client.blPop(other, 0))).toMatchObject({ kind: 'WRONGTYPE' });
    await client.del(other);
    expect(await blocked()).toBe(0);
  });
});

describe('blocking commands that have no room yet', () => {
  it.each([
    ['of the host', { onOverload: 'wait', maxPendingCommands: 2 } as const, {}],
    ['for the turn of the host', {}, { maxConcurrency: 1 }],
  ])('are not waited for, nor sent, when the cluster is disposed of: %s', async (_, pool, call) => {
    const unixSocketPath = file.servers[0]!.socketPath;
    const own = new Cluster({
      hosts: [0, 1].map((db) => ({ hostId: db, unixSocketPath, db })),
      // Longer than the test may take.
      poolOptions: { connectTimeout: 60_000, ...pool },
    });
    const lists = keysOn(own, 0, 3).concat(keysOn(own, 1, 3));
    const calls = own.map((c) => lists.map((key) => c.blPop(key, 0)), call);
    const failed = failureOf(calls);
    await condition(async () => (await blocked()) > 0);
    await own[Symbol.asyncDispose]();
    const { errors } = (await failed) as unknown as { errors: { maybeExecuted: boolean }[] };
    expect(errors.map(({ maybeExecuted }) => maybeExecuted)).toContain(false);
    for (const error of errors) expect(error).toMatchObject({ code: 'RB_CONNECTION' });
    await condition(async () => (await blocked()) === 0);
  });
});

describe('a list that would block', () => {
  it('is not waited for when the cluster is disposed of', async () => {
    const own = new Cluster({
      hosts: [{ hostId: 0, unixSocketPath: file.servers[0]!.socketPath }],
      // Longer than the test may take.
      poolOptions: { connectTimeout: 60_000 },
    });
    const [key = ''] = keysOn(own, 0, 1);
    await own.getRoutingClient().set(key, 'value');
    const script = new Script('return 1');
    const { failed, ended } = await whileStopped([file.servers[0]!], () => {
      const issued = own.executeCommands({
        [key]: [
          [script, [key], []],
          ['BLPOP', key, 0],
        ],
      });
      return { failed: failureOf(issued), ended: own[Symbol.asyncDispose]() };
    });
    await ended;
    expect(await failed).toMatchObject({
      errors: [{ code: 'RB_CONNECTION', command: 'BLPOP', maybeExecuted: false }],
    });
    expect(await blocked()).toBe(0);
    // A cluster may be used again.
    const client = own.getRoutingClient();
    await client.del(key);
    await client.rPush(key, 'v');
    expect(await client.blPop(key, 0)).toEqual({ key, element: 'v' });
    await own[Symbol.asyncDispose]();
  });
});

describe('WAIT', () => {
  it('names no key, so it is not for these clients', async () => {
    await expect(cluster.getRoutingClient().wait(0, 1)).rejects.toMatchObject({
      code: 'RB_UNROUTABLE',
    });
  });
});
