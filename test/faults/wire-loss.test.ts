/** Connections that are lost, and what becomes of the commands that were under way. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ConnectionError, TimeoutError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { condition } from '../helpers/condition.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';
import {
  Call,
  ERROR_FIELDS,
  execute,
  failureOf,
  makeChannel,
  outcome,
  pipelineOf,
  send,
  settled,
  TestPipeline,
} from './wire-channel.js';
import type { ChannelSettings, Target } from './wire-channel.js';

/** The answer to the PING of a handshake in RESP2. */
const HANDSHAKE = '+PONG\r\n'.length;
/** What keeps a test from waiting for a pause between attempts. */
const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let single: SingleServer;
let proxy: FaultProxy;
let direct: Channel;
const channels: Channel[] = [];

beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: single.server.socketPath! } });
  direct = open(undefined, { path: single.server.socketPath! });
  await execute(direct, 'FLUSHALL');
});
afterEach(async () => {
  for (const channel of channels.splice(0)) channel.disconnect(new ConnectionError('end of test'));
  await proxy.close();
});

function open(settings?: ChannelSettings, target: Target = { path: proxy.socketPath }): Channel {
  const channel = makeChannel(target, settings);
  channels.push(channel);
  return channel;
}

/** Opens a channel through the proxy, and waits until its connection is ready. */
async function openReady(settings?: ChannelSettings, target?: Target): Promise<Channel> {
  const channel = open(settings, target);
  expect(await execute(channel, 'PING')).toBe('PONG');
  return channel;
}

/** Lets so many bytes to the client through a paused proxy. */
async function letThrough(isEnough: () => boolean): Promise<void> {
  await condition(() => {
    proxy.resume('toClient');
    proxy.pause('toClient');
    return isEnough();
  });
}

function expectSettledOnce(...pipelines: readonly TestPipeline[]): void {
  for (const { calls, times } of pipelines) {
    expect(calls.map(({ settlements }) => settlements)).toEqual(calls.map(() => 1));
    expect(times.done).toBe(1);
  }
}

describe.each(['unix socket', 'TCP'])('a loss over a %s', (kind) => {
  const target = (): Target => (kind === 'TCP' ? { port: proxy.port } : { path: proxy.socketPath });

  it.each([false, true])(
    'rejects what was sent and may have written (reset: %s)',
    async (reset) => {
      await execute(direct, 'SET key value');
      const channel = await openReady({}, target());
      proxy.pause('toClient');
      const sent = send(
        channel,
        'INCR count',
        'GET key',
        'SET other 1',
        'STRLEN key',
        'INCR count',
      );
      await condition(async () => (await execute(direct, 'GET count')) === '2');
      proxy.cut({ reset });
      proxy.resume('toClient');
      await settled(sent);
      const lost = 'ConnectionError, maybe executed';
      expect(sent.calls.map(outcome)).toEqual([lost, 'value', lost, 5, lost]);
      expectSettledOnce(sent);
      expect(sent.calls[0]!.error).toBeInstanceOf(ConnectionError);
      expect(sent.calls[0]!.error).toMatchObject({ ...ERROR_FIELDS, code: 'RB_CONNECTION' });
      expect(sent.calls[0]!.error!.message).toMatch(/^The connection to the test server was lost/);
      // Nothing ran twice.
      expect(await execute(channel, 'GET count')).toBe('2');
      expect(proxy.connections).toBe(2);
    },
  );
});

