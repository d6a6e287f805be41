/** What a connection says first, as the server sees it. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ConnectionError } from '../../src/errors.js';
import type { Channel } from '../../src/wire/channel.js';
import { execute, makeChannel, send, settled } from '../faults/wire-channel.js';
import type { ChannelSettings, Target } from '../faults/wire-channel.js';
import { condition } from '../helpers/condition.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';

const PASSWORD = 'p\u00e4ss word';

let open: SingleServer;
let locked: SingleServer;
const channels: Channel[] = [];

beforeAll(async () => {
  open = await startServer({ serverArguments: ['--enable-debug-command', 'yes'] });
  locked = await startServer({ serverArguments: ['--requirepass', PASSWORD] });
  const channel = connect(locked, { credentials: () => ({ password: PASSWORD }) });
  await execute(channel, 'ACL SETUSER app on >app-password ~* +@all');
});
afterAll(() => Promise.all([open.close(), locked.close()]));
afterEach(() => {
  for (const channel of channels.splice(0)) channel.disconnect(new ConnectionError('end of test'));
});

function connect(single: SingleServer, settings: ChannelSettings, target?: Target): Channel {
  const channel = makeChannel(target ?? { path: single.server.socketPath! }, settings);
  channels.push(channel);
  return channel;
}

/** How the server lists the connection, field by field. */
async function listed(channel: Channel): Promise<Record<string, string>> {
  const line = (await execute(channel, 'CLIENT INFO')) as string;
  const fields = line.trim().split(' ');
  return Object.fromEntries(fields.map((field) => field.split(/=(.*)/s, 2) as [string, string]));
}

describe.each([2, 3] as const)('a handshake in RESP%i', (protocol) => {
  it('with nothing to say makes a plain connection', async () => {
    const channel = connect(open, { protocol });
    expect(await listed(channel)).toMatchObject({ resp: `${protocol}`, db: '0', name: '' });
    expect(await execute(channel, 'CLIENT GETNAME')).toBe(null);
  });

  it('chooses the database and the name', async () => {
    const channel = connect(open, { protocol, db: 5, clientName: 'shard-5' });
    expect(await listed(channel)).toMatchObject({ resp: `${protocol}`, db: '5', name: 'shard-5' });
    expect(await execute(channel, 'CLIENT GETNAME')).toBe('shard-5');
  });

  it('logs in with a password, and does the rest after it', async () => {
    const channel = connect(locked, {
      protocol,
      db: 2,
      clientName: 'named',
      credentials: () => ({ password: PASSWORD }),
    });
    const expected = { resp: `${protocol}`, db: '2', name: 'named', user: 'default' };
    expect(await listed(channel)).toMatchObject(expected);
  });

  it('logs in as a user, with credentials that are asked for at each connect', async () => {
    let asked = 0;
    const channel = connect(locked, {
      protocol,
      credentials: async () => {
        asked++;
        return { username: 'app', password: 'app-password' };
      },
    });
    expect(asked).toBe(0);
    expect(await listed(channel)).toMatchObject({ user: 'app', resp: `${protocol}` });
    expect(asked).toBe(1);
    channel.disconnect(new ConnectionError('once more'));
    expect(await execute(channel, 'ACL WHOAMI')).toBe('app');
    expect(asked).toBe(2);
  });

  it('is repeated on the connection that follows a loss', async () => {
    const channel = connect(open, { protocol, db: 4, clientName: 'again' });
    const { id } = await listed(channel);
    expect(await execute(connect(open, {}), `CLIENT KILL ID ${id}`)).toBe(1);
    await condition(() => !channel.isConnected);
    const after = await listed(channel);
    expect(after).toMatchObject({ db: '4', name: 'again', resp: `${protocol}` });
    expect(after['id']).not.toBe(id);
  });

  it('comes before all commands, and its answers reach none of them', async () => {
    const channel = connect(open, { protocol, db: 1, clientName: 'first' });
    const pipelines = Array.from({ length: 20 }, (_, i) =>
      send(channel, `ECHO ${i}`, `ECHO x${i}`),
    );
    expect(channel.pending).toBe(40);
    await settled(...pipelines);
    expect(pipelines.flatMap(({ calls }) => calls.map(({ value }) => value))).toEqual(
      pipelines.flatMap((_, i) => [`${i}`, `x${i}`]),
    );
  });

  it('does not count as pending commands', async () => {
    const pendings: number[] = [];
    const channel = connect(open, {
      protocol,
      db: 1,
      credentials: () => {
        // The handshake is sent after this, and before anything of the server arrives.
        setImmediate(() => pendings.push(channel.pending));
        return undefined;
      },
    });
    await execute(channel, 'PING');
    expect(pendings).toEqual([1]);
  });
});

describe('over TCP', () => {
  it('a connection works as over a unix socket', async () => {
    const single = await startServer({ tcp: true });
    try {
      const channel = connect(single, { protocol: 3, db: 3 }, { port: single.server.port! });
      expect(await listed(channel)).toMatchObject({ db: '3', resp: '3' });
      const value = 'x'.repeat(3_000_000);
      expect(await execute(channel, `SET big ${value}`)).toBe('OK');
      expect((await execute(channel, 'GET big')) === value).toBe(true);
      channel.disconnect(new ConnectionError('done'));
    } finally {
      await single.close();
    }
  });
});

describe('RESP3 and RESP2', () => {
  it('answer in their own types', async () => {
    const two = connect(open, { protocol: 2 });
    const three = connect(open, { protocol: 3 });
    await execute(two, 'HSET hash a 1 b 2');
    await execute(two, 'ZADD sorted 1.5 m');
    expect(await execute(two, 'HGETALL hash')).toEqual(['a', '1', 'b', '2']);
    expect(await execute(three, 'HGETALL hash')).toEqual({ a: '1', b: '2' });
    expect(await execute(two, 'ZSCORE sorted m')).toBe('1.5');
    expect(await execute(three, 'ZSCORE sorted m')).toBe(1.5);
    for (const [type, value] of [
      ['double', 3.141],
      ['bignum', 1234567999999999999999999999999999999n],
      ['null', null],
      ['true', true],
      ['false', false],
      ['verbatim', 'This is a verbatim\nstring'],
      ['set', [0, 1, 2]],
      ['map', { 0: false, 1: true, 2: false }],
      ['array', [0, 1, 2]],
      ['attrib', 'Some real reply following the attribute'],
    ] as const) {
      expect(await execute(three, `DEBUG PROTOCOL ${type}`)).toEqual(value);
    }
    // Out of band: no answer to the command, which then gets an error or the next value.
    expect(await execute(three, 'ECHO still')).toBe('still');
  });
});
