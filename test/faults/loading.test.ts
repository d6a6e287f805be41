/** Servers that load their data: they run nothing, and say so. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ConnectionError, ReplyError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { condition } from '../helpers/condition.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { LoadingServer } from '../helpers/loading-server.js';
import {
  ERROR_FIELDS,
  execute,
  failureOf,
  makeChannel,
  outcome,
  pipelineOf,
  send,
  settled,
} from './wire-channel.js';
import type { ChannelSettings, TestPipeline } from './wire-channel.js';

const ANSWER = 'LOADING Redis is loading the dataset in memory';
const REFUSED = `ReplyError: ${ANSWER}`;
const NOT_EXECUTED = 'ConnectionError, not executed';
/** Tries for as long as a test takes. */
const PATIENT: ChannelSettings = { retries: 100_000, reconnect: { minDelay: 5, maxDelay: 5 } };
/** What keeps a test from waiting for a pause. */
const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let loading: LoadingServer;
let proxy: FaultProxy;
const channels: Channel[] = [];

beforeAll(async () => {
  loading = await LoadingServer.start();
});
afterAll(() => loading.close());
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: loading.path } });
  await loading.admin.del(['key', 'log', 'count', 'list']);
});
afterEach(async () => {
  for (const channel of channels.splice(0)) channel.disconnect(new ConnectionError('end of test'));
  await proxy.close();
});

function open(settings?: ChannelSettings): Channel {
  const channel = makeChannel({ path: proxy.socketPath }, settings);
  channels.push(channel);
  return channel;
}

async function openReady(settings?: ChannelSettings): Promise<Channel> {
  const channel = open(settings);
  expect(await execute(channel, 'PING')).toBe('PONG');
  return channel;
}

const outcomes = (...pipelines: TestPipeline[]): unknown[] =>
  pipelines.flatMap(({ calls }) => calls.map(outcome));

function expectSettledOnce(...pipelines: readonly TestPipeline[]): void {
  for (const { calls, times } of pipelines) {
    expect(calls.map(({ settlements }) => settlements)).toEqual(calls.map(() => 1));
    expect(times.done).toBe(1);
  }
}

