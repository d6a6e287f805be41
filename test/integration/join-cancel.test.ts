/** Commands that are given up, and promises that their holder settles. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { CancelledError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
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

describe('cancel', () => {
  it('rejects what is unanswered at once, and counts as handled', async () => {
    const key = keyOn(cluster, 0, 'cancel');
    const client = cluster.getRoutingClient().getMappingClient();
    const pool = cluster.getPoolForHost(0);
    await client.get(key);
    await whileStopped(file.servers, async () => {
      const sent = client.incr(key);
      await condition(() => pool.pending === 1);
      const unsent = client.incr(key);
      const derived = unsent.then(() => 1);
      const order: string[] = [];
      sent.done(undefined, () => order.push('sent'));
      client.cancel();
      order.push('after');
      expect(order).toEqual(['sent', 'after']);
      expect(sent.reason).toMatchObject({
        code: 'RB_CANCELLED',
        command: 'INCR',
        hostId: 0,
        maybeExecuted: true,
      });
      expect(unsent.reason).toMatchObject({ code: 'RB_CANCELLED', maybeExecuted: false });
      expect(derived.reason).toBeInstanceOf(CancelledError);
      await client.join();
      client.cancel();
    });
    // What was sent was executed, and its reply reached nobody; what was not, was withdrawn.
    expect(await client.get(key)).toBe('1');
    await client.del(key);
  });

  it('inside a map ends it without a failure', async () => {
    const keys = keysOn(cluster, 0, 3, 'inside');
    const calls = await commandsDuring(direct, async () => {
      const result = await cluster.map((c) => {
        for (const key of keys) c.set(key, '1');
        c.cancel();
        return 'cancelled';
      });
      expect(result).toBe('cancelled');
      await cluster.getRoutingClient().strLen(keys[0]!);
    });
    expect(calls).toEqual({ strlen: 1 });
  });

  it('by a callback of what is cancelled cancels the rest, and is no failure', async () => {
    const keys = keysOn(cluster, 0, 3, 'nested');
    const promises = await cluster.map((c) => {
      // The error of another command is one of its own.
      const issued = [c.incr(keys[0]!), c.get(keys[1]!), c.incr(keys[2]!)];
      issued[0]!.done(undefined, () => c.cancel());
      c.cancel();
      return issued;
    });
    for (const { reason } of promises) expect(reason).toBeInstanceOf(CancelledError);
  });

  it('counts what is derived as handled, also where that is rejected later', async () => {
    const derived = await cluster.map((c) => {
      const command = c.incr(keyOn(cluster, 0, 'derived'));
      const promises = [command.then(() => 1), command.finally(() => Promise.resolve())];
      c.cancel();
      expect(promises.map(({ isPending }) => isPending)).toEqual([false, true]);
      return promises;
    });
    for (const { reason } of derived) expect(reason).toBeInstanceOf(CancelledError);
  });

  it('makes no failure of another call one that is handled', async () => {
    const foreign = await cluster.map((c) => {
      const command = c.incr(keyOn(cluster, 0, 'foreign'));
      c.cancel();
      return [command];
    });
    const call = cluster.map((c) => c.get('a').reject(foreign[0]!.reason));
    expect(await failureOf(call)).toBe(foreign[0]!.reason);
  });

  it('may be called by a callback, which may go on issuing commands', async () => {
    const [first = '', second = ''] = keysOn(cluster, 0, 2, 'callback');
    const rest: RbPromise<unknown>[] = [];
    const values = await cluster.map((c) => {
      const answers: unknown[] = [];
      c.incr(first).done((value) => {
        answers.push(value);
        c.cancel();
        c.incr(second).done((later) => answers.push(later));
      });
      for (let i = 0; i < 3; i++) rest.push(c.incr(second));
      return answers;
    });
    expect(values[0]).toBe(1);
    expect(values).toHaveLength(2);
    for (const promise of rest) expect(promise.reason).toBeInstanceOf(CancelledError);
    await cluster.map((c) => [c.del(first), c.del(second)]);
  });
});

describe("a command's promise", () => {
  it('may be resolved by its holder; the reply is dropped then', async () => {
    const promises = await cluster.map((c) => {
      const mine = c.get('a');
      const next = c.get('a');
      mine.resolve('mine');
      const refused = c.lPop('a');
      refused.resolve(null);
      return [mine, next, refused];
    });
    expect(promises.map(({ value }) => value)).toEqual(['mine', '1', null]);
  });

  it('may be rejected by its holder, which is a failure like any other', async () => {
    const reason = new Error('mine');
    const call = cluster.map((c) => {
      c.get('a').reject(reason);
      c.get('a').reject(reason);
    });
    expect(await failureOf(call)).toMatchObject({ code: 'RB_MAP', failed: 2, errors: [reason] });
    await expect(cluster.map((c) => c.get('a').reject(reason))).rejects.toBe(reason);
  });

  it('cannot be resolved twice', async () => {
    await cluster.map((c) => {
      const promise = c.get('a');
      promise.resolve('1');
      expect(() => promise.resolve('2')).toThrow(
        expect.objectContaining({ code: 'RB_ALREADY_SETTLED' }),
      );
    });
  });
});
