/** executeCommands: lists of commands by routing key, plain ones and scripts. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { ListedCommand } from '../../src/clients/command-list.js';
import { MapError, ReplyError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import type { Key } from '../../src/util/key.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
});
afterEach(async () => {
  await cluster.all((c) => c.flushDb());
  await cluster.all((c) => c.scriptFlush());
});
afterAll(() => direct.destroy());

const echo = new Script('return {KEYS, ARGV}');
/** Counts its runs, and says what was there when it ran. */
const count = new Script("return {redis.call('INCR', KEYS[1]), redis.call('GET', KEYS[2] or '-')}");

/** The values of lists, all of which have to be resolved. */
const values = (promises: RbPromise<unknown>[] | undefined) =>
  promises?.map((promise) => {
    expect(promise).toBeInstanceOf(RbPromise);
    expect(promise.isResolved).toBe(true);
    return promise.value;
  });

describe('Script', () => {
  it('has its source and the SHA-1 of it, the one that the server knows', async () => {
    const source = 'return "ünï"';
    const script = new Script(source);
    expect(script.source).toBe(source);
    expect(script.sha).toMatch(/^[0-9a-f]{40}$/);
    expect(await direct.scriptLoad(source)).toBe(script.sha);
  });

  it('refuses a source that is no text', () => {
    expect(() => new Script(5 as never)).toThrow(TypeError);
  });
});