describe('a loss', () => {
  it('sends again what was not handed to the socket, writes too, in order', async () => {
    const channel = await openReady();
    proxy.pause('toServer');
    const big = send(channel, `SET big ${'x'.repeat(24 * 1024 * 1024)}`);
    const waiting = ['a', 'b', 'c'].map((letter) =>
      send(channel, `APPEND log ${letter}`, 'GET log', 'INCR count'),
    );
    expect(big.isSent).toBe(true);
    expect(waiting.map(({ isSent }) => isSent)).toEqual([false, false, false]);
    expect(channel.pending).toBe(10);
    proxy.cut();
    proxy.resume('toServer');
    await settled(big, ...waiting);
    expect(big.calls.map(outcome)).toEqual(['ConnectionError, maybe executed']);
    expect(waiting.map(({ calls }) => calls.map(outcome))).toEqual([
      [1, 'a', 1],
      [2, 'ab', 2],
      [3, 'abc', 3],
    ]);
    expectSettledOnce(big, ...waiting);
    expect(channel.pending).toBe(0);
  });

  it('sends reads again before what waited behind them', async () => {
    await execute(direct, 'SET key before');
    const channel = await openReady();
    proxy.pause('toClient');
    const reads = send(channel, 'GET key', 'SET key lost', 'GET key');
    await condition(async () => (await execute(direct, 'GET key')) === 'lost');
    proxy.pause('toServer');
    const big = send(channel, `SET big ${'x'.repeat(24 * 1024 * 1024)}`);
    const behind = send(channel, 'SET key after', 'GET key');
    proxy.cut();
    proxy.resume();
    await settled(reads, big, behind);
    const lost = 'ConnectionError, maybe executed';
    expect(reads.calls.map(outcome)).toEqual(['lost', lost, 'lost']);
    expect(behind.calls.map(outcome)).toEqual(['OK', 'after']);
    expectSettledOnce(reads, big, behind);
  });

  it.each([0, 1, 2, 3])('sends reads again at most as often as told: %i times', async (retries) => {
    const channel = await openReady({ retries });
    proxy.pause('toClient');
    const reads = send(channel, 'GET key', 'GET key');
    for (let losses = 0; losses <= retries; losses++) {
      await proxy.waitFor(({ connections }) => connections === losses + 1);
      if (losses === 0) {
        proxy.cut();
        continue;
      }
      // The next connection gets the answer to its handshake, and no more.
      const before = proxy.bytesToClient;
      proxy.cutAfterBytes('toClient', HANDSHAKE);
      await letThrough(() => proxy.bytesToClient > before);
    }
    await settled(reads);
    const lost = 'ConnectionError, maybe executed';
    expect(reads.calls.map(outcome)).toEqual([lost, lost]);
    expectSettledOnce(reads);
    expect(proxy.connections).toBe(retries + 1);
  });

  it('of a connection that fails right away may have executed what was sent before', async () => {
    const channel = await openReady({ retries: 2, reconnect: FOREVER });
    proxy.pause('toClient');
    const read = send(channel, 'GET key');
    await condition(() => read.isSent);
    proxy.refuse();
    proxy.cut();
    const error = await failureOf(read.calls[0]);
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true });
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
    expect(proxy.connections).toBe(1);
  });

  it('without anything under way is repaired by the next command', async () => {
    const channel = await openReady({ reconnect: FOREVER });
    proxy.cut();
    await condition(() => !channel.isConnected);
    expect(await execute(channel, 'INCR count')).toBe(1);
    expect(proxy.connections).toBe(2);
  });

  it('lets a callback send again, behind what is sent again by itself', async () => {
    const channel = await openReady();
    proxy.pause('toClient');
    const sent = send(channel, 'APPEND log a', 'GET log');
    await condition(async () => (await execute(direct, 'GET log')) === 'a');
    let again: TestPipeline | undefined;
    sent.calls[0]!.onSettled = () => (again = send(channel, 'APPEND log b'));
    proxy.cut();
    proxy.resume();
    await settled(sent);
    await settled(again!);
    expect(outcome(sent.calls[1]!)).toBe('a');
    expect(outcome(again!.calls[0]!)).toBe(2);
    expectSettledOnce(sent, again!);
  });

  it('is noticed when the server ends its side while it takes nothing', async () => {
    const own = await startServer();
    const ownProxy = await FaultProxy.start({ target: { path: own.server.socketPath! } });
    try {
      const channel = open({ retries: 0 }, { path: ownProxy.socketPath });
      await execute(channel, 'PING');
      ownProxy.pause('toServer');
      const big = send(channel, `SET big ${'x'.repeat(24 * 1024 * 1024)}`);
      const behind = send(channel, 'SET key 1');
      await own.server.stop();
      await settled(big, behind);
      expect(outcome(big.calls[0]!)).toBe('ConnectionError, maybe executed');
      expect(outcome(behind.calls[0]!)).toBe('ConnectionError, not executed');
    } finally {
      await ownProxy.close();
      await own.close();
    }
  });
});

