/** Attempts to connect that fail, the pauses between them, and how channels end. */

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ConnectionError, ProtocolError, ReplyError, TimeoutError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { condition } from '../helpers/condition.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';
import { whileStopped } from '../helpers/stopped.js';
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

const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };

let single: SingleServer;
let proxy: FaultProxy;
/** Around the proxy. */
let direct: Channel;
const channels: Channel[] = [];

beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: single.server.socketPath! } });
  direct = openDirect();
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

function openDirect(settings?: ChannelSettings): Channel {
  return open(settings, { path: single.server.socketPath! });
}

describe('a failed attempt', () => {
  it.each([
    [
      'a socket that does not exist',
      (): Target => ({ path: `${proxy.socketPath}.none` }),
      'ENOENT',
    ],
    ['a port that refuses', (): Target => ({ port: proxy.port }), 'ECONNREFUSED'],
  ])('for %s rejects all that wait, with the cause', async (_, target, code) => {
    proxy.refuse();
    const channel = open({ reconnect: FOREVER }, target());
    const pipelines = [send(channel, 'GET a', 'SET a 1'), send(channel, 'GET b')];
    expect(channel.isConnected).toBe(true);
    expect(channel.pending).toBe(3);
    await settled(...pipelines);
    for (const call of pipelines.flatMap(({ calls }) => calls)) {
      expect(call.settlements).toBe(1);
      expect(call.error).toBeInstanceOf(ConnectionError);
      expect(call.error).toMatchObject({ ...ERROR_FIELDS, maybeExecuted: false, cause: { code } });
      expect(call.error!.message).toMatch(/^Could not connect to the test server: /);
    }
    expect(pipelines.map(({ times }) => times.done)).toEqual([1, 1]);
    expect(channel.isConnected).toBe(false);
    expect(channel.pending).toBe(0);
  });

  it('by a server that does not answer is a TimeoutError, and nothing was executed', async () => {
    const error = await whileStopped([single.server], () => {
      const channel = openDirect({ connectTimeout: 200 });
      return failureOf(send(channel, 'INCR count').calls[0]);
    });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ ...ERROR_FIELDS, code: 'RB_TIMEOUT', maybeExecuted: false });
    expect(error.message).toBe('Could not connect to the test server within 200 ms');
    expect(await execute(openDirect(), 'GET count')).toBe(null);
  });

  it('for credentials that do not come in time is a TimeoutError', async () => {
    let give: (value: undefined) => void = () => undefined;
    const channel = openDirect({
      connectTimeout: 100,
      credentials: () => new Promise((resolve) => (give = resolve)),
    });
    expect(await failureOf(send(channel, 'GET a').calls[0])).toBeInstanceOf(TimeoutError);
    give(undefined);
    await Promise.resolve();
    expect(channel.isConnected).toBe(false);
  });

  it('for credentials that are refused has their error as its cause', async () => {
    const cause = new Error('no vault');
    const channel = openDirect({ credentials: () => Promise.reject(cause) });
    const error = await failureOf(send(channel, 'GET a').calls[0]);
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    expect(error.cause).toBe(cause);
  });

  it('for credentials that throw or are none is a ConnectionError', async () => {
    const settings: ChannelSettings[] = [
      {
        credentials: () => {
          throw new Error('no vault');
        },
      },
      { credentials: () => ({}) as { password: string } },
    ];
    for (const setting of settings) {
      const error = await failureOf(send(openDirect(setting), 'GET a').calls[0]);
      expect(error).toMatchObject({ name: 'ConnectionError', maybeExecuted: false });
      expect(error.message).toBe('The credentials for the test server were not given');
    }
  });

  it('by a server that ends the connection at once is a ConnectionError', async () => {
    await using lost = await FaultProxy.start({ target: { path: `${proxy.socketPath}.none` } });
    for (const target of [{ path: lost.socketPath }, { port: lost.port }]) {
      const error = await failureOf(send(open({}, target), 'GET a').calls[0]);
      expect(error).toMatchObject({ name: 'ConnectionError', maybeExecuted: false });
    }
  });
});