/** How often the server has refused a command because it loads. */
async function refusals(): Promise<number> {
  const stats = await loading.admin.info('errorstats');
  return Number(/errorstat_LOADING:count=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Waits until the server has refused `more` commands than it had when this was called. */
async function untilRefused(more: number, fn: () => unknown): Promise<void> {
  const before = await refusals();
  fn();
  await condition(async () => (await refusals()) >= before + more);
}

describe.each([2, 3] as const)('a connection in RESP%i to a server that loads', (protocol) => {
  it('is a failed attempt, and the host is used again by itself', async () => {
    await loading.restart();
    const channel = open({ ...PATIENT, protocol, db: 1, clientName: 'name' });
    const first = send(channel, 'INCR count', 'GET count');
    const error = await failureOf(first.calls[0]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ ...ERROR_FIELDS, maybeExecuted: false });
    expect(error.message).toBe(
      'Could not connect to the test server: The server is loading its data',
    );
    expect(error.cause).toMatchObject({ ...ERROR_FIELDS, name: 'ReplyError', kind: 'LOADING' });
    expect(outcomes(first)).toEqual([NOT_EXECUTED, NOT_EXECUTED]);
    expect(channel.isConnected).toBe(false);
    await loading.finish();
    await condition(async () => {
      const next = send(channel, 'INCR count');
      await settled(next);
      return outcome(next.calls[0]!) === 1;
    });
    channel.disconnect(new ConnectionError('enough'));
    await execute(open({ db: 1 }), 'DEL count');
  });

  it('pauses, and rejects at once meanwhile', async () => {
    const channel = open({ protocol, reconnect: FOREVER });
    await loading.beginReload();
    await settled(send(channel, 'GET key'));
    await loading.finish();
    const next = send(channel, 'GET key');
    await settled(next);
    expect(outcomes(next)).toEqual([NOT_EXECUTED]);
    expect(proxy.connections).toBe(1);
  });
});

describe('a user that may not PING', () => {
  it('can connect', async () => {
    await loading.admin.sendCommand([
      'ACL',
      'SETUSER',
      'mute',
      'on',
      '>pass',
      '~*',
      '+get',
      '+hello',
    ]);
    for (const protocol of [2, 3] as const) {
      const credentials = () => ({ username: 'mute', password: 'pass' });
      expect(await execute(open({ protocol, credentials }), 'GET key')).toBe(null);
    }
    await loading.admin.sendCommand(['ACL', 'DELUSER', 'mute']);
  });
});

describe('a replica without its master', () => {
  it('can be connected to, and answers for itself', async () => {
    await loading.admin.configSet('replica-serve-stale-data', 'no');
    await loading.admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    try {
      await expect(loading.admin.sendCommand(['PING'])).rejects.toThrow(/^MASTERDOWN /);
      for (const protocol of [2, 3] as const) {
        const channel = open({ protocol });
        expect(await failureOf(send(channel, 'GET key').calls[0])).toMatchObject({
          name: 'ReplyError',
          kind: 'MASTERDOWN',
        });
        expect(await execute(channel, 'CONFIG GET replica-serve-stale-data')).toBeTruthy();
      }
    } finally {
      await loading.admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      await loading.admin.configSet('replica-serve-stale-data', 'yes');
    }
  });
});

describe('a server that begins to load', () => {
  it('gets what it did not run again, in order, before what waited', async () => {
    const channel = await openReady(PATIENT);
    await loading.beginReload();
    const first = pipelineOf('APPEND log a', 'APPEND log b');
    const later: TestPipeline[] = [];
    await untilRefused(6, () => {
      channel.send(first);
      later.push(send(channel, 'APPEND log c', 'GET log'), send(channel, 'APPEND log d'));
    });
    expect(channel.pending).toBe(5);
    // As if it was not sent, which it was not in the end.
    later.push(send(channel, 'APPEND log e'));
    await loading.finish();
    await settled(first, ...later);
    expect(outcomes(first, ...later)).toEqual([1, 2, 3, 'abc', 4, 5]);
    expectSettledOnce(first, ...later);
    expect(proxy.connections).toBe(1);
    expect(channel.pending).toBe(0);
  });

  it('gets a command at most as often as told; then its answer reaches the caller', async () => {
    for (const retries of [0, 1, 3]) {
      const channel = await openReady({ retries, reconnect: { minDelay: 1, maxDelay: 2 } });
      await loading.beginReload();
      const before = await refusals();
      const sent = send(channel, 'INCR count');
      const error = await failureOf(sent.calls[0]);
      expect(error).toBeInstanceOf(ReplyError);
      expect(error).toMatchObject({ ...ERROR_FIELDS, kind: 'LOADING', message: ANSWER });
      expect(await refusals()).toBe(before + retries + 1);
      expectSettledOnce(sent);
      expect(await execute(channel, 'ECHO x').catch(outcomeOfError)).toBe(NOT_EXECUTED);
      await loading.finish();
      expect(await loading.admin.get('count')).toBe(null);
      channel.disconnect(new ConnectionError('enough'));
    }
  });

  it('for too long is left: what waits is rejected, and the next attempt has to wait', async () => {
    const channel = await openReady({ retries: 0, reconnect: FOREVER });
    await loading.beginReload();
    const sent = send(channel, 'INCR count');
    let waiting: TestPipeline | undefined;
    sent.calls[0]!.onSettled = () => (waiting = send(channel, 'INCR count'));
    await settled(sent);
    expect(outcomes(sent)).toEqual([REFUSED]);
    await settled(waiting!);
    await loading.finish();
    const next = send(channel, 'INCR count');
    await settled(next);
    for (const { calls } of [waiting!, next]) {
      expect(calls.map(outcome)).toEqual([NOT_EXECUTED]);
      expect(calls[0]!.error!.message).toBe('the test server is loading its data');
      expect(calls[0]!.error!.cause).toBeInstanceOf(ReplyError);
    }
    expect(channel.isConnected).toBe(false);
    expect(proxy.connections).toBe(1);
    expect(await loading.admin.get('count')).toBe(null);
  });

  it('gets nothing that was withdrawn before the next try', async () => {
    const channel = await openReady({ retries: 1, reconnect: FOREVER });
    await loading.beginReload();
    const given = pipelineOf('INCR count', 'INCR count');
    await untilRefused(2, () => channel.send(given));
    await condition(() => !given.isSent);
    expect([given.isSent, given.wasSent]).toEqual([false, false]);
    expect(channel.withdraw(given)).toBe(true);
    expect(channel.pending).toBe(0);
    await loading.finish();
    // Nothing is left to wait for: the pause is over.
    expect(await execute(channel, 'INCR count')).toBe(1);
    expect(proxy.connections).toBe(1);
  });

  it('and is lost during the pause gets it on the next connection', async () => {
    const channel = await openReady({ retries: 2, reconnect: FOREVER });
    await loading.beginReload();
    const sent = pipelineOf('INCR count', 'GET count');
    await untilRefused(2, () => channel.send(sent));
    await condition(() => !sent.isSent);
    await loading.finish();
    proxy.cut();
    await settled(sent);
    expect(outcomes(sent)).toEqual([1, '1']);
    expectSettledOnce(sent);
    expect(proxy.connections).toBe(2);
  });

  it('and is disconnected from has run nothing', async () => {
    const channel = await openReady({ retries: 2, reconnect: FOREVER });
    await loading.beginReload();
    const sent = pipelineOf('INCR count', 'GET count');
    await untilRefused(2, () => channel.send(sent));
    await condition(() => !sent.isSent);
    channel.disconnect(new ConnectionError('enough'));
    expect(outcomes(sent)).toEqual([NOT_EXECUTED, NOT_EXECUTED]);
    await loading.finish();
    expect(await execute(channel, 'INCR count')).toBe(1);
    expectSettledOnce(sent);
  });

  it('is not waited for by a channel that drains', async () => {
    const channel = await openReady({ retries: 1, reconnect: FOREVER });
    await loading.beginReload();
    const sent = send(channel, 'INCR count');
    await channel.drain();
    expect(outcomes(sent)).toEqual([NOT_EXECUTED]);
    expect(channel.isConnected).toBe(false);
    await loading.finish();
  });

  it('and is stopped while a channel drains has run nothing', async () => {
    const channel = await openReady({ retries: 1, reconnect: FOREVER });
    await loading.beginReload();
    const sent = pipelineOf('INCR count');
    await untilRefused(1, () => channel.send(sent));
    await condition(() => !sent.isSent);
    const drained = channel.drain();
    proxy.refuse();
    proxy.cut();
    await drained;
    expect(outcomes(sent)).toEqual([NOT_EXECUTED]);
    await loading.finish();
  });
});

describe('the order of commands', () => {
  /** Makes LOADING of the first answers, and lets the others through. */
  function refuseFirst(answers: number): void {
    let left = answers;
    proxy.garble((direction, chunk) => {
      if (direction === 'toServer') return chunk;
      const lines = chunk.toString('latin1').split(/(?<=\r\n)/);
      return Buffer.from(lines.map((line) => (left-- > 0 ? `-${ANSWER}\r\n` : line)).join(''));
    });
  }

  it('is worth more than a retry: nothing is sent again behind what has run', async () => {
    const channel = await openReady(PATIENT);
    refuseFirst(2);
    const first = pipelineOf('SET key 1', 'SET key 2', 'SET key 3');
    const before = send(channel, 'SET other 1');
    channel.send(first);
    await settled(before, first);
    proxy.garble(undefined);
    expect(outcomes(before, first)).toEqual([REFUSED, REFUSED, 'OK', 'OK']);
    expectSettledOnce(before, first);
    expect(await execute(channel, 'GET key')).toBe('3');
    expect(proxy.connections).toBe(1);
  });

  it('is kept among the commands of several pipelines', async () => {
    const channel = await openReady(PATIENT);
    refuseFirst(3);
    const pipelines = [send(channel, 'INCR count', 'INCR count'), send(channel, 'INCR count')];
    await settled(...pipelines);
    // The server did run them, behind the proxy's back, and then again.
    expect(outcomes(...pipelines)).toEqual([4, 5, 6]);
    expectSettledOnce(...pipelines);
  });

  it('of a command that was given up while its answers came is that of its place', async () => {
    const channel = await openReady(PATIENT);
    const first = pipelineOf('INCR count', 'INCR count');
    proxy.pause('toClient');
    channel.send(first);
    refuseFirst(3);
    const second = send(channel, 'INCR count');
    await condition(async () => (await loading.admin.get('count')) === '3');
    first.abandon(new ConnectionError('too late'));
    proxy.resume('toClient');
    await settled(second);
    expect(outcomes(second)).toEqual([4]);
    await condition(() => first.times.done === 1);
    expectSettledOnce(first, second);
  });

  it('of what is disconnected from amid its answers: the first did not run', async () => {
    const channel = await openReady(PATIENT);
    refuseFirst(1);
    proxy.truncate('toClient', `-${ANSWER}\r\n`.length);
    const { bytesToClient } = proxy;
    const sent = send(channel, 'INCR count', 'INCR count');
    await proxy.waitFor(() => proxy.bytesToClient > bytesToClient);
    await condition(() => sent.next === 1);
    expect(sent.calls.map(({ settlements }) => settlements)).toEqual([0, 0]);
    expect(channel.pending).toBe(2);
    channel.disconnect(new ConnectionError('enough'));
    expect(outcomes(sent)).toEqual([NOT_EXECUTED, 'ConnectionError, maybe executed']);
    expectSettledOnce(sent);
  });

  /** Sends two commands: the first is refused, and the second blocks until `list` has an element. */
  async function sendBlocked(channel: Channel): Promise<TestPipeline> {
    refuseFirst(1);
    const sent = send(channel, 'SET key 1', 'BLPOP list 0');
    await condition(() => sent.next === 1);
    return sent;
  }

  it('of what waits is kept, and it is sent, when nothing can be sent again', async () => {
    const channel = await openReady(PATIENT);
    const sent = await sendBlocked(channel);
    const waiting = send(channel, 'APPEND log a', 'APPEND log b');
    await loading.admin.rPush('list', 'element');
    await settled(sent, waiting);
    expect(outcomes(sent, waiting)).toEqual([REFUSED, ['list', 'element'], 1, 2]);
    expectSettledOnce(sent, waiting);
    expect(proxy.connections).toBe(1);
  });

  it('of what ran behind the first keeps no channel from draining', async () => {
    const channel = await openReady(PATIENT);
    const sent = await sendBlocked(channel);
    const drained = channel.drain();
    await loading.admin.rPush('list', 'element');
    await drained;
    expect(outcomes(sent)).toEqual([REFUSED, ['list', 'element']]);
    expectSettledOnce(sent);
    expect(channel.isConnected).toBe(false);
  });

  it('of answers that are cut off is lost: what was refused did not run, and does not', async () => {
    for (const retries of [0, 1]) {
      const channel = await openReady({ retries });
      proxy.pause('toClient');
      const sent = send(channel, 'INCR count', 'SET key 1', 'STRLEN key');
      await condition(async () => (await loading.admin.exists('key')) === 1);
      refuseFirst(1);
      proxy.cutAfterBytes('toClient', `-${ANSWER}\r\n`.length);
      proxy.resume('toClient');
      await settled(sent);
      proxy.garble(undefined);
      const lost = 'ConnectionError, maybe executed';
      expect(outcomes(sent)).toEqual(
        retries === 0 ? [REFUSED, lost, lost] : [NOT_EXECUTED, lost, 1],
      );
      expectSettledOnce(sent);
      await loading.admin.del('key');
    }
  });
});

describe('an answer that only looks like it', () => {
  it('is a script’s own, and reaches the caller', async () => {
    const channel = await openReady(PATIENT);
    const source = "redis.call('INCR','count')return{err='LOADING(of(mine'}".replaceAll(' ', '');
    const sent = send(channel, `EVAL ${source} 0`);
    expect(await failureOf(sent.calls[0])).toMatchObject({ name: 'ReplyError' });
    expect(await loading.admin.get('count')).toBe('1');
  });
});

/** In short, as `outcome` has it. */
function outcomeOfError(error: Error & { maybeExecuted?: boolean }): string {
  return `${error.name}, ${error.maybeExecuted ? 'maybe executed' : 'not executed'}`;
}
