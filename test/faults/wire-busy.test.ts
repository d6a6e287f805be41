/** An event loop that is busy for longer than `connectTimeout`: the server is not to blame. */

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { ConnectionError, TimeoutError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';
import { whileStopped } from '../helpers/stopped.js';
import { execute, failureOf, makeChannel, send } from './wire-channel.js';
import type { ChannelSettings, Target } from './wire-channel.js';

const connectTimeout = 500;

let unix: SingleServer;
let tcp: SingleServer;
const channels: Channel[] = [];

beforeAll(async () => {
  [unix, tcp] = await Promise.all([startServer(), startServer({ tcp: true })]);
});
afterAll(() => Promise.all([unix.close(), tcp.close()]));
afterEach(() => {
  for (const channel of channels.splice(0)) channel.disconnect(new ConnectionError('end of test'));
});

const targets: readonly (readonly [string, () => Target])[] = [
  ['a unix socket', () => ({ path: unix.server.socketPath! })],
  ['TCP', () => ({ port: tcp.server.port! })],
];

function open(target: Target, settings: ChannelSettings = {}): Channel {
  const channel = makeChannel(target, { connectTimeout, retries: 0, ...settings });
  channels.push(channel);
  return channel;
}

/** Keeps the event loop from turning until every timer of the connection is due. */
function beBusy(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, connectTimeout + 50);
}

it.each(targets)('while it connects over %s, it connects', async (_, target) => {
  const channel = open(target());
  const reply = execute(channel, 'PING');
  beBusy();
  expect(await reply).toBe('PONG');
});

it.each(targets)('while an answer is due over %s, the answer is taken', async (_, target) => {
  const channel = open(target());
  const id = await execute(channel, 'CLIENT ID');
  const reply = execute(channel, 'INCR count');
  channel.expectTraffic();
  beBusy();
  expect(await reply).toBe(1);
  expect(await execute(channel, 'CLIENT ID')).toBe(id);
});

it('while it connects, and the server is silent then, it is given up', async () => {
  const error = await whileStopped([unix.server], () => {
    const { calls } = send(open({ path: unix.server.socketPath! }), 'PING');
    beBusy();
    return failureOf(calls[0]);
  });
  expect(error).toBeInstanceOf(TimeoutError);
});

it('while a server is silent that has let it in, it is given up', async () => {
  const channel = open({ path: unix.server.socketPath! });
  await execute(channel, 'PING');
  const error = await whileStopped([unix.server], () => {
    const { calls } = send(channel, 'INCR silent');
    channel.expectTraffic();
    beBusy();
    return failureOf(calls[0]);
  });
  expect(error.message).toMatch(/was silent for/);
});
