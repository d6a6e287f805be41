/** Pools: the connections to one host, what they count, and what bounds them. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { RoomWaiter } from '../../src/clients/backend.js';
import { Cluster } from '../../src/cluster.js';
import { ConnectionError } from '../../src/errors.js';
import { createHost, type HostConfig } from '../../src/hosts.js';
import { type PoolOptions, resolvePoolOptions } from '../../src/options.js';
import { Pool, type PoolSettings } from '../../src/pool.js';
import { execute, outcome, send, settled, type TestPipeline } from '../faults/wire-channel.js';
import { condition } from '../helpers/condition.js';
import { failureOf } from '../helpers/failures.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';
import { whileStopped } from '../helpers/stopped.js';

let single: SingleServer;
const pools: Pool[] = [];

beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(async () => {
  await execute(makePool().openChannel(), 'FLUSHALL');
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.disconnect();
});

function makePool(options: PoolOptions = {}, config: HostConfig = {}): Pool {
  const host = createHost({ hostId: 4, unixSocketPath: single.server.socketPath, ...config });
  const settings: PoolSettings = {
    ...resolvePoolOptions(options),
    protocol: 3,
    execute: () => Promise.reject(new Error('not here')),
  };
  const pool = new Pool(host, settings);
  pools.push(pool);
  return pool;
}

/** How many connections of this name the server has. */
async function connectionsNamed(name: string): Promise<number> {
  const list = (await execute(makePool().openChannel(), 'CLIENT LIST')) as string;
  return list.split('\n').filter((line) => line.includes(` name=${name} `)).length;
}

describe('a host that takes fewer connections than there may be', () => {
  it('gets new callers over those that it has taken', async () => {
    const own = await startServer();
    try {
      const reconnect = { minDelay: 60_000, maxDelay: 60_000 };
      const config = { unixSocketPath: own.server.socketPath! };
      const pool = makePool({ connectionsPerHost: 3, reconnect }, config);
      const taken = pool.openChannel();
      await execute(taken, 'CONFIG SET maxclients 1');
      const failed = send(pool.openChannel(), 'PING');
      await settled(failed);
      expect(failed.calls[0]!.error).toMatchObject({ name: 'ConnectionError' });
      for (let i = 0; i < 4; i++) expect(await execute(pool.openChannel(), 'PING')).toBe('PONG');
      expect(pool.connections).toBe(1);
    } finally {
      await own.close();
    }
  });
});

describe('a client whose connection is not taken', () => {
  it('goes over one that is, once nothing of it is under way', async () => {
    const own = await startServer();
    const cluster = new Cluster({
      hosts: [{ hostId: 0, unixSocketPath: own.server.socketPath! }],
      poolOptions: {
        connectionsPerHost: 2,
        retries: 0,
        reconnect: { minDelay: 60_000, maxDelay: 60_000 },
      },
    });
    try {
      await cluster.getPoolForHost(0).executeCommand('CONFIG', 'SET', 'maxclients', 1);
      const client = cluster.getRoutingClient();
      await failureOf(client.get('key'));
      expect(await client.get('key')).toBe(null);
    } finally {
      await cluster[Symbol.asyncDispose]();
      await own.close();
    }
  });
});

