/** The join's rule of handled failures, clause by clause. */

import { beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { SESSION } from '../../src/clients/members.js';
import type { Session } from '../../src/clients/session.js';
import { MapError, ReplyError } from '../../src/errors.js';
import { MAX_SEQUENCE, RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf, withUncaught } from '../helpers/failures.js';
import { condition } from '../helpers/condition.js';
import { keyOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  await cluster.map((c) => {
    c.set('text', 'no number');
    c.set('other', 'no number');
  });
});

type Client = MappingClient;
/** A command that the server refuses. */
const failing = (c: Client, key = 'text') => (lastFailing = c.incr(key));
let lastFailing: RbPromise<number> | undefined;
const ignore = () => {};

it('a promise of another call that is returned is no command of this one', async () => {
  const other = cluster.getRoutingClient().getMappingClient();
  // Not in the place that the command below has in its own call.
  other.get('other');
  const foreign = other.incr('other');
  await failureOf(other.join());
  const error = await failureOf(
    cluster.map((c) => {
      failing(c);
      return foreign;
    }),
  );
  expect(error).toMatchObject({ code: 'RB_MAP', failed: 1, total: 1 });
  expect(error['errors']).toHaveLength(2);
});

describe('a failed command', () => {
  it.each<[string, (c: Client) => unknown]>([
    ['that nobody looks at', (c) => void failing(c)],
    ['with `then` alone', (c) => void failing(c).then(ignore)],
    ['with `then` after `then`', (c) => void failing(c).then(ignore).then(ignore)],
    ['with `finally` alone', (c) => void failing(c).finally(ignore)],
    ['with `done` for success alone', (c) => void failing(c).done(ignore)],
    ['in RbPromise.all', (c) => void RbPromise.all([failing(c), c.get('a')])],
    ['in RbPromise.all of a Map', (c) => void RbPromise.all(new Map([[1, failing(c)]]))],
    ['in RbPromise.all, then `then`', (c) => void RbPromise.all([failing(c)]).then(ignore)],
    [
      'handled once, but `then` beside it',
      (c) => {
        const promise = failing(c);
        promise.done(undefined, ignore);
        void promise.then(ignore);
      },
    ],
    [
      'whose handler throws it again',
      (c) =>
        void failing(c).catch((error: unknown) => {
          throw error;
        }),
    ],
    ['followed by another promise', (c) => new RbPromise<unknown>().resolve(failing(c))],
    ['that is returned', (c) => failing(c)],
    ['that is returned derived', (c) => failing(c).then(ignore)],
    ['that is returned and was handled as well', (c) => failing(c).done(undefined, ignore)],
    ['in an RbPromise.all that is returned', (c) => RbPromise.all([failing(c), c.get('a')])],
    [
      'with two branches, one cause',
      (c) => {
        const promise = failing(c);
        void promise.then(() => 1);
        void promise.then(() => 2).finally(ignore);
      },
    ],
    [
      'with a branch that is returned and one that is not',
      (c) => {
        const promise = failing(c);
        void promise.then(() => 1);
        return promise;
      },
    ],
  ])('%s: the call rejects with its very reason', async (_, callback) => {
    const error = await failureOf(cluster.map(callback));
    expect(error).toBe(lastFailing?.reason);
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ code: 'RB_REPLY', kind: 'ERR', command: 'INCR' });
    const hostId = cluster.getRouter().getHostForKey('text');
    expect(error).toMatchObject({ hostId, address: cluster.hosts.get(hostId)?.address });
    expect(error).not.toHaveProperty('maybeExecuted');
  });

  it.each<[string, (c: Client) => unknown]>([
    ['`catch`', (c) => void failing(c).catch(ignore)],
    ['`then` with both', (c) => void failing(c).then(ignore, ignore)],
    ['`then` and then `catch`', (c) => void failing(c).then(ignore).catch(ignore)],
    ['`finally` and then `catch`', (c) => void failing(c).finally(ignore).catch(ignore)],
    ['`done` for the failure', (c) => void failing(c).done(undefined, ignore)],
    ['`catch` of RbPromise.all', (c) => void RbPromise.all([failing(c)]).catch(ignore)],
    [
      '`done` of RbPromise.all of a record',
      (c) => void RbPromise.all({ a: failing(c), b: failing(c, 'other') }).done(undefined, ignore),
    ],
    [
      '`await`',
      async (c) => {
        try {
          await failing(c);
        } catch {
          // Handled.
        }
      },
    ],
    ['a native promise', (c) => void Promise.resolve(failing(c)).catch(ignore)],
    ['Promise.all', (c) => void Promise.all([failing(c), c.get('a')]).catch(ignore)],
    ['Promise.allSettled', (c) => Promise.allSettled([failing(c)])],
    [
      'a handler that comes later, but before the end',
      (c) => {
        const promise = failing(c);
        c.get('a').done(() => c.get('b').done(() => promise.catch(ignore)));
      },
    ],
    [
      'a promise that follows it',
      (c) => {
        const follower = new RbPromise<unknown>();
        follower.resolve(failing(c));
        follower.done(undefined, ignore);
      },
    ],
  ])('handled by %s: the call resolves', async (_, callback) => {
    await cluster.map(callback);
  });

  it('beside RbPromise.all over it and others is still one', async () => {
    const error = await failureOf(
      cluster.map((c) => {
        const get = c.get('a');
        const promise = failing(c);
        void promise.then(ignore);
        return RbPromise.all([get, promise, c.exists('a')]);
      }),
    );
    expect(error).toBe(lastFailing?.reason);
  });

  it('and another: the call rejects with both', async () => {
    const error = await failureOf(
      cluster.map((c) => {
        failing(c);
        c.get('a');
        void failing(c, 'other').then(ignore);
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ failed: 2, total: 3 });
  });

  it('leaves all others their values', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `value${i}`);
    let values: RbPromise<string | null>[] = [];
    await failureOf(
      cluster.map((c) => {
        for (const key of keys) c.set(key, key);
        failing(c);
        values = keys.map((key) => c.get(key));
        failing(c, 'other');
      }),
    );
    expect(values.map(({ value }) => value)).toEqual(keys);
    await cluster.map((c) => keys.map((key) => c.del(key)));
  });
});

