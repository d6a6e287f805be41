/** Calls and joins: when they end, what they answer, and what is refused afterwards. */

import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { CancelledError, ClosedError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
  await cluster.map((c) => c.set('a', '1'));
});
afterAll(() => direct.destroy());

describe('map resolves to what the callback returned', () => {
  it.each<[string, (c: MappingClient) => unknown, unknown]>([
    ['a plain value', () => 5, 5],
    ['nothing', () => {}, undefined],
    ['an RbPromise', (c) => c.get('a'), '1'],
    ['a derived RbPromise', (c) => c.get('a').then((value) => `${String(value)}!`), '1!'],
    ['a nested RbPromise', (c) => c.get('a').then(() => c.get('a')), '1'],
    ['an RbPromise of its own', () => RbPromise.resolved(7), 7],
    ['a native promise', async () => 8, 8],
    ['a native promise of an RbPromise', async (c) => c.get('a'), '1'],
    ['RbPromise.all', (c) => RbPromise.all([c.get('a'), 2, c.get('none')]), ['1', 2, null]],
    ['RbPromise.all of a record', (c) => RbPromise.all({ a: c.get('a') }), { a: '1' }],
    ['another thenable', () => ({ then: (f: (value: number) => void) => f(9) }), 9],
  ])('unwrapping %s', async (_, callback, expected) => {
    expect(await cluster.map(callback)).toEqual(expected);
  });

  it('but not promises inside arrays, records or Maps', async () => {
    const list = await cluster.map((c) => [c.get('a'), c.get('none')]);
    expect(list.every((promise) => promise instanceof RbPromise)).toBe(true);
    expect(list.map(({ value }) => value)).toEqual(['1', null]);
    const map = await cluster.map((c) => new Map([['a', c.get('a')]]));
    expect(map.get('a')).toBeInstanceOf(RbPromise);
    expect(map.get('a')?.value).toBe('1');
    const record = await cluster.map((c) => ({ a: c.get('a') }));
    expect(record.a.value).toBe('1');
  });
});

describe('a call ends', () => {
  it('after every command that its callback issued, awaited or not', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `end${i}`);
    const promises = await cluster.map((c) => keys.map((key) => c.incr(key)));
    expect(promises.every((promise) => promise.isResolved)).toBe(true);
    await cluster.map((c) => keys.map((key) => c.del(key)));
  });

  it('after the commands that callbacks issued meanwhile', async () => {
    const seen: unknown[] = [];
    await cluster.map((c) => {
      const again = (left: number) => {
        c.incr('chain').done((value) => {
          seen.push(value);
          if (left > 1) again(left - 1);
        });
      };
      again(20);
    });
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    await cluster.map((c) => c.del('chain'));
  });

  it('after what followed an await somewhere in it', async () => {
    let last: RbPromise<number> | undefined;
    await cluster.map((c) => {
      const task = async () => {
        await c.incr('task');
        await Promise.resolve();
        await c.incr('task');
        last = c.incr('task');
      };
      void task();
    });
    expect(last?.value).toBe(3);
    await cluster.map((c) => c.del('task'));
  });

  it('not before the promise that its callback returned', async () => {
    const value = await cluster.map(async (c) => {
      c.get('a');
      await delay(1);
      return (await c.get('a')) ?? 'nothing';
    });
    expect(value).toBe('1');
    const own = new RbPromise<string>();
    const call = cluster.map((c) => {
      c.get('a').done(() => setImmediate(() => own.resolve('later')));
      return own;
    });
    expect(await call).toBe('later');
  });

  it('without any command at the end of its callback', async () => {
    expect(await cluster.map(() => 'nothing to do')).toBe('nothing to do');
  });

  it('and can await inside as often as it likes', async () => {
    const value = await cluster.map(
      async (c) => {
        let sum = 0;
        for (let i = 0; i < 50; i++) sum += await c.incr(`loop${i % 7}`);
        return sum;
      },
      { maxConcurrency: 1 },
    );
    expect(value).toBeGreaterThan(50);
    const nested = await cluster.map(async (outer) => {
      const inner = await cluster.map((c) => c.get('a'));
      return [inner, await outer.get('a'), await cluster.getRoutingClient().get('a')];
    });
    expect(nested).toEqual(['1', '1', '1']);
    await cluster.map((c) => Array.from({ length: 7 }, (_, i) => c.del(`loop${i}`)));
  });
});