describe('the connections of a pool', () => {
  it('are opened by the first command, not before', async () => {
    const pool = makePool();
    const channel = pool.openChannel();
    expect(pool.connections).toBe(0);
    const answer = execute(channel, 'ECHO hello');
    expect(pool.connections).toBe(1);
    expect(await answer).toBe('hello');
    expect(pool.connections).toBe(1);
    expect(await connectionsNamed('')).toBeGreaterThan(0);
  });

  it('are as many as told, taken in turn', async () => {
    const pool = makePool({ connectionsPerHost: 3, clientName: 'in-turn' });
    const channels = Array.from({ length: 6 }, () => pool.openChannel());
    expect(new Set(channels).size).toBe(3);
    expect(channels.slice(3)).toEqual(channels.slice(0, 3));
    expect(channels[3]).toBe(channels[0]);
    await Promise.all(channels.slice(0, 2).map((channel) => execute(channel, 'PING')));
    expect(pool.connections).toBe(2);
    await execute(channels[2]!, 'PING');
    expect(pool.connections).toBe(3);
    expect(await connectionsNamed('in-turn')).toBe(3);
  });

  it('use what the host says: its database and its login', async () => {
    const admin = makePool().openChannel();
    await execute(admin, 'ACL SETUSER app on >secret ~* +@all');
    await execute(admin, 'ACL SETUSER open on nopass ~* +@all');
    for (const [config, user] of [
      [{}, 'default'],
      [{ username: 'app', password: 'secret' }, 'app'],
      [{ username: 'open' }, 'open'],
      [{ credentials: () => ({ username: 'app', password: 'secret' }) }, 'app'],
    ] as const) {
      const channel = makePool({}, { ...config, db: 6 }).openChannel();
      expect(await execute(channel, 'ACL WHOAMI')).toBe(user);
      expect(await execute(channel, 'CLIENT INFO')).toContain(' db=6 ');
    }
  });
});

describe('what a pool counts as pending', () => {
  it('is every command without an answer, on any of its connections', async () => {
    const pool = makePool({ connectionsPerHost: 2 }, { db: 1 });
    const [first, second] = [pool.openChannel(), pool.openChannel()];
    await execute(first, 'PING');
    let sent: TestPipeline[] = [];
    await whileStopped([single.server], () => {
      const blocking = pool.openBlockingChannel();
      sent = [send(first, 'GET a', 'GET b'), send(first, 'GET c'), send(second, 'GET d')];
      sent.push(send(blocking, 'BLPOP none 0.01'));
      expect(pool.pending).toBe(5);
      expect(pool.connections).toBe(3);
    });
    await settled(...sent);
    expect(pool.pending).toBe(0);
  });
});

describe('the connections for blocking commands', () => {
  it('are used by one command at a time, and used again when they were left clean', async () => {
    const pool = makePool({ clientName: 'blocking' });
    const first = pool.openBlockingChannel();
    const second = pool.openBlockingChannel();
    expect(second).not.toBe(first);
    expect(await execute(first, 'BLPOP none 0.01')).toBe(null);
    expect(await execute(second, 'PING')).toBe('PONG');
    pool.closeBlockingChannel(first, true);
    expect(pool.openBlockingChannel()).toBe(first);
    expect(pool.connections).toBe(2);
    expect(await connectionsNamed('blocking')).toBe(2);
  });

  it('are ended when they were not left clean', async () => {
    const pool = makePool();
    const channel = pool.openBlockingChannel();
    const blocked = send(channel, 'BLPOP none 0');
    await condition(() => blocked.isSent);
    pool.closeBlockingChannel(channel, false);
    expect(blocked.calls.map(outcome)).toEqual(['ConnectionError, maybe executed']);
    expect(pool.connections).toBe(0);
    expect(pool.openBlockingChannel()).not.toBe(channel);
    pool.closeBlockingChannel(channel, true);
    expect(pool.openBlockingChannel()).not.toBe(channel);
  });

  it('are kept for later, but only a few', async () => {
    const pool = makePool();
    const channels = Array.from({ length: 10 }, () => pool.openBlockingChannel());
    await Promise.all(channels.map((channel) => execute(channel, 'PING')));
    expect(pool.connections).toBe(10);
    for (const channel of channels) pool.closeBlockingChannel(channel, true);
    expect(pool.connections).toBe(4);
  });

  it('do not hold up the others', async () => {
    const pool = makePool();
    const channel = pool.openChannel();
    const blocked = send(pool.openBlockingChannel(), 'BLPOP list 0');
    await condition(() => blocked.isSent);
    await execute(channel, 'RPUSH list item');
    expect(await blocked.calls[0]!.answer).toEqual(['list', 'item']);
  });
});