describe('the pause after a failed attempt', () => {
  it('rejects at once, with the last reason, and without another attempt', async () => {
    const channel = open({ reconnect: FOREVER }, { port: proxy.port });
    proxy.refuse();
    const first = await failureOf(send(channel, 'GET a').calls[0]);
    await proxy.accept();
    for (const text of ['GET a', 'SET a 1']) {
      const pipeline = send(channel, text);
      const { calls, times } = pipeline;
      // Not while it is issued: see the next test.
      expect(calls[0]!.settlements).toBe(0);
      await settled(pipeline);
      expect(calls[0]!.settlements).toBe(1);
      expect(times.done).toBe(1);
      expect(calls[0]!.error).toMatchObject({ ...ERROR_FIELDS, maybeExecuted: false });
      expect(calls[0]!.error!.message).toBe(first.message);
      expect(calls[0]!.error!.cause).toBe(first.cause);
    }
    expect(channel.isConnected).toBe(false);
    expect(proxy.connections).toBe(0);
  });

  it('comes, too, where a server lets us in and ends the connection before it answers', async () => {
    const limit = ['--client-output-buffer-limit', 'normal', '1000', '0', '0'];
    const own = await startServer({ serverArguments: limit });
    try {
      const channel = open({ reconnect: FOREVER, retries: 0 }, { path: own.server.socketPath! });
      expect(await execute(channel, `SET large ${'v'.repeat(100_000)}`)).toBe('OK');
      // Of a connection that has worked the end is no failed attempt.
      await failureOf(send(channel, 'GET large').calls[0]);
      await failureOf(send(channel, 'GET large').calls[0]);
      const next = await failureOf(send(channel, 'PING').calls[0]);
      expect(next).toMatchObject({ name: 'ConnectionError', maybeExecuted: false });
      expect(channel.isConnected).toBe(false);
    } finally {
      await own.close();
    }
  });

  it('is kept by what may be sent again, too', async () => {
    const limit = ['--client-output-buffer-limit', 'normal', '1000', '0', '0'];
    const own = await startServer({ serverArguments: limit });
    await using link = await FaultProxy.start({ target: { path: own.server.socketPath! } });
    try {
      const channel = open({ reconnect: FOREVER, retries: 50 }, { path: link.socketPath });
      expect(await execute(channel, `SET large ${'v'.repeat(100_000)}`)).toBe('OK');
      await failureOf(send(channel, 'GET large').calls[0]);
      // The first worked; the loss of the second began the pause, and that of the third is in it.
      expect(link.connections).toBe(3);
    } finally {
      await own.close();
    }
  });

  it.each([
    ['had stood for as long as the longest pause', { maxDelay: 20, isBlocking: false }],
    ['was blocked in peace', { maxDelay: FOREVER.maxDelay, isBlocking: true }],
  ])('does not come where a connection %s', async (_, { maxDelay, isBlocking }) => {
    const channel = open({ reconnect: { minDelay: 20, maxDelay }, isBlocking });
    await execute(channel, 'PING');
    proxy.cut();
    await condition(() => !channel.isConnected);
    // Nothing is answered on the next one.
    const blocked = send(channel, 'BLPOP nothing 0');
    const since = performance.now();
    await condition(async () => /cmd=blpop/.test(String(await execute(direct, 'CLIENT LIST'))));
    await condition(() => performance.now() - since > 50);
    proxy.cut();
    expect(await failureOf(blocked.calls[0])).toMatchObject({ maybeExecuted: true });
    expect(await execute(channel, 'ECHO back')).toBe('back');
  });

  it('does not come where a connection that was not used is ended on purpose', async () => {
    const channel = openDirect({ reconnect: FOREVER });
    const withdrawn = send(channel, 'PING');
    expect(channel.withdraw(withdrawn)).toBe(true);
    await channel.drain();
    expect(channel.isConnected).toBe(false);
    expect(await execute(channel, 'ECHO back')).toBe('back');
  });

  it('takes no more of the stack, however many follow each other', async () => {
    const channel = open({ reconnect: FOREVER }, { port: proxy.port });
    proxy.refuse();
    await failureOf(send(channel, 'GET a').calls[0]);
    let left = 20_000;
    await new Promise<void>((resolve) => {
      const next = (): void => {
        if (--left === 0) resolve();
        else send(channel, 'GET a').calls[0]!.onSettled = next;
      };
      next();
    });
    expect(left).toBe(0);
  });

  it('keeps to itself what a caller writes on its error', async () => {
    const channel = open({ reconnect: FOREVER }, { port: proxy.port });
    proxy.refuse();
    const first = await failureOf(send(channel, 'GET a').calls[0]);
    const { message } = first;
    Object.assign(first, { user: 'alice', message: `${message} for alice` });
    const error = await failureOf(send(channel, 'GET a').calls[0]);
    expect(error.message).toBe(message);
    expect(error).not.toHaveProperty('user');
  });

  it('keeps the class of the last reason', async () => {
    const channel = openDirect({ reconnect: FOREVER, connectTimeout: 100 });
    await whileStopped([single.server], () => failureOf(send(channel, 'GET a').calls[0]));
    expect(await failureOf(send(channel, 'GET a').calls[0])).toBeInstanceOf(TimeoutError);
  });

  it('is over after a while: then the next command tries again', async () => {
    const channel = open({ reconnect: { minDelay: 20, maxDelay: 20 } });
    proxy.refuse();
    await failureOf(send(channel, 'GET a').calls[0]);
    await proxy.accept();
    await condition(async () => {
      const [call] = send(channel, 'ECHO back').calls;
      await Promise.allSettled([call!.answer]);
      return outcome(call!) === 'back';
    });
    expect(proxy.connections).toBe(1);
  });

  it('comes after the first attempt that follows a loss, which is immediate', async () => {
    const channel = open({ reconnect: FOREVER });
    await execute(channel, 'PING');
    proxy.refuse();
    proxy.cut();
    await condition(() => !channel.isConnected);
    const attempt = send(channel, 'GET a');
    expect(attempt.calls[0]!.settlements).toBe(0);
    await settled(attempt);
    expect(attempt.calls[0]!.error).toMatchObject({ cause: { code: 'ENOENT' } });
    await proxy.accept();
    const before = proxy.connections;
    await failureOf(send(channel, 'GET a').calls[0]);
    expect(proxy.connections).toBe(before);
  });
});