describe('a callback that fails', () => {
  it.each<[string, (error: Error) => unknown]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['returns a native promise that rejects', (error) => Promise.reject(error)],
    [
      'returns a native promise that rejects later',
      async (error) => {
        await delay(1);
        throw error;
      },
    ],
  ])('because it %s ends the call with that very error', async (_, fail) => {
    const error = new Error('of the callback');
    let promises: RbPromise<unknown>[] = [];
    await whileStopped(file.servers, async () => {
      const call = cluster.map((c) => {
        promises = [c.get('a'), c.set('never', '1'), c.hGetAll('h')];
        return fail(error);
      });
      expect(await failureOf(call)).toBe(error);
      for (const promise of promises) {
        expect(promise.reason).toBeInstanceOf(CancelledError);
        expect(promise.reason).toMatchObject({ code: 'RB_CANCELLED', cause: error });
      }
    });
    expect(promises.map(({ reason }) => (reason as CancelledError).command)).toEqual([
      'GET',
      'SET',
      'HGETALL',
    ]);
    await cluster.map((c) => c.del('never'));
  });

  it('also where it returns what cannot be looked at', async () => {
    const error = new Error('of the getter');
    const thenable = {
      get then() {
        throw error;
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    // A native promise that is adopted is asked for its constructor.
    const native = Object.defineProperty(Promise.resolve(), 'constructor', {
      get: () => thenable.then,
    });
    for (const result of [thenable, proxy, native]) {
      let client: { get(key: string): RbPromise<unknown> } | undefined;
      let promise: RbPromise<unknown> | undefined;
      const call = cluster.map((c): unknown => {
        client = c;
        promise = c.blPop('nothing', 0);
        return result;
      });
      const reason = await failureOf(call);
      if (result === proxy) expect(reason).toBeInstanceOf(TypeError);
      else expect(reason).toBe(error);
      expect(promise?.reason).toMatchObject({ code: 'RB_CANCELLED', cause: reason });
      expect(client?.get('a').reason).toMatchObject({ code: 'RB_CLOSED' });
    }
  });

  it('before anything was flushed sends nothing', async () => {
    const keys = keysOn(cluster, 0, 5);
    const calls = await commandsDuring(direct, async () => {
      const error = await failureOf(
        cluster.map((c) => {
          for (const key of keys) c.set(key, 'x');
          throw new Error('no');
        }),
      );
      expect(error['message']).toBe('no');
      await cluster.getRoutingClient().strLen(keys[0]!);
    });
    expect(calls).toEqual({ strlen: 1 });
  });
});

describe('the client of a call', () => {
  it('is closed when the call has ended', async () => {
    const clients: MappingClient[] = [];
    await cluster.map((c) => void clients.push(c));
    await failureOf(
      cluster.map((c) => {
        clients.push(c);
        throw new Error('no');
      }),
    );
    const calls = await commandsDuring(direct, async () => {
      for (const client of clients) {
        for (const promise of [
          client.get('a'),
          client.set('a', '2'),
          client.incr('a'),
          client.mGet(['a']),
          client.executeCommand('GET', 'a'),
          client.withTypeMapping({}).get('a'),
        ]) {
          const error = await failureOf(promise);
          expect(error).toBeInstanceOf(ClosedError);
          expect(error).toMatchObject({ code: 'RB_CLOSED', maybeExecuted: false });
        }
        client.cancel();
        await client.join();
      }
    });
    expect(calls).toEqual({});
  });
});

describe('a mapping client by itself', () => {
  it('joins, stays usable, and tells each failure to one join', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    const value = client.get('a');
    expect(value.isPending).toBe(true);
    await client.join();
    expect(value.value).toBe('1');
    client.lPop('a');
    await expect(client.join()).rejects.toMatchObject({ kind: 'WRONGTYPE' });
    await client.join();
    client.lPop('a');
    client.get('a');
    client.incr('a').done(() => client.hGet('a', 'f'));
    // Those of earlier joins do not count.
    await expect(client.join()).rejects.toMatchObject({ code: 'RB_MAP', failed: 2, total: 4 });
    client.set('a', '1');
    const again = client.get('a');
    await client.join();
    expect(again.value).toBe('1');
  });

  it('flushes without a join', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    expect(await client.get('a')).toBe('1');
    await client.join();
  });

  it('joins when it is disposed of', async () => {
    let promise: RbPromise<string | null> | undefined;
    {
      await using client = cluster.getRoutingClient().getMappingClient({ autoBatch: false });
      promise = client.get('a');
    }
    expect(promise.value).toBe('1');
    const client = cluster.getRoutingClient().getMappingClient();
    client.lPop('a');
    await expect(client[Symbol.asyncDispose]()).rejects.toMatchObject({ kind: 'WRONGTYPE' });
  });
});
