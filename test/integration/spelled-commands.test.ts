/** Modules whose definitions spell the names of commands in lower case, or as bytes. */

import type { CommandParser } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { UnroutableCommand } from '../../src/errors.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 1, databasesEach: 1 });

/** A command of these words; its first argument is the key. */
function command(before: readonly (string | Buffer)[], after: readonly string[] = []) {
  return {
    parseCommand(parser: CommandParser, key?: string) {
      parser.push(...before);
      if (key !== undefined) parser.pushKey(key);
      parser.push(...after);
    },
    transformReply: (reply: unknown) => reply,
  };
}

const modules = {
  refused: {
    lower: command(['multi']),
    mixed: command(['Select', '1']),
    bytes: command([Buffer.from('MULTI')]),
    lowerBytes: command([Buffer.from('client'), Buffer.from('reply'), 'off']),
  },
  blocking: {
    pop: command(['blpop'], ['0']),
    bytes: command([Buffer.from('blpop')], ['0']),
    several: command(['blmpop', '0.3', '1'], ['left']),
    stream: command(['xread', 'block', '1000', 'streams'], ['$']),
  },
};

let cluster: Cluster<3, object, typeof modules>;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster({ modules, poolOptions: { commandTimeout: 200 } });
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

describe('a command that a shared connection cannot carry', () => {
  it.each(['lower', 'mixed', 'bytes', 'lowerBytes'] as const)(
    'is refused however it is spelled: %s',
    async (name) => {
      const calls = await commandsDuring(direct, async () => {
        const error = await failureOf(cluster.all((c) => c.refused[name]()));
        expect(error).toBeInstanceOf(UnroutableCommand);
        expect(error['message']).toMatch(/^(MULTI|SELECT|CLIENT REPLY) cannot be sent/);
      });
      expect(calls).toEqual({});
    },
  );
});

describe('a command that blocks', () => {
  const blocked = async () =>
    Number(/blocked_clients:(\d+)/.exec(await direct.info('clients'))?.[1]);

  it.each(['pop', 'bytes', 'stream'] as const)(
    'has a connection of its own however it is spelled: %s',
    async (name) => {
      const client = cluster.getRoutingClient();
      const popped = client.blocking[name](`k-${name}`);
      await condition(async () => (await blocked()) === 1);
      expect(await client.incr('n')).toBeGreaterThan(0);
      if (name === 'stream') await client.xAdd('k-stream', '*', { f: 'v' });
      else await client.rPush(`k-${name}`, 'v');
      expect(JSON.stringify(await popped)).toContain('"v"');
    },
  );

  it('has its own time, and no more, however it is spelled', async () => {
    const client = cluster.getRoutingClient();
    expect(await client.blocking.several('k')).toBeNull();
    await whileStopped(file.servers, async () => {
      expect(await failureOf(client.blocking.several('k'))).toMatchObject({ code: 'RB_TIMEOUT' });
    });
  });
});