describe('a stopped server', () => {
  it('runs nothing but what was handed to the socket', async () => {
    const channel = openDirect({ retries: 0 });
    await execute(channel, 'PING');
    const size = 3000;
    const pipelines = Array.from({ length: 120 }, (_, index) =>
      pipelineOf(...Array.from({ length: size }, () => `INCR count:${index}`)),
    );
    const withdrawn: TestPipeline[] = [];
    await whileStopped([single.server], () => {
      for (const pipeline of pipelines) channel.send(pipeline);
      expect(pipelines[0]!.bytes.length).toBeGreaterThan(64 * 1024);
      withdrawn.push(...pipelines.filter((pipeline) => channel.withdraw(pipeline)));
    });
    const sent = pipelines.filter((pipeline) => !withdrawn.includes(pipeline));
    // What fits in the buffers of the system, and one more.
    expect(sent.length).toBeGreaterThan(0);
    expect(withdrawn.length).toBeGreaterThan(60);
    await settled(...sent);
    for (const pipeline of sent) {
      expect(pipeline.isSent).toBe(true);
      expect(pipeline.calls.map(outcome)).toEqual(Array.from({ length: size }, (_, i) => i + 1));
    }
    for (const pipeline of withdrawn) expect(pipeline.isSent).toBe(false);
    const names = pipelines.map((_, index) => `count:${index}`);
    const counts = await execute(openDirect(), `MGET ${names.join(' ')}`);
    expect(counts).toEqual(
      pipelines.map((pipeline) => (sent.includes(pipeline) ? `${size}` : null)),
    );
  });

  it('gets the rest, in order, when it goes on', async () => {
    const channel = openDirect();
    await execute(channel, 'PING');
    const value = 'x'.repeat(64 * 1024);
    const pipelines = Array.from({ length: 100 }, () =>
      pipelineOf(`SET big ${value}`, 'INCR count'),
    );
    await whileStopped([single.server], () => {
      for (const pipeline of pipelines) channel.send(pipeline);
      expect(pipelines.at(-1)!.isSent).toBe(false);
      expect(channel.pending).toBe(200);
    });
    await settled(...pipelines);
    expect(pipelines.map(({ calls }) => outcome(calls[1]!))).toEqual(
      pipelines.map((_, i) => i + 1),
    );
  });
});

