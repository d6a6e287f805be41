/** On how many hosts a call has commands unanswered at a time. */

import { beforeEach, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { failureOf } from '../helpers/failures.js';
import { keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 2, databasesEach: 8 });
let cluster: Cluster;
/** Three keys for each host. */
let keys: string[][];
beforeEach(async () => {
  cluster = await file.setup.makeCluster();
  keys = [...cluster.hosts.keys()].map((hostId) => keysOn(cluster, hostId, 3));
  await cluster.map((c) => keys.flat().map((key) => c.del(key)));
});

/** The hosts that have something unanswered. */
const busyHosts = () =>
  [...cluster.hosts.keys()].filter((hostId) => cluster.getPoolForHost(hostId).pending > 0);

describe('maxConcurrency', () => {
  it.each([1, 3, 15])('%i: no more hosts have commands, in the order of first use', async (max) => {
    const order = [5, 11, 0, 7, 2, 9, 1, 3, 4, 6, 8, 10, 12, 13, 14, 15];
    let call: Promise<unknown> | undefined;
    await whileStopped(file.servers, async () => {
      call = cluster.map(
        (c) => {
          for (const hostId of order) for (const key of keys[hostId]!) c.incr(key);
        },
        { maxConcurrency: max },
      );
      await condition(() => busyHosts().length === max);
      // What may be sent was sent in one tick: another turn of the loop adds nothing.
      await new Promise(setImmediate);
      expect(busyHosts()).toEqual(order.slice(0, max).sort((a, b) => a - b));
      expect(busyHosts().map((hostId) => cluster.getPoolForHost(hostId).pending)).toEqual(
        Array.from({ length: max }, () => 3),
      );
    });
    await call;
    await cluster.map((c) => keys.flat().map((key) => c.del(key)));
  });

  it('is kept all the time, and every host has its turn', async () => {
    let most = 0;
    const answered: number[] = [];
    await cluster.map(
      (c) => {
        for (const [hostId, group] of keys.entries()) {
          for (const key of group) {
            c.exists(key).done(() => {
              most = Math.max(most, busyHosts().length);
              answered.push(hostId);
              if (answered.length <= 48)
                c.exists(key).done(() => (most = Math.max(most, busyHosts().length)));
            });
          }
        }
      },
      { maxConcurrency: 2 },
    );
    expect(most).toBe(2);
    expect(new Set(answered).size).toBe(16);
  });

  it('gives the next turn to who waits longest, not to who comes when one is free', async () => {
    const [first = '', second = '', third = ''] = [keys[3]![0], keys[1]![0], keys[2]![0]];
    const answered: string[] = [];
    await cluster.map(
      (c) => {
        const get = (key: string) => c.get(key).done(() => answered.push(key));
        c.get(first).done(() => {
          answered.push(first);
          get(third);
        });
        get(second);
      },
      { maxConcurrency: 1 },
    );
    expect(answered).toEqual([first, second, third]);
  });

  it('bounds one call, not the others', async () => {
    const calls: Promise<unknown>[] = [];
    await whileStopped(file.servers, async () => {
      const one = { maxConcurrency: 1 };
      for (const [key = ''] of keys.slice(0, 4)) calls.push(cluster.map((c) => c.get(key), one));
      await condition(() => busyHosts().length === 4);
    });
    await Promise.all(calls);
  });

  it('Infinity is no bound, and 64 is the default', async () => {
    for (const options of [{ maxConcurrency: Infinity }, {}]) {
      let call: Promise<unknown> | undefined;
      await whileStopped(file.servers, async () => {
        call = cluster.map((c) => keys.map(([key = '']) => c.get(key)), options);
        await condition(() => busyHosts().length === 16);
      });
      await call;
    }
  });

  it('never deadlocks a callback that awaits one host after another', async () => {
    const values = await cluster.map(
      async (c) => {
        const all: number[] = [];
        const first = keys.map(([key = '']) => c.exists(key));
        for (const [key = ''] of keys) all.push(await c.exists(key));
        for (const promise of first.reverse()) all.push(await promise);
        return all;
      },
      { maxConcurrency: 1 },
    );
    expect(values).toHaveLength(32);
  });

  it('gives the turn of a host that is lost, removed or cancelled to the next', async () => {
    const client = cluster.getRoutingClient().getMappingClient({ maxConcurrency: 1 });
    await whileStopped(file.servers.slice(0, 1), async () => {
      const silent = client.get(keys[0]![0]!);
      const waiting = client.get(keys[9]![0]!);
      await condition(() => busyHosts().length === 1);
      expect(waiting.isPending).toBe(true);
      cluster.removeHost(0);
      expect(silent.reason).toMatchObject({ code: 'RB_CONNECTION' });
      await waiting;
    });
    await failureOf(client.join());
    client.cancel();
    const again = client.withTypeMapping({}).join();
    await again;
  });

  it('gives the turn that comes when nothing waits for it any more to the next', async () => {
    const limited = await file.setup.makeCluster({ poolOptions: { commandTimeout: 500 } });
    const client = limited.getRoutingClient().getMappingClient({ maxConcurrency: 1 });
    const list = keys[1]![0]!;
    const blocked = client.blPop(list, 0);
    expect(await failureOf(client.get(keys[0]![0]!))).toMatchObject({ code: 'RB_TIMEOUT' });
    await cluster.getRoutingClient().rPush(list, 'element');
    expect(await blocked).toEqual({ key: list, element: 'element' });
    expect(await client.get(keys[2]![0]!)).toBe(null);
  });

  it('gives no turn to what waits when the pools are disconnected', async () => {
    const client = cluster.getRoutingClient().getMappingClient({ maxConcurrency: 1 });
    await whileStopped(file.servers, async () => {
      const promises = keys.map(([key = '']) => client.incr(key));
      await condition(() => busyHosts().length === 1);
      await cluster.disconnectPools();
      expect(promises.map(({ reason }) => reason)).toMatchObject(
        keys.map((_, hostId) => ({
          code: 'RB_CONNECTION',
          command: 'INCR',
          hostId,
          maybeExecuted: hostId === 0,
        })),
      );
    });
    await failureOf(client.join());
    await cluster.map((c) => keys.map(([key = '']) => c.del(key)));
  });

  it('leaves no turn behind when waiting commands are cancelled', async () => {
    const client = cluster.getRoutingClient().getMappingClient({ maxConcurrency: 1 });
    await whileStopped(file.servers, async () => {
      const promises = keys.map(([key = '']) => client.get(key));
      await condition(() => busyHosts().length === 1);
      client.cancel();
      expect(promises.every(({ isRejected }) => isRejected)).toBe(true);
    });
    const values = keys.map(([key = '']) => client.get(key));
    await client.join();
    expect(values.every(({ value }) => value === null)).toBe(true);
  });
});