describe('a pool that disconnects', () => {
  it('rejects what has no answer, on every connection, and what is held for it', async () => {
    const pool = makePool({ connectionsPerHost: 2 });
    const held: Error[] = [];
    const holder = {
      holderIndex: -1,
      goesOn: false,
      rejectHeld: (error: Error) => void held.push(error),
    };
    pool.addHolder(holder);
    const channels = [pool.openChannel(), pool.openChannel(), pool.openBlockingChannel()];
    await execute(channels[0]!, 'PING');
    const sent = channels.map((channel) => send(channel, 'BLPOP none 0'));
    const ended = pool.disconnect();
    expect(sent.map(({ calls }) => outcome(calls[0]!))).toEqual([
      'ConnectionError, maybe executed',
      'ConnectionError, not executed',
      'ConnectionError, not executed',
    ]);
    const { address } = pool.host;
    const fields = { hostId: 4, address, message: `Host 4 (${address}) was disconnected` };
    for (const { calls } of sent) expect(calls[0]!.error).toMatchObject(fields);
    expect(held).toMatchObject([{ ...fields, maybeExecuted: false }]);
    await ended;
    expect([pool.connections, pool.pending]).toEqual([0, 0]);
    expect(await execute(channels[1]!, 'ECHO back')).toBe('back');
    expect(pool.connections).toBe(1);
  });

  it('reaches each of those that hold something for it, and none that does not any more', async () => {
    const pool = makePool();
    const told: number[] = [];
    const holders = Array.from({ length: 6 }, (_, number) => ({
      holderIndex: -1,
      goesOn: false,
      rejectHeld: () => void told.push(number),
    }));
    const toldNow = async (): Promise<number[]> => {
      await pool.disconnect();
      return told.splice(0).sort();
    };
    for (const holder of holders) pool.addHolder(holder);
    // The first, the last, one in between; twice, as a lane does that has nothing more to send.
    for (const number of [0, 5, 2, 2]) pool.removeHolder(holders[number]!);
    expect(await toldNow()).toEqual([1, 3, 4]);
    for (const number of [2, 4, 0]) pool.addHolder(holders[number]!);
    expect(await toldNow()).toEqual([0, 1, 2, 3, 4]);
    for (const holder of holders) pool.removeHolder(holder);
    expect(await toldNow()).toEqual([]);
  });

  it('for good keeps no connection of a blocking command', async () => {
    const pool = makePool();
    const channel = pool.openBlockingChannel();
    await execute(channel, 'PING');
    pool.remove();
    const late = send(channel, 'PING');
    await settled(late);
    pool.closeBlockingChannel(channel, true);
    expect(pool.connections).toBe(0);
  });
});

describe('a pool that drains', () => {
  it('ends its connections when everything is answered', async () => {
    const pool = makePool({ connectionsPerHost: 2 });
    const sent = [send(pool.openChannel(), 'INCR a', 'GET a'), send(pool.openChannel(), 'PING')];
    const idle = pool.openBlockingChannel();
    await execute(idle, 'PING');
    pool.closeBlockingChannel(idle, true);
    await pool.drain(10_000);
    expect(sent.flatMap(({ calls }) => calls.map(outcome))).toEqual([1, '1', 'PONG']);
    expect(pool.connections).toBe(0);
  });

  it('waits until what was issued is answered, for all who drain it', async () => {
    const pool = makePool();
    pool.occupy(1, 10);
    let ended = 0;
    const drained = [pool.drain(3_600_000), pool.drain(3_600_000)].map(async (drain) => {
      await drain;
      ended++;
    });
    await execute(pool.openChannel(), 'PING');
    expect(ended).toBe(0);
    pool.release(1, 10);
    await Promise.all(drained);
    expect(pool.connections).toBe(0);
  });
});

