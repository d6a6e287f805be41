/** Fan-outs: one command to the hosts that are named, answered with a Map by host id. */

import { format, inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RoutingClient } from '../../src/clients/routing-client.js';
import type { Cluster } from '../../src/cluster.js';
import { BadHostSetup, FanoutError, ReplyError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
const ids = [0, 1, 2, 3, 4, 5, 6, 7];
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  // Connected before anything is counted.
  await cluster.all((c) => c.ping());
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

describe('all', () => {
  it('sends a command to every host and answers a Map by host id, in the order of the hosts', async () => {
    const pongs = await cluster.all((c) => c.ping());
    expect(pongs).toBeInstanceOf(Map);
    expect([...pongs]).toEqual(ids.map((id) => [id, 'PONG']));
    const infos = await cluster.getRoutingClient().all((c) => c.info('server'));
    expect([...infos.keys()]).toEqual(ids);
    for (const info of infos.values()) expect(info).toContain('redis_version');
  });

  it('has commands with keys and without, typed and raw', async () => {
    const answers = await cluster.all((c) =>
      RbPromise.all({
        set: c.set('everywhere', '1'),
        get: c.get('everywhere'),
        raw: c.executeCommand('INCR', 'everywhere'),
        size: c.dbSize(),
        several: c.mGet(['everywhere', 'nowhere']),
        flush: c.flushDb(),
      }),
    );
    for (const id of ids) {
      expect(Object.values(answers).map((map) => map.get(id))).toEqual([
        'OK',
        '1',
        2,
        1,
        ['2', null],
        'OK',
      ]);
    }
  });

  it('answers RbPromises that have their Map when the call ends', async () => {
    const promise = await cluster.all((c) => {
      const pinged = c.ping();
      expect(pinged).toBeInstanceOf(RbPromise);
      expect(pinged.isPending).toBe(true);
      return [pinged];
    });
    expect(promise[0]?.value).toEqual(new Map(ids.map((id) => [id, 'PONG'])));
  });

  it('counts a host that is added while the client exists, and one that is gone', async () => {
    const changing = await file.setup.makeCluster();
    const fan = changing.getRoutingClient().getFanoutClient('all');
    expect((await fan.ping()).size).toBe(8);
    changing.addHost({ hostId: 8, unixSocketPath: file.servers[0]?.socketPath });
    expect([...(await fan.ping()).keys()]).toEqual([...ids, 8]);
    changing.removeHost(3);
    expect((await fan.ping()).has(3)).toBe(false);
    expect((await fan.target('all').ping()).size).toBe(8);
    await changing.disconnectPools();
  });

  it('of no hosts answers an empty Map', async () => {
    const { Cluster } = await import('../../src/cluster.js');
    const empty = new Cluster({ hosts: {} });
    expect(await empty.all((c) => c.ping())).toEqual(new Map());
  });
});

describe('the hosts of a fan-out', () => {
  it.each<[string, () => Iterable<number>]>([
    ['an array', () => [1, 6]],
    ['a Set', () => new Set([1, 6])],
    ['a generator', () => [1, 6].values()],
    ['ids that are named twice', () => [1, 6, 1, 1]],
  ])('may be %s', async (_, hosts) => {
    const answers = await cluster.fanout((c) => RbPromise.all([c.ping(), c.dbSize()]), {
      hosts: hosts(),
    });
    for (const map of answers) expect([...map.keys()]).toEqual([1, 6]);
    expect((await cluster.fanout((c) => c.target(hosts()).ping())).size).toBe(2);
  });

  it('are sent each command once, also when they are named twice', async () => {
    const calls = await commandsDuring(direct, () =>
      cluster.fanout((c) => c.incr('n'), { hosts: [0, 0, 1, 0] }),
    );
    expect(calls).toEqual({ incr: 2 });
    await cluster.all((c) => c.del('n'));
  });

  it('may be none at all: an empty Map, and nothing is sent', async () => {
    const calls = await commandsDuring(direct, async () => {
      expect(await cluster.fanout((c) => c.ping(), { hosts: [] })).toEqual(new Map());
      expect(await cluster.all((c) => c.target(new Set<number>()).flushAll())).toEqual(new Map());
      expect(await cluster.getRoutingClient().getFanoutClient([]).ping()).toEqual(new Map());
    });
    expect(calls).toEqual({});
  });

  it.each<[string, unknown, string]>([
    ['an id that no host has', [0, 9], '9'],
    ['a text', [0, '1'], "'1'"],
    ['a fraction', [0, 0.5], '0.5'],
  ])('with %s reject the command as a BadHostSetup that names it', async (_, hosts, name) => {
    const calls = await commandsDuring(direct, async () => {
      const given = hosts as number[];
      for (const promise of [
        cluster.fanout((c) => c.incr('n'), { hosts: given }),
        cluster.all((c) => c.target(given).incr('n')),
        cluster.getRoutingClient().getFanoutClient(given).incr('n'),
      ]) {
        const error = await failureOf(promise);
        expect(error).toBeInstanceOf(BadHostSetup);
        expect(error).toMatchObject({ command: 'INCR', maybeExecuted: false });
        expect(error['message']).toContain(`the id ${name};`);
      }
    });
    expect(calls).toEqual({});
  });

  it.each<[string, unknown]>([
    ['a number', 3],
    ['a text', '01'],
    ['null', null],
  ])('that are %s reject the command as misuse', async (_, hosts) => {
    const error = await failureOf(cluster.fanout((c) => c.ping(), { hosts: hosts as never }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
    expect(error['message']).toContain("'all'");
  });

  it('that are named nowhere reject the command, which says what to do', async () => {
    for (const promise of [
      cluster.fanout((c) => c.ping()),
      cluster.getRoutingClient().fanout((c) => c.ping(), {}),
      cluster.getRoutingClient().getFanoutClient().ping(),
    ]) {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(BadHostSetup);
      expect(error['message']).toMatch(/hosts option.*target.*targetKey/);
    }
  });
});

describe('a command that fails on some hosts', () => {
  beforeAll(() => cluster.fanout((c) => c.rPush('mixed', 'x'), { hosts: [2, 5] }));
  afterAll(() => cluster.all((c) => c.del('mixed')));

  it('rejects with a FanoutError that has the errors and the values by host id', async () => {
    const error = await failureOf(cluster.all((c) => c.incr('mixed')));
    await cluster.fanout((c) => c.del('mixed'), { hosts: [0, 1, 3, 4, 6, 7] });
    expect(error).toBeInstanceOf(FanoutError);
    expect(error).toMatchObject({ code: 'RB_FANOUT', name: 'FanoutError', command: 'INCR' });
    const { errors, values } = error as unknown as FanoutError;
    expect([...errors.keys()]).toEqual([2, 5]);
    expect([...values]).toEqual([0, 1, 3, 4, 6, 7].map((id) => [id, 1]));
    for (const [hostId, reason] of errors) {
      expect(reason).toBeInstanceOf(ReplyError);
      const { address } = cluster.hosts.get(hostId)!;
      expect(reason).toMatchObject({ kind: 'WRONGTYPE', hostId, address, command: 'INCR' });
      expect(reason).not.toHaveProperty('maybeExecuted');
    }
    expect(error['message']).toMatch(
      /failed on 2 of 8 hosts.*host 2: INCR: WRONGTYPE.*host 5: INCR: WRONGTYPE/,
    );
  });

  it('keeps the values out of what is printed of it', async () => {
    const secret = 'a value that nobody may see';
    await cluster.fanout((c) => c.set('shown', secret), { hosts: [0] });
    await cluster.fanout((c) => c.rPush('shown', 'x'), { hosts: [1] });
    const error = await failureOf(cluster.fanout((c) => c.get('shown'), { hosts: [0, 1] }));
    await cluster.all((c) => c.del('shown'));
    expect((error as unknown as FanoutError).values).toEqual(new Map([[0, secret]]));
    for (const shown of [
      inspect(error, { depth: 9 }),
      format('%O', error),
      JSON.stringify(error),
    ]) {
      expect(shown).not.toContain(secret);
    }
  });

  it('can be handled inside the call, where the values of the others are', async () => {
    const sum = await cluster.all((c) =>
      c.exists('mixed').then(() =>
        c.get('mixed').catch((error: unknown) => {
          expect(error).toBeInstanceOf(FanoutError);
          return (error as FanoutError<string | null>).values;
        }),
      ),
    );
    // Alone in its batch, a GET is itself, with its WRONGTYPE.
    expect(sum.size).toBe(6);
  });

  it('together with another that fails rejects with a MapError of both', async () => {
    const error = await failureOf(
      cluster.fanout(
        (c) => {
          c.hGet('mixed', 'f');
          c.incr('mixed');
          c.ping();
        },
        { hosts: [2] },
      ),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 3 });
    for (const each of error['errors'] as unknown[]) expect(each).toBeInstanceOf(FanoutError);
  });

  it('is told with its hosts where several commands fail', async () => {
    const error = await failureOf(
      cluster.fanout((c) => {
        c.target([1, 2]).hGet('mixed', 'f');
        c.target([2, 5]).incr('mixed');
        c.targetKey('mixed').executeCommand('NOTHING');
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 3, total: 3 });
    expect(error['message']).toMatch(
      /^3 of 3 commands failed \(host 2: HGET: WRONGTYPE .*; host 5: INCR: WRONGTYPE .*; host \d: ERR unknown /,
    );
  });
});

describe('auto-batching', () => {
  const useAll = async (autoBatch?: boolean) =>
    commandsDuring(direct, () =>
      cluster.fanout(
        (c) => {
          c.set('a', '1');
          c.set('b', '2');
          const both = [c.get('a'), c.get('b'), c.get('c')];
          return RbPromise.all(both).then((maps) => {
            expect(maps.map((map) => map.get(0))).toEqual(['1', '2', null]);
            expect(maps.map((map) => map.get(1))).toEqual(['1', '2', null]);
          });
        },
        { hosts: [0, 1], autoBatch },
      ),
    );

  it('merges neighbouring GETs and SETs for each host', async () => {
    expect(await useAll()).toEqual({ mget: 2, mset: 2 });
    expect(await useAll(true)).toEqual({ mget: 2, mset: 2 });
  });

  it('can be turned off for a call, and for the client that opens it', async () => {
    expect(await useAll(false)).toEqual({ get: 6, set: 4 });
    const client = new RoutingClient(cluster, { autoBatch: false });
    const gets = (c: { get(key: string): unknown }) => {
      c.get('a');
      c.get('b');
    };
    expect(await commandsDuring(direct, () => client.all(gets))).toEqual({ get: 8 });
    expect(await commandsDuring(direct, () => client.all(gets, { autoBatch: true }))).toEqual({
      mget: 4,
    });
    const fan = client.getFanoutClient([0]);
    const one = () => RbPromise.all([fan.get('a'), fan.get('b')]);
    expect(await commandsDuring(direct, one)).toEqual({ get: 2 });
    const merging = client.getFanoutClient([0], { autoBatch: true });
    const two = () => RbPromise.all([merging.get('a'), merging.get('b')]);
    expect(await commandsDuring(direct, two)).toEqual({ mget: 1 });
  });

  it('is kept by what is targeted', async () => {
    const run = (autoBatch: boolean) =>
      commandsDuring(direct, () =>
        cluster.fanout(
          (c) => {
            const some = c.target([0, 1]);
            some.get('a');
            some.get('b');
            const one = c.target([2]);
            one.set('a', '1');
            one.set('b', '1');
          },
          { autoBatch },
        ),
      );
    expect(await run(true)).toEqual({ mget: 2, mset: 1 });
    expect(await run(false)).toEqual({ get: 4, set: 2 });
    await cluster.all((c) => c.flushDb());
  });
});

describe('a fan-out client', () => {
  it('of a call is closed when the call has ended', async () => {
    let kept: { ping(): PromiseLike<unknown> } | undefined;
    let targeted: { ping(): PromiseLike<unknown> } | undefined;
    await cluster.all((c) => {
      kept = c;
      targeted = c.target([0]);
    });
    for (const client of [kept, targeted]) {
      expect(await failureOf(client!.ping())).toMatchObject({ code: 'RB_CLOSED' });
    }
  });

  it('of its own can be joined, cancelled, and joined at the end of its scope', async () => {
    const fan = cluster.getRoutingClient().getFanoutClient([0, 4]);
    const pinged = fan.ping();
    await fan.join();
    expect(pinged.value?.size).toBe(2);
    fan.incr('x').done();
    const bad = fan.hGet('x', 'f');
    const reason = await failureOf(fan.join());
    expect(reason).toBeInstanceOf(FanoutError);
    expect(reason).toBe(bad.reason);
    const given = fan.target([0]).del('x');
    fan.cancel();
    expect(given.reason).toMatchObject({ code: 'RB_CANCELLED', command: 'DEL' });
    await fan.join();
    const last = fan.del('x');
    await fan[Symbol.asyncDispose]();
    expect(last.isResolved).toBe(true);
    await expect(fan.join({ hosts: [] } as object)).rejects.toMatchObject({
      code: 'RB_UNKNOWN_OPTION',
    });
  });

  it('answers in the types of its mapping, also behind a target', async () => {
    const { RESP_TYPES } = await import('@redis/client');
    const asBuffers = { [RESP_TYPES.BLOB_STRING]: Buffer };
    await cluster.all(async (c) => {
      await c.set('t', 'v');
      const mapped = c.withTypeMapping(asBuffers);
      expect((await mapped.get('t')).get(7)).toEqual(Buffer.from('v'));
      expect((await mapped.target([1]).get('t')).get(1)).toEqual(Buffer.from('v'));
      expect(await mapped.targetKey('t').get('t')).toEqual(Buffer.from('v'));
      expect(await c.targetKey('t').withTypeMapping(asBuffers).get('t')).toEqual(Buffer.from('v'));
      expect((await c.get('t')).get(7)).toBe('v');
      await c.del('t');
    });
  });

  it('refuses what a shared connection cannot carry, typed or raw', async () => {
    const fan = cluster.getRoutingClient().getFanoutClient('all');
    for (const promise of [
      fan.executeCommand('SELECT', 1),
      fan.executeCommand('multi'),
      fan.executeCommand('CLIENT', 'REPLY', 'OFF'),
      fan.targetKey('k').executeCommand('MONITOR'),
    ]) {
      const error = await failureOf(promise);
      expect(error).toMatchObject({ code: 'RB_UNROUTABLE', maybeExecuted: false });
      expect(error['message']).toContain('getLocalClient');
    }
  });
});