describe('a callback that throws', () => {
  const thrown = new Error('of the callback');
  const rethrow = () => {
    throw thrown;
  };

  it('given to `then`: its promise is rejected, and unhandled rejects the call', async () => {
    await expect(cluster.map((c) => void c.get('a').then(rethrow))).rejects.toBe(thrown);
    await expect(cluster.map((c) => c.get('a').then(rethrow))).rejects.toBe(thrown);
    await cluster.map((c) => void c.get('a').then(rethrow).catch(ignore));
    await expect(cluster.map((c) => void c.get('a').finally(rethrow))).rejects.toBe(thrown);
    await expect(cluster.map((c) => void failing(c).catch(rethrow))).rejects.toBe(thrown);
  });

  it('given to `done`: a failure of the call', async () => {
    await expect(cluster.map((c) => void c.get('a').done(rethrow))).rejects.toBe(thrown);
    await expect(cluster.map((c) => void failing(c).done(undefined, rethrow))).rejects.toBe(thrown);
    await expect(cluster.map((c) => void c.get('a').then(ignore).done(rethrow))).rejects.toBe(
      thrown,
    );
  });

  it('counts its command once, however many of its callbacks throw', async () => {
    const errors = ['first', 'second', 'third'].map((text) => new Error(text));
    const [first, second, third] = errors.map((error) => () => {
      throw error;
    });
    const error = await failureOf(
      cluster.map((c) => {
        c.get('a').done(first).done(second);
        failing(c).done(null, third);
        c.get('b');
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 3, errors });
    expect(error['message']).toMatch(/^2 of 3 commands failed \(first/);
    const derived = cluster.map((c) => {
      const promise = c.get('a');
      void promise.then(first);
      void promise.then(second);
    });
    expect(await failureOf(derived)).toMatchObject({
      failed: 1,
      total: 1,
      errors: errors.slice(0, 2),
    });
  });

  it('that issues commands: their failures count as theirs, of every kind of client', async () => {
    const refused = cluster.map((c) => {
      const promise = c.get('text');
      void promise.then(() => c.mGet([null as never]));
      void promise.then(() => c.mSet(['odd']));
    });
    expect(await failureOf(refused)).toMatchObject({ failed: 2, total: 3 });
    const { hostId } = await failureOf(cluster.map((c) => failing(c)));
    const onHost = cluster.fanout((c) => {
      const promise = c.targetKey('text').get('text');
      const target = c.target([hostId as number]);
      void promise.then(() => target.lLen('text'));
      void promise.then(() => target.hLen('text'));
    });
    expect(await failureOf(onHost)).toMatchObject({ failed: 2, total: 3 });
  });

  it('disturbs no other callback and no reply', async () => {
    const order: string[] = [];
    const keys = Array.from({ length: 20 }, (_, i) => `calm${i}`);
    let promises: RbPromise<number>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises = keys.map((key) =>
          c
            .exists(key)
            .done(() => order.push('first'))
            .done(rethrow)
            .done(() => order.push('last')),
        );
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ errors: [thrown], failed: 20, total: 20 });
    expect(promises.map(({ value }) => value)).toEqual(keys.map(() => 0));
    expect(order.filter((step) => step === 'last')).toHaveLength(20);
    expect(order.filter((step) => step === 'first')).toHaveLength(20);
  });

  const late: [string, (rethrow: () => never) => Promise<unknown>][] = [
    [
      'of a map',
      async (rethrow) => {
        const [promise] = await cluster.map((c) => [c.get('a')]);
        promise.done(rethrow);
      },
    ],
    [
      'of a command that failed',
      async (rethrow) => {
        let promise: RbPromise<number> | undefined;
        await cluster.map((c) => void (promise = failing(c).done(undefined, ignore)));
        promise!.done(undefined, rethrow);
      },
    ],
    [
      'of a list',
      async (rethrow) => {
        const { a } = await cluster.executeCommands({ a: [['GET', 'a']] });
        RbPromise.all(a).done(rethrow);
      },
    ],
    [
      'of a call that timed out',
      async (rethrow) => {
        let promise: RbPromise<unknown> | undefined;
        await failureOf(cluster.map((c) => void (promise = c.blPop('none', 0)), { timeout: 20 }));
        promise!.done(undefined, rethrow);
      },
    ],
    [
      'of a derived promise that is settled later',
      async (rethrow) => {
        const own = new RbPromise<void>();
        await cluster.map((c) => {
          c.get('a')
            .then(() => own)
            .done(rethrow);
        });
        own.resolve();
      },
    ],
  ];
  it.each(late)('and comes when the call is over is thrown in a task: %s', async (_, issue) => {
    await withUncaught(async (thrown) => {
      const error = new Error('late');
      await issue(() => {
        throw error;
      });
      await condition(() => thrown.length > 0);
      expect(thrown).toEqual([error]);
    });
  });
});