describe('executeCommands', () => {
  it('answers the shape of a record, with a promise for each command in order', async () => {
    const results = await cluster.executeCommands({
      foo: [
        ['SET', 'foo', '1'],
        ['get', 'foo'],
        ['DEL', 'foo', 'other'],
      ],
      bar: [['PING']],
      none: [],
    });
    expect(Object.keys(results)).toEqual(['foo', 'bar', 'none']);
    expect(values(results.foo)).toEqual(['OK', '1', 1]);
    expect(values(results.bar)).toEqual(['PONG']);
    expect(results.none).toEqual([]);
    expect(await cluster.executeCommands({})).toEqual({});
  });

  it('answers the shape of a Map, whose keys may be numbers and bytes', async () => {
    const bytes = Buffer.from([0, 255]);
    const commands = (): ListedCommand[] => [
      ['INCR', 'n'],
      [echo, ['k'], [1, 2n, 'x', bytes]],
    ];
    const mapping = new Map<Key, ListedCommand[]>([
      [17, commands()],
      ['17', commands()],
      [12345678901234567890n, commands()],
      [bytes, commands()],
    ]);
    const results = await cluster.executeCommands(mapping);
    expect(results).toBeInstanceOf(Map);
    expect([...results.keys()]).toEqual([...mapping.keys()]);
    expect(values(results.get(17))?.[1]).toEqual([['k'], ['1', '2', 'x', expect.any(String)]]);
    // 17 and '17' are one key, so both lists ran on its host.
    const counts = [values(results.get(17))?.[0], values(results.get('17'))?.[0]];
    expect(counts.sort()).toEqual([1, 2]);
  });

  it('sends to the host of the routing key, whatever keys the commands have', async () => {
    const [one, other] = [keyOn(cluster, 1), keyOn(cluster, 6)];
    await cluster.executeCommands({ [one]: [['MSET', other, '1', 'x', '2']] });
    expect((await cluster.all((c) => c.exists([other, 'x']))).get(1)).toBe(2);
    expect(await cluster.getRoutingClient().exists(other)).toBe(0);
  });

  it('takes lists from any iterable, and integer keys of a record', async () => {
    const list = function* (): Generator<ListedCommand> {
      yield ['PING'];
      yield [echo, new Set(['a']), [1].values()];
      yield [echo];
      yield [echo, ['a']];
    };
    const results = await cluster.executeCommands({ 5: list() });
    expect(values(results[5])).toEqual(['PONG', [['a'], ['1']], [[], []], [['a'], []]]);
  });

  it('has the replies of the decoder, in the types of the cluster', async () => {
    const { RESP_TYPES } = await import('@redis/client');
    const typed = await file.setup.makeCluster({
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String },
    });
    const run = () =>
      typed.executeCommands({
        k: [
          ['SET', 'k', 'v'],
          ['GET', 'k'],
          ['STRLEN', 'k'],
          [echo, ['a'], []],
          [echo, [], [1]],
        ],
      });
    expect(values((await run()).k)).toEqual([
      'OK',
      Buffer.from('v'),
      '1',
      [[Buffer.from('a')], []],
      [[], [Buffer.from('1')]],
    ]);
    // The check for scripts is read right in whatever types the replies are.
    const server = Math.floor(typed.getRouter().getHostForKey('k') / 4);
    const its = await connectDirect(file.servers[server]!);
    expect(await commandsDuring(its, run)).not.toHaveProperty('script|load');
    its.destroy();
    await typed.disconnectPools();
  });

  it('keeps the order of each list, scripts and plain commands in turn', async () => {
    const lists = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `list${i}`,
        [
          ['SET', `v${i}`, 'a'],
          [count, [`n${i}`, `v${i}`], []],
          ['APPEND', `v${i}`, 'b'],
          ['APPEND', `v${i}`, 'c'],
          [count, [`n${i}`, `v${i}`], []],
          [count, [`n${i}`, `v${i}`], []],
          ['GET', `n${i}`],
        ] satisfies ListedCommand[],
      ]),
    );
    const results = await cluster.executeCommands(lists);
    for (const list of Object.values(results)) {
      expect(values(list)).toEqual(['OK', [1, 'a'], 2, 3, [2, 'abc'], [3, 'abc'], '3']);
    }
  });

  it('merges neighbouring GETs and plain SETs, unless autoBatch is off', async () => {
    const [key = '', other = ''] = keysOn(cluster, 0, 2);
    const lists = () => ({
      [key]: [
        ['SET', 'a', 1],
        ['set', 'b', 2],
        ['GET', 'a'],
        ['GET', 'b'],
      ] satisfies ListedCommand[],
      [other]: [
        ['GET', 'b'],
        ['SET', 'c', 3, 'EX', 100],
      ] satisfies ListedCommand[],
    });
    const expected = [
      ['OK', 'OK', '1', '2'],
      ['2', 'OK'],
    ];
    const run = (autoBatch?: boolean) =>
      commandsDuring(direct, async () => {
        const results = await cluster.executeCommands(lists(), { autoBatch });
        expect(Object.values(results).map(values)).toEqual(expected);
      });
    expect(await run()).toEqual({ mset: 1, mget: 1, set: 1 });
    expect(await run(false)).toEqual({ set: 3, get: 3 });
  });

  it('lets a blocking command of one list hold up neither other lists nor other callers', async () => {
    const [key = '', other = ''] = keysOn(cluster, 0, 2);
    const call = cluster.executeCommands({
      [key]: [['BLPOP', 'q', 0]],
      [other]: [
        ['INCR', 'n'],
        [echo, [], ['ran']],
        ['RPUSH', 'done', 1],
      ],
    });
    await condition(async () => (await direct.exists('done')) === 1);
    expect(await cluster.getRoutingClient().exists(key)).toBe(0);
    await direct.rPush('q', 'go');
    expect(values((await call)[key])).toEqual([['q', 'go']]);
  });

  it('sends a list without scripts whole', async () => {
    const key = keyOn(cluster, 0);
    const call = cluster.executeCommands({
      [key]: [['BLPOP', 'q', 0], ['RPUSH', 'q', 'by myself'], ['PING']],
    });
    expect(values((await call)[key])).toEqual([['q', 'by myself'], 1, 'PONG']);
  });

  it('takes bytes as they are at the call, also those that are sent behind a script', async () => {
    const scratch = Buffer.from('before');
    const call = cluster.executeCommands({
      k: [
        ['SET', 'first', scratch],
        [echo, [scratch], [scratch]],
        ['SET', scratch, scratch],
        ['MGET', 'first', 'before', 'after!'],
      ],
    });
    scratch.write('after!');
    expect(values((await call).k)).toEqual([
      'OK',
      [['before'], ['before']],
      'OK',
      ['before', 'before', null],
    ]);
  });

  it('runs a list of 10,000 scripts', async () => {
    const many = Array.from({ length: 10_000 }, (): ListedCommand => [count, ['n'], []]);
    const { k } = await cluster.executeCommands({ k: many });
    expect(k?.at(-1)?.value).toEqual([10_000, null]);
    expect(k?.every(({ value }, i) => (value as number[])[0] === i + 1)).toBe(true);
  });

  it('keeps no more than maxConcurrency hosts busy', async () => {
    const lists = new Map(
      Array.from({ length: 8 }, (_, id): [string, ListedCommand[]] => [
        keyOn(cluster, id),
        [['BLPOP', 'q', 0], [echo]],
      ]),
    );
    const call = cluster.executeCommands(lists, { maxConcurrency: 2 });
    const busy = () => [...Array(8).keys()].filter((id) => cluster.getPoolForHost(id).pending > 0);
    let most = 0;
    for (let id = 0; id < 8; id++) {
      await condition(() => busy().includes(id));
      most = Math.max(most, busy().length);
      await cluster.getPoolForHost(id).executeCommand('RPUSH', 'q', 'x');
    }
    await call;
    expect(most).toBe(2);
  });
});

