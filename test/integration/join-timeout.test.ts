/** Calls that end before everything is answered: deadlines and abort signals. */

import { getEventListeners } from 'node:events';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { CancelledError, TimeoutError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers();
let cluster: Cluster;
/** One key for each host: 0 to 3 on the first server, 4 to 7 on the second. */
let keys: string[];
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  keys = [...cluster.hosts.keys()].map((hostId) => keyOn(cluster, hostId, 'host'));
});
beforeEach(() => cluster.map((c) => keys.map((key) => c.set(key, '0'))));

describe('a timeout', () => {
  it('rejects the call and every unanswered promise, whatever was handled', async () => {
    const promises: RbPromise<unknown>[] = [];
    const error = await whileStopped(file.servers.slice(1), () =>
      failureOf(
        cluster.map(
          (c) => {
            for (const key of keys) promises.push(c.get(key).done(undefined, () => {}));
            promises.push(c.incr(keys[6]!));
          },
          { timeout: 1000 },
        ),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'RB_TIMEOUT', hosts: [4, 5, 6, 7] });
    expect(error['message']).toMatch(/1000 ms.*hosts 4, 5, 6, 7/);
    for (const [index, promise] of promises.entries()) {
      if (index < 4) {
        expect(promise.value).toBe('0');
        continue;
      }
      expect(promise.reason).toBeInstanceOf(TimeoutError);
      expect(promise.reason).toMatchObject({
        hostId: index === 8 ? 6 : index,
        command: index === 8 ? 'INCR' : 'GET',
        address: file.servers[1]?.socketPath,
        maybeExecuted: true,
      });
    }
  });

  it('never takes the late replies for those of other commands', async () => {
    const client = cluster.getRoutingClient();
    const host = keys[5]!;
    await whileStopped(file.servers.slice(1), async () => {
      for (let call = 0; call < 5; call++) {
        const map = cluster.map((c) => [c.incr(host), c.get(host), c.hGetAll('none')], {
          timeout: 5,
        });
        expect(await failureOf(map)).toBeInstanceOf(TimeoutError);
      }
    });
    const values = await Promise.all([
      client.set(host, 'mine'),
      client.get(host),
      client.append(host, '!'),
      cluster.map((c) => c.get(host)),
    ]);
    expect(values).toEqual(['OK', 'mine', 5, 'mine!']);
    expect(cluster.getPoolForHost(5).pending).toBe(0);
  });

  it('withdraws what was not sent', async () => {
    const [, counter = ''] = keysOn(cluster, 4, 2, 'host');
    await cluster.getRoutingClient().set(counter, '0');
    await whileStopped(file.servers.slice(1), async () => {
      // The socket takes the first chunk; what comes behind the large value stays withdrawable.
      const large = 'x'.repeat(8 * 1024 * 1024);
      const call = cluster.map(
        (c) => {
          c.set(keys[4]!, large);
          for (let i = 0; i < 10; i++) c.incr(counter);
        },
        { timeout: 50 },
      );
      expect(await failureOf(call)).toBeInstanceOf(TimeoutError);
    });
    await condition(() => cluster.getPoolForHost(4).pending === 0);
    expect(await cluster.getRoutingClient().strLen(keys[4]!)).toBe(8 * 1024 * 1024);
    expect(await cluster.getRoutingClient().getDel(counter)).toBe('0');
  });

  it('covers the callback, also one that waits for nothing of ours', async () => {
    const never = new RbPromise<void>();
    const error = await failureOf(cluster.map(() => never, { timeout: 20 }));
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', hosts: [] });
    expect(never.isPending).toBe(true);
    const native = cluster.map(() => new Promise(() => {}), { timeout: 20 });
    expect(await failureOf(native)).toMatchObject({ code: 'RB_TIMEOUT', hosts: [] });
  });

  it('closes the client, also for callbacks that run at the deadline', async () => {
    let refused: RbPromise<unknown> | undefined;
    await whileStopped(file.servers, async () => {
      const call = cluster.map(
        (c) => {
          c.get(keys[0]!).done(undefined, () => (refused = c.get(keys[1]!)));
        },
        { timeout: 20 },
      );
      await failureOf(call);
    });
    expect(refused?.reason).toMatchObject({ code: 'RB_CLOSED' });
  });

  it('that is not reached changes nothing', async () => {
    expect(await cluster.map((c) => c.get(keys[0]!), { timeout: 30_000 })).toBe('0');
  });

  it('of a join leaves the client usable', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    const late = client.incr(keys[2]!);
    await whileStopped(file.servers, async () => {
      const error = await failureOf(client.join({ timeout: 20 }));
      expect(error).toMatchObject({ code: 'RB_TIMEOUT', hosts: [2] });
      expect(late.reason).toBeInstanceOf(TimeoutError);
    });
    const next = client.get(keys[2]!);
    await client.join({ timeout: 30_000 });
    expect(next.value).toBe('1');
  });

  it('of one call means nothing to another', async () => {
    let patient: Promise<unknown> | undefined;
    await whileStopped(file.servers, async () => {
      patient = cluster.map((c) => c.mGet(keys));
      const hasty = cluster.map((c) => keys.map((key) => c.incr(key)), { timeout: 10 });
      await failureOf(hasty);
    });
    expect(await patient).toEqual(keys.map(() => '0'));
  });
});

