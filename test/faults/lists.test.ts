/** executeCommands while scripts are flushed, connections are lost and servers begin anew. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import type { ListedCommand } from '../../src/clients/command-list.js';
import { ConnectionError, MapError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { condition, startServer, type SingleServer } from '../helpers/servers.js';

let single: SingleServer;
let proxy: FaultProxy;
let direct: DirectClient;
let cluster: Cluster;
beforeEach(async () => {
  single = await startServer();
  proxy = await FaultProxy.start({ target: { path: single.server.socketPath ?? '' } });
  direct = await connectDirect(single.server);
  cluster = new Cluster({ hosts: { 0: { unixSocketPath: proxy.socketPath } } });
  await cluster.getPoolForHost(0).executeCommand('PING');
});
afterEach(async () => {
  await cluster.disconnectPools();
  direct.destroy();
  await proxy.close();
  await single.close();
});

const first = new Script("return 'first:' .. redis.call('INCR', 'runs')");
const second = new Script("return 'second:' .. redis.call('INCR', 'runs')");

const list = (): ListedCommand[] => [
  [first],
  [second],
  ['APPEND', 'text', 'a'],
  [first],
  ['APPEND', 'text', 'b'],
  [second],
  [first],
];
const answers = ['first:1', 'second:2', 1, 'first:3', 2, 'second:4', 'first:5'];

/** What the answers of the list's steps contain, one behind the other. */
const replies = {
  'the check': ':0',
  'the loading': second.sha,
  'the first script': 'first:1',
  'the second script': 'second:2',
  'the third script': 'first:3',
} as const;
type Step = keyof typeof replies;
const steps = Object.keys(replies) as Step[];

/** Holds what goes to the server from the answer of a step on, and calls `fn` meanwhile. */
async function behind(step: Step, fn: () => Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    proxy.garble((direction, chunk) => {
      if (direction === 'toClient' && chunk.includes(replies[step])) {
        proxy.garble(undefined);
        proxy.pause('toServer');
        resolve();
      }
      return chunk;
    });
  });
  await fn();
  proxy.resume();
}

/** Lets what is sent next after the answer of a step vanish on its way, and calls `fn` then. */
async function onTheWayBehind(step: Step, fn: () => unknown): Promise<void> {
  let isAnswered = false;
  await new Promise<void>((resolve) => {
    proxy.garble((direction, chunk) => {
      if (direction === 'toClient') isAnswered ||= chunk.includes(replies[step]);
      if (direction === 'toClient' || !isAnswered) return chunk;
      proxy.garble(undefined);
      resolve();
      return Buffer.alloc(0);
    });
  });
  await fn();
}

const settledValues = (promises: readonly RbPromise<unknown>[]) =>
  promises.map(({ isResolved, value }) => (isResolved ? value : 'failed'));

async function run(): Promise<readonly RbPromise<unknown>[]> {
  try {
    return (await cluster.executeCommands({ k: list() })).k;
  } catch (error) {
    expect(error).toBeInstanceOf(MapError);
    return ((error as MapError).results as { k: RbPromise<unknown>[] }).k;
  }
}

describe('an answer to the check of scripts that is none', () => {
  it.each(['_\r\n', '*-1\r\n', '*0\r\n', ':5\r\n', '+OK\r\n', '-ERR what\r\n'])(
    'leaves nothing pending: %j',
    async (answer) => {
      proxy.garble((direction, chunk) => {
        if (direction === 'toServer' || !chunk.includes('*2\r\n:0\r\n:0\r\n')) return chunk;
        proxy.garble(undefined);
        return Buffer.from(answer);
      });
      expect(settledValues(await run())).toEqual(answers);
      expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, state: 'up' });
      await cluster[Symbol.asyncDispose]();
    },
  );
});

describe('SCRIPT FLUSH by another client', () => {
  it.each(steps)('behind %s is repaired, in order, nothing runs twice', async (step) => {
    const flushed = behind(step, () => direct.scriptFlush());
    expect(settledValues(await run())).toEqual(answers);
    await flushed;
    expect(await direct.get('runs')).toBe('5');
    expect(await direct.get('text')).toBe('ab');
  });

  it('all the time is repaired', async () => {
    let isOver = false;
    const flushing = (async () => {
      while (!isOver) await direct.scriptFlush();
    })();
    const lists = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `l${i}`,
        Array.from({ length: 20 }, (): ListedCommand => [
          new Script(`return redis.call('INCR', 'n${i}')`),
        ]),
      ]),
    );
    const results = await cluster.executeCommands(lists);
    isOver = true;
    await flushing;
    for (const each of Object.values(results)) {
      expect(settledValues(each)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    }
  });

  it('inside the list itself is repaired by an EVAL where the script was loaded before it', async () => {
    const flush: ListedCommand = ['SCRIPT', 'FLUSH'];
    const commands = [flush, [first], flush, flush, [second], flush] satisfies ListedCommand[];
    let promises: readonly RbPromise<unknown>[] = [];
    const calls = await commandsDuring(direct, async () => {
      promises = (await cluster.executeCommands({ k: commands })).k;
    });
    expect(settledValues(promises)).toEqual(['OK', 'first:1', 'OK', 'OK', 'second:2', 'OK']);
    expect(calls).toMatchObject({ evalsha: 2, eval: 1, incr: 2, 'script|flush': 4 });
  });
});