describe('a disconnect', () => {
  it('rejects all at once what was sent and what waits, synchronously', async () => {
    const channel = open();
    await execute(channel, 'PING');
    proxy.pause();
    const sent = send(channel, 'GET a', 'INCR count', `SET big ${'x'.repeat(24 * 1024 * 1024)}`);
    const waiting = send(channel, 'INCR count', 'GET a');
    const reason = new ConnectionError('enough');
    channel.disconnect(reason);
    const maybe = 'ConnectionError, maybe executed';
    expect(sent.calls.map(outcome)).toEqual([maybe, maybe, maybe]);
    const not = 'ConnectionError, not executed';
    expect(waiting.calls.map(outcome)).toEqual([not, not]);
    for (const call of [...sent.calls, ...waiting.calls]) {
      expect(call.settlements).toBe(1);
      expect(call.error).toMatchObject({ ...ERROR_FIELDS, message: 'enough' });
    }
    expect([sent.times.done, waiting.times.done]).toEqual([1, 1]);
    expect(channel.isConnected).toBe(false);
    expect(channel.pending).toBe(0);
    proxy.resume();
    expect(await execute(channel, 'ECHO back')).toBe('back');
    expect(sent.calls.map(({ settlements }) => settlements)).toEqual([1, 1, 1]);
  });

  it('while connecting rejects what waits', async () => {
    const channel = open();
    const waiting = send(channel, 'INCR count');
    channel.disconnect(new ConnectionError('enough'));
    expect(waiting.calls.map(outcome)).toEqual(['ConnectionError, not executed']);
    expect(await execute(channel, 'GET count')).toBe(null);
  });

  it('in the callback of a reply ends all that follows, once', async () => {
    const channel = open();
    const pipeline = pipelineOf('ECHO a', 'ECHO b', 'ECHO c');
    const next = pipelineOf('ECHO d');
    pipeline.calls[1]!.onSettled = () => channel.disconnect(new ConnectionError('enough'));
    channel.send(pipeline);
    channel.send(next);
    await settled(pipeline, next);
    const lost = 'ConnectionError, maybe executed';
    expect(pipeline.calls.map(outcome)).toEqual(['a', 'b', lost]);
    expect(pipeline.calls.map(({ settlements }) => settlements)).toEqual([1, 1, 1]);
    expect(next.calls[0]!.settlements).toBe(1);
    expect([pipeline.times.done, next.times.done]).toEqual([1, 1]);
    expect(await execute(channel, 'ECHO back')).toBe('back');
  });

  it('in the callback of an element rejects that command and all that follow', async () => {
    const channel = open();
    await execute(channel, 'MSET a 1 b 2 c 3');
    for (const stopAt of [0, 1, 2]) {
      const call = new Call('MGET a b c', 3);
      const elements: unknown[] = [];
      call.onElement = (index, value) => {
        elements.push(value);
        if (index === stopAt) channel.disconnect(new ConnectionError('enough'));
      };
      const pipeline = new TestPipeline([call, new Call('GET a')]);
      channel.send(pipeline);
      await settled(pipeline);
      expect(elements).toEqual(['1', '2', '3'].slice(0, stopAt + 1));
      expect(pipeline.calls.map(({ settlements }) => settlements)).toEqual([1, 1]);
      expect(outcome(call)).toBe('ConnectionError, maybe executed');
      expect(pipeline.times.done).toBe(1);
      expect(await execute(channel, 'ECHO back')).toBe('back');
    }
  });

  it('lets a callback send again at once', async () => {
    const channel = open();
    const first = send(channel, 'GET a');
    let again: TestPipeline | undefined;
    first.calls[0]!.onSettled = () => (again = send(channel, 'INCR count'));
    channel.disconnect(new ConnectionError('enough'));
    await settled(again!);
    expect(again!.calls.map(outcome)).toEqual([1]);
  });
});