describe('the bounds of a pool', () => {
  it('count commands and bytes, up to and including the first one too many', () => {
    const pool = makePool({ maxPendingCommands: 2, maxPendingBytes: 100 });
    expect(pool.hasRoom).toBe(true);
    pool.occupy(1, 10);
    expect(pool.hasRoom).toBe(true);
    pool.occupy(1, 10);
    expect(pool.hasRoom).toBe(false);
    pool.release(1, 10);
    expect(pool.hasRoom).toBe(true);
    pool.occupy(0, 90);
    expect(pool.hasRoom).toBe(false);
    pool.release(1, 100);
    expect(pool.hasRoom).toBe(true);
  });

  it('let those that wait go on in their order, as long as there is room', () => {
    const pool = makePool({ maxPendingCommands: 2, onOverload: 'wait' });
    expect(pool.waitsForRoom).toBe(true);
    expect(makePool().waitsForRoom).toBe(false);
    const log: string[] = [];
    const waiter = (name: string): RoomWaiter => ({
      get hasRoom() {
        return pool.hasRoomFor(1, 1);
      },
      onRoom: () => {
        log.push(name);
        pool.occupy(1, 1);
      },
    });
    pool.occupy(2, 2);
    for (const name of ['a', 'b', 'c']) pool.awaitRoom(waiter(name));
    expect(log).toEqual([]);
    pool.release(1, 1);
    expect(log).toEqual(['a']);
    pool.release(2, 2);
    expect(log).toEqual(['a', 'b', 'c']);
    pool.release(2, 2);
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('let one that still waits for room wait again', () => {
    const pool = makePool({ maxPendingCommands: 1, onOverload: 'wait' });
    let calls = 0;
    const waiter: RoomWaiter = {
      get hasRoom() {
        return pool.hasRoomFor(1, 1);
      },
      onRoom: () => {
        calls++;
        pool.occupy(1, 1);
        if (calls < 5) pool.awaitRoom(waiter);
      },
    };
    pool.occupy(1, 1);
    pool.awaitRoom(waiter);
    for (let i = 1; i <= 7; i++) {
      pool.release(1, 1);
      expect(calls).toBe(Math.min(i, 5));
    }
  });
});

describe('the room for pieces', () => {
  it('is what is left, or all of it for one that is larger', () => {
    const pool = makePool({ maxPendingCommands: 8, maxPendingBytes: 80, onOverload: 'wait' });
    expect(pool.hasRoomFor(9, 1000)).toBe(true);
    pool.occupy(6, 60);
    expect(pool.hasRoomFor(2, 20)).toBe(true);
    expect(pool.hasRoomFor(3, 20)).toBe(false);
    expect(pool.hasRoomFor(2, 21)).toBe(false);
  });

  it('is left to the first that waits', () => {
    const pool = makePool({ maxPendingCommands: 8, onOverload: 'wait' });
    const went: number[] = [];
    const waiter = (commands: number): RoomWaiter => ({
      get hasRoom() {
        return pool.hasRoomFor(commands, 1);
      },
      onRoom: () => {
        went.push(commands);
        pool.occupy(commands, 1);
      },
    });
    pool.occupy(6, 6);
    pool.awaitRoom(waiter(4));
    pool.awaitRoom(waiter(1));
    expect(pool.hasRoomFor(1, 1)).toBe(false);
    pool.release(1, 1);
    expect(went).toEqual([]);
    pool.release(1, 1);
    expect(went).toEqual([4]);
    pool.release(1, 1);
    expect(went).toEqual([4, 1]);
  });

  it('makes pieces of an eighth of the bounds', () => {
    const pool = makePool({ maxPendingCommands: 80, maxPendingBytes: 800, onOverload: 'wait' });
    expect([pool.isPiece(9, 99), pool.isPiece(10, 1), pool.isPiece(1, 100)]).toEqual([
      false,
      true,
      true,
    ]);
    const single = makePool({ maxPendingCommands: 2, onOverload: 'wait' });
    expect(single.isPiece(1, 1)).toBe(true);
  });
});

describe('a subclass of Pool', () => {
  it('takes its place in a cluster', async () => {
    const commands: string[] = [];
    class WatchedPool extends Pool {
      override executeCommand(
        ...[name, ...args]: Parameters<Pool['executeCommand']>
      ): Promise<unknown> {
        commands.push(name);
        return super.executeCommand(name, ...args);
      }
    }
    const cluster = new Cluster({
      hosts: { 0: { unixSocketPath: single.server.socketPath, db: 3 } },
      pool: WatchedPool,
    });
    const pool = cluster.getPoolForHost(0);
    expect(pool).toBeInstanceOf(WatchedPool);
    expect(cluster.getPoolForHost(0)).toBe(pool);
    expect(pool.host).toBe(cluster.hosts.get(0));
    expect(await pool.executeCommand('SET', 'a', 1)).toBe('OK');
    expect(await pool.executeCommand('GET', 'a')).toBe('1');
    expect(await cluster.getRoutingClient().get('a')).toBe('1');
    expect(commands).toEqual(['SET', 'GET']);
    expect([pool.connections, pool.pending]).toEqual([1, 0]);
    await pool.disconnect();
    expect(pool.connections).toBe(0);
    await cluster.disconnectPools();
  });

  it('must not have, even by chance, what pools have for the library', async () => {
    class Field extends Pool {
      constructor(...[host, settings]: ConstructorParameters<typeof Pool>) {
        super(host, settings);
        Object.defineProperty(this, 'counters', { value: { seen: 0 } });
      }
    }
    class Method extends Pool {}
    Object.defineProperty(Method.prototype, 'release', { value: () => undefined });
    for (const [pool, member] of [
      [Field, 'counters'],
      [Method, 'release'],
    ] as const) {
      const cluster = new Cluster({
        hosts: { 0: { unixSocketPath: single.server.socketPath } },
        pool,
      });
      const problem = `pool: ${pool.name} must not have a member ${member}, which is Pool's own`;
      expect(() => cluster.getPoolForHost(0)).toThrow(problem);
      await expect(cluster.getRoutingClient().get('k')).rejects.toMatchObject({
        code: 'RB_BAD_HOST_SETUP',
        message: problem,
      });
    }
  });

  it('keeps no other host connected when it throws while it disconnects', async () => {
    class Throwing extends Pool {
      override disconnect(): Promise<void> {
        if (this.host.db === 0) throw new Error('mine');
        return super.disconnect();
      }
    }
    const unixSocketPath = single.server.socketPath;
    const cluster = new Cluster({
      hosts: [0, 1, 2].map((db) => ({ hostId: db, unixSocketPath, db })),
      pool: Throwing,
    });
    const connections = () => [0, 1, 2].map((hostId) => cluster.getPoolForHost(hostId).connections);
    await cluster.all((c) => c.ping());
    await expect(cluster.disconnectPools()).rejects.toThrow('mine');
    expect(connections()).toEqual([1, 0, 0]);
    const local = cluster.getLocalClient(1);
    await local.ping();
    await cluster.all((c) => c.ping());
    await expect(cluster[Symbol.asyncDispose]()).rejects.toThrow('mine');
    expect(connections()).toEqual([0, 0, 0]);
    expect(local.isOpen).toBe(false);
  });

  it('of what was removed rejects what has no answer', async () => {
    const cluster = new Cluster({ hosts: { 0: { unixSocketPath: single.server.socketPath } } });
    const pool = cluster.getPoolForHost(0);
    await pool.executeCommand('PING');
    const blocked = pool.executeCommand('BLPOP', 'none', 0);
    blocked.catch(() => undefined);
    await condition(() => pool.pending === 1);
    expect(cluster.removeHost(0)).toBe(true);
    await expect(blocked).rejects.toMatchObject({ code: 'RB_CONNECTION', hostId: 0 });
    await expect(blocked).rejects.toBeInstanceOf(ConnectionError);
    expect([pool.connections, pool.pending]).toEqual([0, 0]);
  });
});