describe('a connection that is lost', () => {
  it.each(steps)(
    'behind %s fails what was on its way; the rest goes on, nothing runs twice',
    async (step) => {
      const lost = onTheWayBehind(step, () => {
        proxy.cut();
      });
      const promises = await run();
      await lost;
      expect(promises.every(({ isPending }) => !isPending)).toBe(true);
      for (const { reason, isRejected } of promises) {
        if (!isRejected) continue;
        expect(reason).toBeInstanceOf(ConnectionError);
        expect(reason).toMatchObject({ hostId: 0, address: proxy.socketPath });
      }
      const done = settledValues(promises).filter((value) => /:/.test(String(value)));
      expect(new Set(done).size).toBe(done.length);
      expect(Number(await direct.get('runs'))).toBe(done.length);
      // A list goes on behind a failure.
      expect(promises.at(-1)?.isResolved).toBe(true);
    },
  );

  it.each<[Step, number]>([
    ['the loading', 0],
    ['the first script', 1],
    ['the second script', 2],
    ['the third script', 3],
  ])(
    'with a restart of the server behind %s: the scripts are there again',
    async (step, before) => {
      const restarted = onTheWayBehind(step, async () => {
        proxy.pause();
        await single.server.stop();
        single.server.start();
        await single.server.waitUntilReady(5000);
        proxy.cut();
        proxy.resume();
      });
      const promises = await run();
      await restarted;
      const values = settledValues(promises);
      const failed = promises.filter(({ isRejected }) => isRejected);
      expect(failed.length).toBeLessThanOrEqual(2);
      for (const { reason } of failed) {
        expect(reason).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
      }
      expect(values.at(-1)).toMatch(/^first:/);
      const again = await connectDirect(single.server);
      // The new server counts from nothing: what it ran is what was answered after the restart.
      const runs = Number(await again.get('runs'));
      expect(values.at(-1)).toBe(`first:${runs}`);
      expect(runs).toBe(values.filter((value) => /:/.test(String(value))).length - before);
      again.destroy();
    },
  );

  it('for good rejects the whole list, however long it is', async () => {
    const scripts = Array.from({ length: 2000 }, (): ListedCommand => [first]);
    const lost = onTheWayBehind('the check', () => {
      proxy.refuse();
      proxy.cut();
    });
    const error = await failureOf(cluster.executeCommands({ k: scripts }));
    await lost;
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2000, total: 2000 });
    await proxy.accept();
  });
});

describe('the end of the connections by the caller', () => {
  it.each([
    ['the disconnect of the pool', (): unknown => cluster.getPoolForHost(0).disconnect()],
    ['removeHost', (): unknown => cluster.removeHost(0)],
  ])('%s ends a list that waits behind the commands of another one', async (_, end) => {
    const pool = cluster.getPoolForHost(0);
    const scripted: ListedCommand[] = [[first], ['SET', 'a', 1]];
    const call = cluster.executeCommands({ plain: [['PING']], scripted });
    await end();
    const error = await failureOf(call);
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 3, total: 3 });
    expect(pool.connections).toBe(0);
    expect(await direct.dbSize()).toBe(0);
  });

  const longList = () => Array.from({ length: 50 }, (): ListedCommand => [first]);
  const begun = () =>
    condition(
      async () => Number(await direct.get('runs')) > 0 || cluster.getPoolForHost(0).pending > 0,
    );

  it.each([
    ['disconnectPools', (): unknown => cluster.disconnectPools()],
    ['the disconnect of the pool', (): unknown => cluster.getPoolForHost(0).disconnect()],
    ['removeHost', (): unknown => cluster.removeHost(0)],
  ])('%s rejects all that has no answer, and nothing connects again', async (_, end) => {
    proxy.pause('toServer');
    const call = failureOf(cluster.executeCommands({ k: longList(), l: longList() }));
    await begun();
    const made = proxy.connections;
    await end();
    const error = await call;
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 100, total: 100 });
    const { k } = error['results'] as { k: RbPromise<unknown>[] };
    for (const { reason } of k) {
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({ hostId: 0, command: 'EVALSHA', maybeExecuted: false });
    }
    proxy.resume();
    await proxy.waitFor(() => proxy.openConnections === 0);
    expect(proxy.connections).toBe(made);
    expect(await direct.exists('runs')).toBe(0);
  });

  it('in the middle of a list fails the script that runs, and those behind it', async () => {
    const ended = onTheWayBehind('the second script', () => cluster.disconnectPools());
    const promises = await run();
    await ended;
    expect(settledValues(promises)).toEqual([
      'first:1',
      'second:2',
      ...answers.slice(2).map(() => 'failed'),
    ]);
    const executed = promises
      .slice(2)
      .map(({ reason }) => (reason as ConnectionError).maybeExecuted);
    expect(executed).toEqual([true, true, false, false, false]);
    expect((await run()).every(({ isResolved }) => isResolved)).toBe(true);
  });

  it('asyncDispose waits for a list that runs', async () => {
    proxy.setDelay(5);
    const call = cluster.executeCommands({ k: list() });
    await condition(() => cluster.getPoolForHost(0).pending > 0);
    await cluster[Symbol.asyncDispose]();
    expect(settledValues((await call).k)).toEqual(answers);
    await proxy.waitFor(() => proxy.openConnections === 0);
  });
});