describe('scripts', () => {
  it('are checked once for each host and script, and loaded only where they are missing', async () => {
    const keys = [...keysOn(cluster, 0, 3), ...keysOn(cluster, 1, 3)];
    const run = () =>
      commandsDuring(direct, () =>
        cluster.executeCommands(
          Object.fromEntries(
            keys.map((key) => [
              key,
              [[echo], [count, ['n'], []], [echo]] satisfies ListedCommand[],
            ]),
          ),
        ),
      );
    const first = await run();
    // Two hosts, two scripts each. The scripts of a server are those of all its databases.
    expect(first).toMatchObject({ 'script|exists': 2, evalsha: 18, incr: 6 });
    expect(first['script|load']).toBeLessThanOrEqual(4);
    expect(first).not.toHaveProperty('eval');
    const second = await run();
    expect(second).toMatchObject({ 'script|exists': 2, evalsha: 18 });
    expect(second).not.toHaveProperty('script|load');
    expect(second).not.toHaveProperty('eval');
  });

  it('are not checked where there are none', async () => {
    const calls = await commandsDuring(direct, () =>
      cluster.executeCommands({ [keyOn(cluster, 0)]: [['PING']] }),
    );
    expect(calls).toEqual({ ping: 1 });
  });

  it('that fail to compile, or when they run, reject their own promises; the list goes on', async () => {
    const broken = new Script('this is no Lua');
    const failing = new Script("redis.call('INCR', 'n'); return redis.call('HGET', 'n', 'f')");
    const error = await failureOf(
      cluster.executeCommands({
        k: [[broken], ['PING'], [failing], ['GET', 'n'], [echo, [], ['x']], [broken]],
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ failed: 3, total: 6 });
    const { k } = error['results'] as { k: RbPromise<unknown>[] };
    expect(k.map(({ isRejected }) => isRejected)).toEqual([true, false, true, false, false, true]);
    expect(k[0]?.reason).toBeInstanceOf(ReplyError);
    expect((k[0]?.reason as Error).message).toMatch(/compiling script/);
    expect((k[2]?.reason as Error).message).toMatch(/WRONGTYPE/);
    // It ran once.
    expect(k[3]?.value).toBe('1');
    expect(k[4]?.value).toEqual([[], ['x']]);
  });

  it('need no permission to be checked and loaded', async () => {
    await direct.aclSetUser('plain', ['on', 'nopass', '~*', '+@all', '-script']);
    const limited = await file.setup.makeCluster({ hostDefaults: { username: 'plain' } });
    const key = keyOn(limited, 0);
    const results = await limited.executeCommands({
      [key]: [
        [echo, [], [1]],
        [echo, [], [2]],
      ],
    });
    expect(values(results[key])).toEqual([
      [[], ['1']],
      [[], ['2']],
    ]);
    await limited.disconnectPools();
    await direct.aclDelUser('plain');
  });
});

describe('a command that fails', () => {
  it('rejects the call with a MapError, also a single one, whose results are the whole shape', async () => {
    const error = await failureOf(
      cluster.executeCommands({
        foo: [
          ['SET', 'foo', 'text'],
          ['INCR', 'foo'],
          ['GET', 'foo'],
        ],
        bar: [['PING']],
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 1, total: 4 });
    const results = error['results'] as Record<string, RbPromise<unknown>[]>;
    expect(Object.keys(results)).toEqual(['foo', 'bar']);
    const [set, incr, get] = results['foo']!;
    expect([set?.value, get?.value, results['bar']?.[0]?.value]).toEqual(['OK', 'text', 'PONG']);
    expect(incr?.isRejected).toBe(true);
    expect(error['errors']).toEqual([incr?.reason]);
    expect(incr?.reason).toMatchObject({
      code: 'RB_REPLY',
      command: 'INCR',
      hostId: cluster.getRouter().getHostForKey('foo'),
    });
  });

  it('of several hosts has the errors in the order of issue, and Map results for a Map', async () => {
    const error = await failureOf(
      cluster.executeCommands(
        new Map<Key, ListedCommand[]>([
          [keyOn(cluster, 5), [['NOSUCHCOMMAND', 'x']]],
          [keyOn(cluster, 0), [['INCR'], ['PING']]],
        ]),
      ),
    );
    expect(error).toMatchObject({ failed: 2, total: 3 });
    const errors = error['errors'] as ReplyError[];
    expect(errors.map(({ hostId }) => hostId)).toEqual([5, 0]);
    expect(error['message']).toMatch(
      /^2 of 3 commands failed \(host 5: ERR .*NOSUCHCOMMAND.*; host 0: INCR: .*\)$/,
    );
    expect(error['results']).toBeInstanceOf(Map);
    expect(
      (error['results'] as Map<Key, RbPromise<unknown>[]>).get(keyOn(cluster, 0)),
    ).toHaveLength(2);
  });
});