describe('draining', () => {
  it('waits for the answers to all that was sent, then ends the connection', async () => {
    const channel = open();
    const pipelines = Array.from({ length: 50 }, () => send(channel, 'INCR count', 'GET count'));
    await channel.drain();
    expect(pipelines.flatMap(({ calls }) => calls.map(outcome))).toEqual(
      pipelines.flatMap((_, index) => [index + 1, String(index + 1)]),
    );
    expect(channel.isConnected).toBe(false);
    await proxy.waitFor(({ openConnections }) => openConnections === 0);
    expect(await execute(channel, 'GET count')).toBe('50');
  });

  it('without a connection is done at once', async () => {
    await open().drain();
    expect(proxy.connections).toBe(0);
  });

  it('of an idle connection ends it', async () => {
    const channel = open();
    await execute(channel, 'PING');
    await channel.drain();
    expect(channel.isConnected).toBe(false);
  });

  it('several times at once ends for all who wait', async () => {
    const channel = open();
    const sent = send(channel, 'INCR count');
    await Promise.all([channel.drain(), channel.drain(), channel.drain()]);
    expect(outcome(sent.calls[0]!)).toBe(1);
  });

  it('ends when the attempt to connect fails', async () => {
    proxy.refuse();
    const channel = open();
    const sent = send(channel, 'INCR count');
    await channel.drain();
    expect(outcome(sent.calls[0]!)).toBe('ConnectionError, not executed');
  });

  it('waits for what is sent again after a loss, and leaves no connection', async () => {
    const channel = open();
    await execute(channel, 'PING');
    proxy.pause('toClient');
    const sent = send(channel, 'GET a', 'INCR count');
    await condition(async () => (await execute(openDirect(), 'GET count')) === '1');
    const drained = channel.drain();
    proxy.cut();
    proxy.resume();
    await drained;
    expect(sent.calls.map(outcome)).toEqual([null, 'ConnectionError, maybe executed']);
    expect(channel.isConnected).toBe(false);
  });

  it('ends with a disconnect', async () => {
    const channel = open();
    await execute(channel, 'PING');
    proxy.pause();
    send(channel, 'GET a');
    const drained = channel.drain();
    channel.disconnect(new ConnectionError('enough'));
    await drained;
  });
});

describe('a reply that cannot be held', () => {
  it('ends the connection with a ProtocolError, and no other way', async () => {
    const cause = new RangeError('too long');
    const channel = openDirect({ retries: 0 });
    const call = new Call('GET a');
    call.onReply = () => {
      throw cause;
    };
    const pipeline = new TestPipeline([new Call('PING'), call, new Call('PING')]);
    channel.send(pipeline);
    const error = await failureOf(pipeline.calls[2]);
    expect(error).toMatchObject({ code: 'RB_PROTOCOL', maybeExecuted: true });
    expect(error.cause).toBe(cause);
    expect(await execute(channel, 'ECHO back')).toBe('back');
  });
});