describe('a connection that is cut after any byte of the replies', () => {
  const commands = [
    'SET key value',
    'GET key',
    'HGET key f',
    'STRLEN key',
    'GET none',
    'ECHO long',
  ];
  const replies = [
    '+OK\r\n',
    '$5\r\nvalue\r\n',
    '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
    ':5\r\n',
    '$-1\r\n',
    '$4\r\nlong\r\n',
    '*3\r\n$5\r\nvalue\r\n$-1\r\n$5\r\nvalue\r\n',
  ];
  const values = [
    'OK',
    'value',
    'ReplyError: WRONGTYPE Operation against a key holding the wrong kind of value',
    5,
    null,
    'long',
    ['value', null, 'value'],
  ];
  const total = replies.join('').length;

  function makePipeline(): TestPipeline {
    const calls = commands.map((text) => new Call(text));
    return new TestPipeline([...calls, new Call('MGET key none key', 3)]);
  }

  /** How many replies are whole within so many bytes. */
  function wholeReplies(bytes: number): number {
    let end = 0;
    const isWhole = (reply: string): boolean => (end += reply.length) <= bytes;
    return replies.filter(isWhole).length;
  }

  it('gives each command its own answer or a loss, once', async () => {
    await execute(direct, 'SET key value');
    for (let bytes = 0; bytes <= total; bytes++) {
      proxy.cutAfterBytes('toClient', HANDSHAKE + bytes);
      const channel = open({ retries: 0 });
      const pipeline = makePipeline();
      channel.send(pipeline);
      await settled(pipeline);
      const whole = wholeReplies(bytes);
      const expected = values.map((value, index) =>
        index < whole ? value : 'ConnectionError, maybe executed',
      );
      expect({ bytes, outcomes: pipeline.calls.map(outcome) }).toEqual({
        bytes,
        outcomes: expected,
      });
      expectSettledOnce(pipeline);
      await condition(() => !channel.isConnected);
    }
  });

  it('gives each read its own answer when it is sent again', async () => {
    await execute(direct, 'SET key value');
    for (let bytes = 0; bytes < total; bytes++) {
      proxy.cutAfterBytes('toClient', HANDSHAKE + bytes);
      const channel = open({ retries: 1 });
      const pipeline = makePipeline();
      channel.send(pipeline);
      await settled(pipeline);
      const whole = wholeReplies(bytes);
      const outcomes = pipeline.calls.map(outcome);
      for (const [index, { isRetryable }] of pipeline.calls.entries()) {
        const isAnswered = index < whole || isRetryable;
        expect(outcomes[index]).toEqual(
          isAnswered ? values[index] : 'ConnectionError, maybe executed',
        );
      }
      expectSettledOnce(pipeline);
      channel.disconnect(new ConnectionError('enough'));
    }
  });

  it('in the handshake is a failed attempt', async () => {
    for (let bytes = 1; bytes < HANDSHAKE; bytes++) {
      proxy.cutAfterBytes('toClient', bytes);
      const channel = open({ retries: 3, reconnect: FOREVER });
      const pipeline = makePipeline();
      channel.send(pipeline);
      await settled(pipeline);
      expect(new Set(pipeline.calls.map(outcome))).toEqual(
        new Set(['ConnectionError, not executed']),
      );
      expectSettledOnce(pipeline);
    }
    expect(proxy.connections).toBe(HANDSHAKE - 1);
  });
});

