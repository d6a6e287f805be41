/** How a fan-out ends before its time: at its deadline, by a signal, by cancel, by a callback. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { CancelledError, FanoutError, TimeoutError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf } from '../helpers/failures.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers();
let cluster: Cluster;
beforeEach(async () => {
  cluster = await file.setup.makeCluster();
  await cluster.all((c) => c.ping());
});
afterEach(() => cluster.disconnectPools());

type Pinged = RbPromise<Map<number, string>>;

describe('at its deadline', () => {
  it('a fan-out rejects with one TimeoutError that names the silent hosts', async () => {
    let pinged: Pinged | undefined;
    let handled: Pinged | undefined;
    const error = await whileStopped([file.servers[1]!], () =>
      failureOf(
        cluster.all(
          (c) => {
            pinged = c.ping();
            handled = c.ping();
            handled.catch(() => 0);
          },
          { timeout: 100 },
        ),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', hosts: [4, 5, 6, 7] });
    for (const promise of [pinged, handled]) {
      const reason = promise?.reason as FanoutError;
      expect(reason).toBeInstanceOf(FanoutError);
      expect([...reason.values]).toEqual([0, 1, 2, 3].map((id) => [id, 'PONG']));
      expect([...reason.errors.keys()]).toEqual([4, 5, 6, 7]);
      for (const [hostId, each] of reason.errors) {
        expect(each).toBeInstanceOf(TimeoutError);
        const { address } = cluster.hosts.get(hostId)!;
        expect(each).toMatchObject({ hostId, address, command: 'PING', maybeExecuted: true });
      }
    }
  });

  it('what waits for its turn is withdrawn and was not executed', async () => {
    let counted: RbPromise<Map<number, number>> | undefined;
    await whileStopped([file.servers[1]!], async () => {
      const call = cluster.fanout(
        (c) => {
          counted = c.incr('late');
        },
        { hosts: [4, 5, 6], timeout: 100, maxConcurrency: 1 },
      );
      expect(await failureOf(call)).toMatchObject({ hosts: [4, 5, 6] });
    });
    const { errors } = counted?.reason as FanoutError;
    const sent = [...errors.values()].map(
      (error) => (error as { maybeExecuted: boolean }).maybeExecuted,
    );
    expect(sent).toEqual([true, false, false]);
    expect(await cluster.fanout((c) => c.get('late'), { hosts: [4, 5, 6] })).toEqual(
      new Map([
        [4, '1'],
        [5, null],
        [6, null],
      ]),
    );
    await cluster.all((c) => c.del('late'));
  });

  it('late replies are dropped: later commands get their own', async () => {
    let missed: Pinged | undefined;
    const later = await whileStopped([file.servers[1]!], async () => {
      await failureOf(cluster.all((c) => (missed = c.ping()), { timeout: 50 }));
      return { call: cluster.all((c) => c.executeCommand('ECHO', 'mine')) };
    });
    expect([...(await later.call).values()]).toEqual(Array(8).fill('mine'));
    expect(missed?.isRejected).toBe(true);
  });

  it('a target of one key rejects with the TimeoutError itself', async () => {
    let one: RbPromise<string> | undefined;
    const key = ['a', 'b', 'c', 'd', 'e'].find((k) => cluster.getRouter().getHostForKey(k) > 3)!;
    await whileStopped([file.servers[1]!], () =>
      failureOf(cluster.fanout((c) => (one = c.targetKey(key).ping()), { timeout: 50 })),
    );
    expect(one?.reason).toBeInstanceOf(TimeoutError);
  });

  it('a callback that goes on waiting is over, too', async () => {
    const never = new Promise<void>(() => {});
    const error = await failureOf(cluster.all(() => never, { timeout: 20 }));
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', hosts: [] });
  });
});

describe('a signal', () => {
  it('that is aborted beforehand keeps the callback from running', async () => {
    const reason = { why: 'not today' };
    let ran = false;
    const signal = AbortSignal.abort(reason);
    const call = cluster.all(() => (ran = true), { signal });
    await expect(call).rejects.toBe(reason);
    await expect(cluster.fanout(() => (ran = true), { signal, hosts: [0] })).rejects.toBe(reason);
    expect(ran).toBe(false);
  });

  it('cancels what is outstanding, and the call rejects with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let pinged: Pinged | undefined;
    await whileStopped([file.servers[1]!], async () => {
      const call = cluster.all((c) => (pinged = c.ping()), { signal: controller.signal });
      const silent = cluster.getPoolForHost(4);
      const answered = cluster.getPoolForHost(0);
      await condition(() => silent.pending === 1 && answered.pending === 0);
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
    });
    expect(pinged?.reason).toBeInstanceOf(CancelledError);
    expect(pinged?.reason).toMatchObject({ command: 'PING', cause: reason });
  });
});

describe('cancel', () => {
  it('rejects every command at once with a CancelledError that counts as handled', async () => {
    await whileStopped([file.servers[1]!], async () => {
      const result = await cluster.all((c) => {
        const promises = [c.ping(), c.targetKey('k').ping(), c.target([5]).ping()];
        c.cancel();
        for (const promise of promises) expect(promise.reason).toBeInstanceOf(CancelledError);
        return 'done';
      });
      expect(result).toBe('done');
    });
  });

  it('of a fan-out that some hosts have answered rejects it as a whole, and the client goes on', async () => {
    const fan = cluster.getRoutingClient().getFanoutClient('all');
    await whileStopped([file.servers[1]!], async () => {
      const pinged = fan.ping();
      await condition(() => cluster.getPoolForHost(0).pending === 0);
      fan.cancel();
      expect(pinged.reason).toBeInstanceOf(CancelledError);
      fan.cancel();
    });
    expect((await fan.ping()).size).toBe(8);
    await fan.join();
  });
});

describe('a fan-out that is cancelled before all hosts have it', () => {
  it.each([
    ['may have run, if one host has answered', true],
    ['did not run, if none has it', false],
  ])('%s', async (_, isAnswered) => {
    let pinged: Pinged | undefined;
    await cluster.all(
      (c) => {
        pinged = c.ping();
        if (!isAnswered) c.cancel();
        else {
          c.target([0])
            .ping()
            .done(() => c.cancel());
        }
      },
      { maxConcurrency: 1 },
    );
    expect(pinged!.reason).toBeInstanceOf(CancelledError);
    expect(pinged!.reason).toMatchObject({ command: 'PING', maybeExecuted: isAnswered });
  });
});

describe('a callback that throws', () => {
  it('cancels what is outstanding, and its error passes on', async () => {
    const mine = new Error('mine');
    let pinged: Pinged | undefined;
    const call = cluster.all((c) => {
      pinged = c.ping();
      throw mine;
    });
    await expect(call).rejects.toBe(mine);
    expect(pinged?.reason).toBeInstanceOf(CancelledError);
  });

  it('so does an iterable of hosts that throws', async () => {
    const mine = new Error('mine');
    const hosts: Iterable<number> = {
      [Symbol.iterator]() {
        throw mine;
      },
    };
    await expect(cluster.fanout((c) => c.ping(), { hosts })).rejects.toBe(mine);
  });
});