describe('what the callback returns', () => {
  it('counts among the failures, but not among the commands, if it is of none', async () => {
    const own = new Error('of no command');
    const error = await failureOf(
      cluster.map((c) => {
        failing(c);
        return RbPromise.rejected(own);
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 1, total: 1 });
    expect(error['errors']).toHaveLength(2);
    expect(error['errors']).toContain(own);
  });

  it('joins the others when it fails, and cancels nothing', async () => {
    let other: RbPromise<string | null> | undefined;
    const error = await failureOf(
      cluster.map((c) => {
        const first = failing(c);
        other = c.get('other');
        failing(c, 'other');
        return first;
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 3 });
    expect(other?.value).toBe('no number');
  });

  it('as an RbPromise.all, fails with the first reason, having taken over all', async () => {
    const error = await failureOf(
      cluster.map((c) => RbPromise.all([failing(c), failing(c, 'other'), c.get('a')])),
    );
    expect(error).toMatchObject({ code: 'RB_REPLY' });
  });
});

describe('a MapError', () => {
  it('has what the callback returned in the order of issue, also where it was handled', async () => {
    const promises: RbPromise<unknown>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises.push(failing(c).done(undefined, ignore), failing(c, 'other'));
        return promises[0];
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 2 });
    expect(error['errors']).toEqual(promises.map(({ reason }) => reason));
    expect((error['errors'] as unknown[])[0]).toBe(promises[0]!.reason);
  });

  it('takes a failure of another call, which a command follows, for none of its own', async () => {
    let foreign!: RbPromise<number>;
    await failureOf(cluster.map((c) => void (foreign = failing(c))));
    const error = await failureOf(
      cluster.map((c) => {
        // It has the place in this call that the other one had in its own.
        failing(c);
        c.incr('a').resolve(foreign);
      }),
    );
    expect(error).toMatchObject({ failed: 2, total: 2 });
  });

  it('names how many failed, on which hosts, and the first reason of each', async () => {
    const [zero, one] = [keyOn(cluster, 0, 'm'), keyOn(cluster, 5, 'm')];
    await cluster.map((c) => {
      c.set(zero, 'x');
      c.set(one, 'y');
    });
    const error = await failureOf(
      cluster.map((c) => {
        c.incr(one);
        c.get(zero);
        c.hGet(zero, 'f');
        c.lPop(one);
        c.incr(zero);
        c.ping();
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ name: 'MapError', code: 'RB_MAP', failed: 5, total: 6 });
    expect(error['errors']).toMatchObject([
      { command: 'INCR', hostId: 5, kind: 'ERR' },
      { command: 'HGET', hostId: 0, kind: 'WRONGTYPE' },
      { command: 'LPOP', hostId: 5, kind: 'WRONGTYPE' },
      { command: 'INCR', hostId: 0 },
      { command: 'PING', code: 'RB_UNROUTABLE' },
    ]);
    expect(error['message']).toMatch(
      /^5 of 6 commands failed \(host 5: INCR: ERR value is not an integer.*; host 0: HGET: WRONGTYPE .*; PING names no key/,
    );
    await cluster.map((c) => [c.del(zero), c.del(one)]);
  });

  it('keeps the order of issue in clients that live long', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    const session = (client as unknown as { readonly [SESSION]: Session })[SESSION];
    // As many commands as promises can be numbered, but one.
    for (let i = 1; i < MAX_SEQUENCE; i++) session.nextSequence();
    await client.join();
    failing(client);
    client.lPop('text');
    client.hGet('text', 'f');
    const error = await failureOf(client.join());
    expect(error).toMatchObject({ failed: 3, total: 3 });
    expect(error['errors']).toMatchObject([
      { command: 'INCR' },
      { command: 'LPOP' },
      { command: 'HGET' },
    ]);
  });

  it('has each error object once, and counts commands', async () => {
    const key = keyOn(cluster, 2);
    const error = await failureOf(
      cluster.map(async (c) => {
        for (let i = 0; i < 5; i++) c.incr(key);
        c.get(key);
        await cluster.disconnectPools();
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 6, total: 6 });
    expect(error['errors']).toMatchObject([{ command: 'INCR' }, { command: 'GET' }]);
    expect(error['errors']).toHaveLength(2);
  });

  it('tells no password, key, value or argument', async () => {
    const error = await failureOf(
      cluster.map((c) => {
        c.hGet('text', 'swordfish');
        c.executeCommand('HSET', 'text', 'f', 'swordfish');
      }),
    );
    expect(JSON.stringify(error)).not.toContain('swordfish');
    expect(error['message']).not.toContain('swordfish');
  });

  it('nor what was passed within the name of a command', async () => {
    const [routed, fannedOut, listed] = await Promise.all([
      failureOf(cluster.getRoutingClient().executeCommand('AUTH swordfish')),
      failureOf(cluster.all((c) => c.executeCommand('AUTH swordfish'))),
      failureOf(cluster.executeCommands({ a: [['AUTH swordfish']] })),
    ]);
    const ofHosts = [...(fannedOut['errors'] as Map<number, unknown>).values()];
    const ofLists = listed['errors'] as unknown[];
    expect([ofHosts.length, ofLists.length]).toEqual([8, 1]);
    for (const error of [routed, fannedOut, ...ofHosts, ...ofLists]) {
      expect(error).toMatchObject({ command: '"AUTH…"' });
    }
  });
});