describe('bytes that are no replies', () => {
  it.each([
    ['an unknown type', 'HTTP/1.1 400\r\n'],
    ['a reply too many', '+OK\r\n+OK\r\n+OK\r\n'],
    ['a length that is none', '$x\r\n'],
  ])('(%s) reject what has no answer with a ProtocolError', async (_, bytes) => {
    const channel = await openReady({ retries: 0 });
    proxy.garble((direction, chunk) => (direction === 'toClient' ? Buffer.from(bytes) : chunk));
    const sent = send(channel, 'INCR count', 'INCR count');
    await settled(sent);
    proxy.garble(undefined);
    await condition(() => !channel.isConnected);
    expect(sent.calls.map(({ settlements }) => settlements)).toEqual([1, 1]);
    if (bytes.startsWith('+')) {
      expect(sent.calls.map(outcome)).toEqual(['OK', 'OK']);
    } else {
      const error = await failureOf(sent.calls[1]);
      expect(error).toMatchObject({ ...ERROR_FIELDS, code: 'RB_PROTOCOL', maybeExecuted: true });
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.name).toBe('ProtocolError');
      expect(error.message).toMatch(
        /^The connection to the test server was lost: The server sent a /,
      );
    }
    expect(await execute(channel, 'GET count')).toBe('2');
  });

  it('in place of a handshake are a failed attempt', async () => {
    proxy.garble((direction, chunk) =>
      direction === 'toClient' ? Buffer.from('hello\r\n') : chunk,
    );
    const channel = open();
    const error = await failureOf(send(channel, 'INCR count').calls[0]);
    expect(error).toMatchObject({ code: 'RB_PROTOCOL', maybeExecuted: false });
  });

  it('before an answer do not reach what is sent again', async () => {
    await execute(direct, 'SET key value');
    const channel = await openReady();
    proxy.garble((direction, chunk) => {
      if (direction !== 'toClient') return chunk;
      proxy.garble(undefined);
      return Buffer.from('$5\r\nva?!');
    });
    proxy.cutAfterBytes('toClient', 8);
    expect(await execute(channel, 'GET key')).toBe('value');
  });
});

describe('a reply whose rest never comes', () => {
  it('holds the command until a command times out, then the connection is replaced', async () => {
    await execute(direct, 'SET key value');
    const channel = await openReady({ connectTimeout: 800 });
    proxy.truncate('toClient', 6);
    const read = send(channel, 'GET key');
    await proxy.waitFor(({ bytesToClient }) => bytesToClient >= 2 * HANDSHAKE + 6);
    expect(read.calls[0]!.settlements).toBe(0);
    await proxy.heal();
    // Until the bytes that were let through have arrived, they count as traffic.
    await condition(() => {
      channel.expectTraffic();
      return proxy.connections === 2;
    });
    expect(await read.calls[0]!.answer).toBe('value');
    expect(proxy.connections).toBe(2);
  });
});