describe('what a server refuses', () => {
  it.each([2, 3] as const)('in the handshake of RESP%i: a wrong password', async (protocol) => {
    const own = await startServer({ serverArguments: ['--requirepass', 'the-right-one'] });
    try {
      const target = { path: own.server.socketPath! };
      const credentials = (): { password: string } => ({ password: 'the-wrong-one' });
      const channel = open({ protocol, credentials, reconnect: FOREVER, db: 3 }, target);
      const error = await failureOf(send(channel, 'SET a value').calls[0]);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ ...ERROR_FIELDS, maybeExecuted: false });
      expect(error.cause).toBeInstanceOf(ReplyError);
      expect(error.cause).toMatchObject({ ...ERROR_FIELDS, kind: 'WRONGPASS' });
      // It pauses as after any failed attempt.
      const next = await failureOf(send(channel, 'GET a').calls[0]);
      expect(next.cause).toBe(error.cause);
      for (const shown of [error, next, channel]) {
        expect(inspect(shown, { depth: Infinity, showHidden: true })).not.toContain('wrong-one');
      }

      const none = await failureOf(send(open({ protocol }, target), 'GET a').calls[0]);
      expect(none.cause).toMatchObject({ name: 'ReplyError', kind: 'NOAUTH' });
    } finally {
      await own.close();
    }
  });

  it('is told by the first refusal, also when the server then ends the connection', async () => {
    proxy.garble((direction, chunk) =>
      direction === 'toClient' ? Buffer.from('-ERR max number of clients reached\r\n') : chunk,
    );
    const channel = open({ db: 2, clientName: 'name', reconnect: FOREVER });
    proxy.cutAfterBytes('toClient', '-ERR max number of clients reached\r\n'.length);
    const error = await failureOf(send(channel, 'GET a').calls[0]);
    expect(error.message).toBe(
      'Could not connect to the test server: ' +
        'The server refused SELECT: ERR max number of clients reached',
    );
  });

  it('is told also when it is refused before it has asked for its credentials', async () => {
    const direct = openDirect();
    await execute(direct, 'CONFIG SET maxclients 1');
    let answer = (): void => undefined;
    const credentials = () =>
      new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    const error = await failureOf(send(openDirect({ credentials }), 'GET a').calls[0]);
    answer();
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).not.toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      message:
        'Could not connect to the test server: ' +
        'The server refused the connection: ERR max number of clients reached',
      cause: { kind: 'ERR' },
      maybeExecuted: false,
    });
    await execute(direct, 'CONFIG SET maxclients 10000');
  });

  it('is what it says before it is asked; if that is no error, it broke the protocol', async () => {
    const greeter = createServer((socket) => socket.end('+hello\r\n')).listen(0, '127.0.0.1');
    await once(greeter, 'listening');
    const { port } = greeter.address() as AddressInfo;
    const channel = open({ credentials: () => new Promise(() => undefined) }, { port });
    const error = await failureOf(send(channel, 'GET a').calls[0]);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.maybeExecuted).toBe(false);
    greeter.close();
  });

  it('is a database that it does not have', async () => {
    const error = await failureOf(send(openDirect({ db: 99 }), 'GET a').calls[0]);
    expect(error.message).toBe(
      'Could not connect to the test server: The server refused SELECT: ERR DB index is out of range',
    );
  });
});

describe('a server without HELLO', () => {
  it('is told by an error that names the option, and shows no password', async () => {
    const serverArguments = ['--rename-command', 'HELLO', ''];
    const own = await startServer({ serverArguments });
    try {
      const target = { path: own.server.socketPath! };
      const credentials = (): { password: string } => ({ password: 'a-secret' });
      for (const settings of [{}, { credentials }]) {
        const channel = open({ ...settings, protocol: 3 }, target);
        const error = await failureOf(send(channel, 'GET a').calls[0]);
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).toContain('RESP: 2');
        expect(error.cause).toMatchObject({ ...ERROR_FIELDS, name: 'ReplyError', kind: 'ERR' });
        const shown = inspect(error, { depth: Infinity, showHidden: true });
        expect(shown).not.toContain('a-secret');
      }
      expect(await execute(open({ protocol: 2 }, target), 'ECHO works')).toBe('works');
    } finally {
      await own.close();
    }
  });
});
