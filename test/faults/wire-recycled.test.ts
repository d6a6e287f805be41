/** The memory of commands, which is used again: not before they are answered, and out. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';

import { ConnectionError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { takeBuffer } from '../../src/wire/spare-buffers.js';
import { condition } from '../helpers/condition.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { type SingleServer, startServer } from '../helpers/single-server.js';
import {
  execute,
  makeChannel,
  send,
  settled,
  type Target,
  type TestPipeline,
} from './wire-channel.js';

/** A value that makes a pipeline of one command so long that its memory is used again. */
const LENGTH = 60_000;
const valueOf = (index: number): string => String.fromCharCode(97 + (index % 25)).repeat(LENGTH);
const OVERWRITTEN = 'z'.repeat(LENGTH);

let single: SingleServer;
let proxy: FaultProxy;
let direct: Channel;
let channel: Channel;

const channels: Channel[] = [];

function open(target: Target): Channel {
  const opened = makeChannel(target);
  channels.push(opened);
  return opened;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(async () => {
  const path = single.server.socketPath!;
  proxy = await FaultProxy.start({ target: { path } });
  direct = open({ path });
  channel = open({ path: proxy.socketPath });
  await execute(direct, 'FLUSHALL');
  await execute(channel, 'PING');
});
afterEach(async () => {
  for (const each of channels.splice(0)) each.disconnect(new ConnectionError('end of test'));
  await proxy.close();
});

/** Sends `SET`s of long values until the socket has not taken the last one, and takes no more. */
async function fillSocket(): Promise<TestPipeline[]> {
  const sent: TestPipeline[] = [];
  for (let refused = 0; refused < 50;) {
    const pipeline = send(channel, `SET key:${sent.length} ${valueOf(sent.length)}`);
    if (pipeline.isSent) {
      sent.push(pipeline);
      refused = 0;
    } else {
      channel.withdraw(pipeline);
      refused++;
      await turn();
    }
  }
  return sent;
}

/** Writes over whatever memory is free to be used again. */
async function overwrite(): Promise<void> {
  const pipelines = Array.from({ length: 150 }, () => send(direct, `SET other ${OVERWRITTEN}`));
  await settled(...pipelines);
}

/** Stands before the server; a peer that can answer what it has not read. */
async function openRelay() {
  const folder = await mkdtemp(join(tmpdir(), 'relay-'));
  const path = join(folder, 'relay.sock');
  let client: Socket | undefined;
  const server = connect({ path: single.server.socketPath! });
  const listener = createServer((socket) => {
    client = socket;
    socket.pipe(server).pipe(socket);
  });
  await once(listener.listen(path), 'listening');
  return {
    path,
    /** Reads nothing more of the client. */
    hold() {
      client!.unpipe(server).pause();
    },
    /** Answers by itself; what the server answers from now on is dropped. */
    answer(text: string) {
      server.unpipe(client).resume();
      client!.write(text);
    },
    goOn() {
      client!.pipe(server);
    },
    async close() {
      client!.destroy();
      server.destroy();
      listener.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function expectStored(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const value = await execute(direct, `GET key:${i}`);
    expect(value === valueOf(i), `the value of key:${i}`).toBe(true);
  }
}

describe('the memory of a pipeline', () => {
  it('is used again when all its commands are answered', async () => {
    const pipeline = send(channel, `SET key:0 ${valueOf(0)}`);
    const { buffer } = pipeline.bytes;
    await settled(pipeline);
    const taken = Array.from({ length: 200 }, () => takeBuffer(LENGTH).buffer);
    expect(taken.filter((each) => each === buffer)).toHaveLength(1);
    expect(pipeline.bytes).toHaveLength(0);
  });

  it('is kept while a command has no answer', async () => {
    proxy.pause('toClient');
    const pipeline = send(channel, `SET key:0 ${valueOf(0)}`);
    await condition(() => execute(direct, 'EXISTS key:0'));
    await overwrite();
    expect(pipeline.bytes.includes(valueOf(0))).toBe(true);
    proxy.resume();
    await settled(pipeline);
    await expectStored(1);
  });

  it('is kept for what is sent again after a loss', async () => {
    proxy.pause('toClient');
    const pipeline = send(channel, `SET key:0 ${valueOf(0)}`, `STRLEN ${valueOf(1)}`);
    const { buffer } = pipeline.bytes;
    await condition(() => execute(direct, 'EXISTS key:0'));
    proxy.cut();
    await condition(() => pipeline.bytes.buffer !== buffer);
    await overwrite();
    proxy.resume();
    await settled(pipeline);
    expect(pipeline.calls[1]!.value).toBe(0);
  });

  it('is not used again where it was answered before it was out', async () => {
    const relay = await openRelay();
    onTestFinished(relay.close);
    channel = open({ path: relay.path });
    await execute(channel, 'PING');
    relay.hold();
    const sent = await fillSocket();
    relay.answer('+OK\r\n'.repeat(sent.length));
    await settled(...sent);
    expect(sent.map(({ calls }) => calls[0]!.value)).toEqual(sent.map(() => 'OK'));
    // Or nothing is shown here.
    expect(sent.at(-1)!.bytes).not.toHaveLength(0);
    await overwrite();
    relay.goOn();
    await condition(() => execute(direct, `EXISTS key:${sent.length - 1}`));
    await expectStored(sent.length);
  });
});