describe('a silence after a command timed out', () => {
  it('replaces the connection; reads are sent again, writes may have run', async () => {
    const channel = await openReady({ connectTimeout: 800 });
    proxy.pause('toClient');
    const sent = send(channel, 'INCR count', 'GET count');
    channel.expectTraffic();
    channel.expectTraffic();
    await proxy.waitFor(({ connections }) => connections === 2);
    proxy.resume();
    await settled(sent);
    expect(sent.calls.map(outcome)).toEqual(['ConnectionError, maybe executed', '1']);
    expect(sent.calls[0]!.error!.message).toBe('the test server was silent for 800 ms');
    expectSettledOnce(sent);
  });

  it('is broken by any byte: then the connection stays', async () => {
    const channel = await openReady({ connectTimeout: 1000 });
    const slow = send(channel, 'PING', 'BLPOP none 1.5');
    channel.expectTraffic();
    await settled(slow);
    expect(slow.calls.map(outcome)).toEqual(['PONG', null]);
    expect(proxy.connections).toBe(1);
  });

  it('may begin in the midst of the reply to that command, when nothing else is sent', async () => {
    await execute(direct, 'SET key value');
    const channel = await openReady({ connectTimeout: 300 });
    const before = proxy.bytesToClient;
    proxy.truncate('toClient', 5);
    const late = send(channel, 'GET key');
    late.abandon(new TimeoutError('too late'));
    channel.expectTraffic();
    await proxy.waitFor(({ bytesToClient }) => bytesToClient === before + 5);
    await proxy.waitFor(({ openConnections }) => openConnections === 0);
    expectSettledOnce(late);
  });

  it('may begin after the reply to a command before it', async () => {
    const channel = await openReady({ connectTimeout: 300 });
    const before = proxy.bytesToClient;
    const reply = '$1\r\na\r\n'.length;
    proxy.truncate('toClient', reply);
    const sent = send(channel, 'ECHO a', 'ECHO b');
    const late = send(channel, 'ECHO late');
    late.abandon(new TimeoutError('too late'));
    channel.expectTraffic();
    await proxy.waitFor(({ bytesToClient }) => bytesToClient === before + reply);
    await proxy.waitFor(({ openConnections }) => openConnections === 0);
    await settled(sent);
    expect(sent.calls.map(outcome)).toEqual(['a', 'ConnectionError, maybe executed']);
    expectSettledOnce(sent, late);
  });

  it('is not looked for when that command is answered', async () => {
    const channel = await openReady({ connectTimeout: 300 });
    proxy.pause('toClient');
    const late = send(channel, 'PING');
    late.abandon(new TimeoutError('too late'));
    channel.expectTraffic();
    proxy.resume();
    await condition(() => channel.pending === 0);
    expect(await execute(channel, 'BLPOP none 1')).toBe(null);
    expect(proxy.connections).toBe(1);
  });

  it('does not outlast a disconnect', async () => {
    const channel = await openReady({ connectTimeout: 800 });
    channel.expectTraffic();
    channel.disconnect(new ConnectionError('enough'));
    expect(await execute(channel, 'BLPOP none 1.2')).toBe(null);
    expect(proxy.connections).toBe(2);
  });
});

describe('a command that was given up', () => {
  it('keeps its place: its reply is dropped, and the next one gets its own', async () => {
    const channel = await openReady();
    proxy.pause('toClient');
    const late = send(channel, 'ECHO late', 'ECHO later');
    const next = send(channel, 'ECHO next');
    late.abandon(new Error('too late'));
    expect(channel.pending).toBe(3);
    expect(channel.withdraw(late)).toBe(false);
    proxy.resume();
    expect(await next.calls[0]!.answer).toBe('next');
    expect(late.calls.map(({ error }) => error?.message)).toEqual(['too late', 'too late']);
    expectSettledOnce(late, next);
  });

  it('in the middle of its reply, too', async () => {
    await execute(direct, `SET long ${'x'.repeat(50_000)}`);
    const channel = await openReady();
    const before = proxy.bytesToClient;
    for (const calls of [[new Call('GET long')], [new Call('MGET none long', 2)]]) {
      proxy.truncate('toClient', 1_000_000);
      const late = new TestPipeline(calls);
      proxy.setDelay(0);
      channel.send(late);
      const next = send(channel, 'ECHO next');
      await condition(() => proxy.bytesToClient > before);
      late.abandon(new Error('too late'));
      expect(await next.calls[0]!.answer).toBe('next');
      expect(late.calls.map(({ settlements }) => settlements)).toEqual([1]);
    }
  });

  it('before it was sent is withdrawn and never runs', async () => {
    const channel = open();
    const first = send(channel, 'INCR count');
    const second = send(channel, 'INCR count');
    const third = pipelineOf('GET count');
    channel.send(third);
    expect(channel.withdraw(second)).toBe(true);
    expect(channel.withdraw(second)).toBe(false);
    await settled(first, third);
    expect(outcome(third.calls[0]!)).toBe('1');
    expect(second.calls[0]!.settlements).toBe(0);
  });
});