describe('a signal', () => {
  it('aborted beforehand: the callback does not run', async () => {
    const reason = { any: 'reason' };
    let ran = false;
    const call = cluster.map(() => (ran = true), { signal: AbortSignal.abort(reason) });
    expect(await failureOf(call)).toBe(reason);
    expect(ran).toBe(false);
  });

  it('aborted later: as cancel(), and the call rejects with the very reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const promises: RbPromise<unknown>[] = [];
    await whileStopped(file.servers, async () => {
      const call = cluster.map(
        (c) => {
          for (const key of keys) promises.push(c.incr(key));
        },
        { signal: controller.signal },
      );
      controller.abort(reason);
      expect(promises.every(({ isRejected }) => isRejected)).toBe(true);
      expect(await failureOf(call)).toBe(reason);
    });
    for (const promise of promises) {
      expect(promise.reason).toBeInstanceOf(CancelledError);
      expect(promise.reason).toMatchObject({ code: 'RB_CANCELLED', cause: reason });
    }
    expect(await cluster.map((c) => c.mGet(keys))).toEqual(keys.map(() => '0'));
  });

  it('rejects the call before what callbacks of its commands begin then', async () => {
    const order: string[] = [];
    const controller = new AbortController();
    const call = cluster.map(
      (c) => {
        const begin = () => queueMicrotask(() => order.push('callback'));
        c.get(keys[0]!).done(undefined, begin);
      },
      { signal: controller.signal },
    );
    const rejected = call.catch(() => order.push('call'));
    controller.abort();
    await rejected;
    await new Promise(setImmediate);
    expect(order).toEqual(['call', 'callback']);
  });

  it('ends a callback that waits for something else, too', async () => {
    const controller = new AbortController();
    const call = cluster.map(() => new Promise(() => {}), { signal: controller.signal });
    controller.abort();
    expect(await failureOf(call)).toMatchObject({ name: 'AbortError' });
  });

  it('of a timeout rejects with its reason', async () => {
    const call = cluster.map(() => new Promise(() => {}), { signal: AbortSignal.timeout(5) });
    const error = await failureOf(call);
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(error).not.toBeInstanceOf(TimeoutError);
  });

  it('after the end means nothing, and keeps no listener', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const counting = Object.assign(Object.create(signal) as AbortSignal, {
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    });
    Object.defineProperty(counting, 'aborted', { value: false });
    expect(await cluster.map((c) => c.get(keys[0]!), { signal: counting })).toBe('0');
    expect(listeners).toBe(0);
    const result = await cluster.map((c) => c.get(keys[0]!), { signal });
    controller.abort();
    expect(result).toBe('0');
  });

  it('of many calls has one listener, and ends those that are still there', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const forever = new Promise(() => {});
    const calls = Array.from({ length: 30 }, (_, i) =>
      cluster.map((c) => (i % 3 === 0 ? c.get(keys[0]!) : forever), { signal }),
    );
    const first = Promise.all(calls.filter((_, i) => i % 3 === 0));
    const rest = Promise.allSettled(calls.filter((_, i) => i % 3 !== 0));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(await first).toEqual(Array.from({ length: 10 }, () => '0'));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort('enough');
    const aborted = { status: 'rejected', reason: 'enough' };
    expect(await rest).toEqual(Array.from({ length: 20 }, () => aborted));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('that one call ends for another as well', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const other = cluster.getRoutingClient().getMappingClient();
    // Whoever is told first cancels what the join waits for.
    const call = () =>
      cluster.map((c) => void c.blPop('nothing', 0).catch(() => other.cancel()), { signal });
    const calls = [call(), (other.blPop('nothing', 0), other.join({ signal })), call()];
    const settled = Promise.allSettled(calls);
    controller.abort('stop');
    const aborted = { status: 'rejected', reason: 'stop' };
    expect(await settled).toEqual([aborted, aborted, aborted]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('aborted by a callback of the call itself', async () => {
    const controller = new AbortController();
    const [first = '', second = ''] = keysOn(cluster, 0, 2, 'host');
    let rest: RbPromise<unknown> | undefined;
    const call = cluster.map(
      (c) => {
        c.get(first).done(() => controller.abort('stop'));
        rest = c.incr(second);
      },
      { signal: controller.signal },
    );
    expect(await failureOf(call)).toBe('stop');
    expect(rest?.isPending).toBe(false);
    await cluster.getRoutingClient().del(second);
  });

  it('of a join cancels and leaves the client usable', async () => {
    const client = cluster.getRoutingClient().getMappingClient();
    const controller = new AbortController();
    await whileStopped(file.servers, async () => {
      const promise = client.get(keys[0]!);
      const join = client.join({ signal: controller.signal });
      controller.abort('stop');
      expect(await failureOf(join)).toBe('stop');
      expect(promise.reason).toBeInstanceOf(CancelledError);
      const unsent = client.get(keys[0]!);
      expect(await failureOf(client.join({ signal: AbortSignal.abort('no') }))).toBe('no');
      expect(unsent.reason).toBeInstanceOf(CancelledError);
    });
    const next = client.get(keys[0]!);
    await client.join();
    expect(next.value).toBe('0');
  });
});
