/** What no client with a key can route, and what no shared connection can carry. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { RawArgument } from '../../src/commands/key-table.js';
import { UnroutableCommand } from '../../src/errors.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1 });
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
  await cluster.getRoutingClient().get('warm');
});
afterAll(() => direct.destroy());

type Method = (...args: unknown[]) => PromiseLike<unknown>;
type Issue = (client: Record<string, Method>) => PromiseLike<unknown>;

/** What both kinds of client reject with; neither sends anything. */
async function refusals(issue: Issue): Promise<Record<string, unknown>[]> {
  const errors: Record<string, unknown>[] = [];
  const calls = await commandsDuring(direct, async () => {
    const routing = cluster.getRoutingClient() as unknown as Record<string, Method>;
    errors.push(await failureOf(issue(routing)));
    errors.push(
      await failureOf(cluster.map((c) => void issue(c as unknown as Record<string, Method>))),
    );
  });
  expect(calls).toEqual({});
  return errors;
}

const typed =
  (name: string, ...args: unknown[]): Issue =>
  (client) =>
    client[name]!(...args);
const raw =
  (...args: [string, ...RawArgument[]]): Issue =>
  (client) =>
    client['executeCommand']!(...args);

async function expectRefused(issue: Issue, command: string, ...words: RegExp[]): Promise<void> {
  for (const error of await refusals(issue)) {
    expect(error).toBeInstanceOf(UnroutableCommand);
    expect(error).toMatchObject({
      name: 'UnroutableCommand',
      code: 'RB_UNROUTABLE',
      command,
      maybeExecuted: false,
    });
    for (const word of words) expect(error['message']).toMatch(word);
  }
}

describe('the exact-key rule', () => {
  it.each<[string, Issue, string]>([
    ['ping', typed('ping'), 'PING'],
    ['info', typed('info'), 'INFO'],
    ['dbSize', typed('dbSize'), 'DBSIZE'],
    ['flushDb', typed('flushDb'), 'FLUSHDB'],
    ['scan', typed('scan', '0'), 'SCAN'],
    ['keys', typed('keys', '*'), 'KEYS'],
    ['publish', typed('publish', 'channel', 'message'), 'PUBLISH'],
    ['randomKey', typed('randomKey'), 'RANDOMKEY'],
    ['wait', typed('wait', 0, 1), 'WAIT'],
    ['eval without keys', typed('eval', 'return 1'), 'EVAL'],
    ['PING, raw', raw('PING'), 'PING'],
    ['time, raw', raw('time'), 'TIME'],
    ['GET without its key, raw', raw('GET'), 'GET'],
    ['EVAL without keys, raw', raw('EVAL', 'return 1', 0), 'EVAL'],
    ['CLIENT LIST, raw', raw('CLIENT', 'LIST'), 'CLIENT'],
    ['SCRIPT LOAD, raw', raw('SCRIPT', 'LOAD', 'return 1'), 'SCRIPT'],
  ])('refuses a command without a key: %s', (_, issue, command) =>
    expectRefused(issue, command, /no key/, /fanout|fan-out/, /targetKey/, /getLocalClient/),
  );

  it.each<[string, Issue, string]>([
    ['del', typed('del', []), 'DEL'],
    ['sInterCard', typed('sInterCard', []), 'SINTERCARD'],
    ['blPop', typed('blPop', [], 1), 'BLPOP'],
    ['eval', typed('eval', 'return 1', { keys: [] }), 'EVAL'],
  ])('says of a list of keys that it is empty: %s', (_, issue, command) =>
    expectRefused(issue, command, /names no key: its list of keys is empty/, /fan-out/),
  );

  it('says nothing of a list of keys where there is none', async () => {
    await failureOf(cluster.getRoutingClient().del([]));
    for (const error of await refusals(typed('ping'))) {
      expect(error['message']).toMatch(/^PING names no key, so/);
    }
  });

  it.each<[string, Issue, string]>([
    ['del of two', typed('del', ['a', 'b']), 'DEL'],
    ['exists of the same twice', typed('exists', ['a', 'a']), 'EXISTS'],
    ['rename', typed('rename', 'a', 'b'), 'RENAME'],
    ['copy', typed('copy', 'a', 'b'), 'COPY'],
    ['sInter', typed('sInter', ['a', 'b']), 'SINTER'],
    ['zInterStore', typed('zInterStore', 'a', ['b', 'c']), 'ZINTERSTORE'],
    [
      'xRead of two streams',
      typed('xRead', [
        { key: 'a', id: '0' },
        { key: 'b', id: '0' },
      ]),
      'XREAD',
    ],
    ['eval of two', typed('eval', 'return 1', { keys: ['a', 'b'] }), 'EVAL'],
    ['bitOp', typed('bitOp', 'AND', 'a', 'b'), 'BITOP'],
    ['lMove', typed('lMove', 'a', 'a', 'LEFT', 'RIGHT'), 'LMOVE'],
    ['MGET, raw', raw('MGET', 'a', 'b'), 'MGET'],
    ['MSET, raw', raw('MSET', 'a', '1', 'b', '2'), 'MSET'],
    ['DEL, raw and in lower case', raw('del', 'a', 'b'), 'DEL'],
    ['EVAL, raw', raw('EVAL', 'return 1', 2, 'a', 'b'), 'EVAL'],
    ['SORT with STORE, raw', raw('SORT', 'a', 'STORE', 'b'), 'SORT'],
    ['ZUNIONSTORE, raw', raw('ZUNIONSTORE', 'a', 1, 'b'), 'ZUNIONSTORE'],
  ])('refuses a command with several keys: %s', (_, issue, command) =>
    expectRefused(issue, command, /keys/, /groupByHost/, /targetKey/, /getLocalClient/),
  );

  it.each<[string, Issue, RegExp]>([
    ['MGET', raw('mget', 'a', 'b'), /; use mGet in a map, groupByHost/],
    ['MSET', raw('MSET', 'a', '1', 'b', '2'), /; use mSet in a map, groupByHost/],
    ['DEL', typed('del', ['a', 'b']), /; use a command for each key in a map, groupByHost/],
    ['EXISTS', raw('EXISTS', 'a', 'b'), /; use a command for each key in a map, groupByHost/],
    ['EVAL', raw('EVAL', 'return 1', 2, 'a', 'b'), /; use groupByHost/],
    ['BRPOP', typed('brPop', ['a', 'b'], 1), /; use groupByHost/],
    ['RENAME', typed('rename', 'a', 'b'), /; use groupByHost/],
  ])('names a map only where that does the same: %s', async (_, issue, way) => {
    for (const error of await refusals(issue)) expect(error['message']).toMatch(way);
  });

  it('refuses mGet and mSet on the routing client, where they are not emulated', async () => {
    for (const issue of [typed('mGet', ['a', 'b']), typed('mSet', { a: '1', b: '2' })]) {
      const promise = issue(cluster.getRoutingClient() as unknown as Record<string, Method>);
      const error = await failureOf(promise);
      expect(error).toMatchObject({ code: 'RB_UNROUTABLE' });
      expect(error['message']).toMatch(/mGet in a map.*groupByHost|mSet in a map.*groupByHost/);
    }
  });

  it.each<[string, Issue]>([
    ['a made-up command', raw('NOSUCHCOMMAND', 'a')],
    ['a whole command as its name', raw('GET a')],
  ])('refuses what it does not know: %s', async (_, issue) => {
    for (const error of await refusals(issue)) {
      expect(error).toMatchObject({ code: 'RB_UNROUTABLE', maybeExecuted: false });
      expect(error['message']).toMatch(/unknown command.*targetKey.*getLocalClient/);
    }
  });

  it('refuses an empty name as misuse', async () => {
    for (const error of await refusals(raw(''))) {
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', maybeExecuted: false });
      expect(error['message']).toBe('The name of a command must not be empty');
    }
  });

  it('does not repeat what was passed as a name by mistake', async () => {
    for (const error of await refusals(raw('SET key swordfish'))) {
      expect(error['message']).not.toContain('swordfish');
    }
  });

  it.each<[string, Issue]>([
    ['movable keys, exactly one', raw('EVAL', 'return KEYS[1]', 1, 'a')],
    ['SORT with patterns', raw('SORT', 'list', 'BY', 'nosort', 'GET', '#')],
    ['XREAD of one stream', raw('XREAD', 'COUNT', 1, 'STREAMS', 's', '0')],
    ['ZUNION of one', raw('ZUNION', 1, 'z')],
    ['typed del of one in a list', typed('del', ['a'])],
    ['typed eval of one', typed('eval', 'return KEYS[1]', { keys: ['a'] })],
    ['typed sort', typed('sort', 'list', { BY: 'nosort' })],
    ['typed zInter of one', typed('zInter', ['z'])],
    ['spublish', typed('sPublish', 'channel', 'message')],
    ['object encoding', typed('objectEncoding', 'a')],
    ['a command newer than the original', raw('GETEX', 'a')],
  ])('routes what names exactly one key: %s', async (_, issue) => {
    const routing = cluster.getRoutingClient() as unknown as Record<string, Method>;
    await issue(routing);
    await cluster.map((c) => void issue(c as unknown as Record<string, Method>));
  });
});

describe('commands that a shared connection cannot carry', () => {
  const raws: [string, ...string[]][] = [
    ['MULTI'],
    ['EXEC'],
    ['DISCARD'],
    ['WATCH', 'a'],
    ['UNWATCH'],
    ['SELECT', '1'],
    ['AUTH', 'swordfish'],
    ['HELLO', '3', 'AUTH', 'default', 'swordfish'],
    ['RESET'],
    ['QUIT'],
    ['MONITOR'],
    ['SYNC'],
    ['PSYNC', '?', '-1'],
    ['SUBSCRIBE', 'a'],
    ['PSUBSCRIBE', 'a*'],
    ['SSUBSCRIBE', 'a'],
    ['UNSUBSCRIBE'],
    ['PUNSUBSCRIBE'],
    ['SUNSUBSCRIBE'],
    ['CLIENT', 'REPLY', 'OFF'],
    ['CLIENT', 'TRACKING', 'ON'],
    ['CLIENT', 'CACHING', 'YES'],
    ['CLIENT', 'SETNAME', 'a'],
    ['CLIENT', 'NO-EVICT', 'ON'],
    ['CLIENT', 'NO-TOUCH', 'ON'],
    ['READONLY'],
    ['READWRITE'],
    ['ASKING'],
  ];

  const nameOf = ([name, word]: [string, ...string[]]) =>
    name === 'CLIENT' ? `${name} ${String(word)}` : name;

  it.each(raws.map((command) => [nameOf(command), command] as const))(
    '%s is refused by name, in any case, as text or bytes',
    async (name, [command, ...args]) => {
      for (const issue of [
        raw(command, ...args),
        raw(command.toLowerCase(), ...args.map((arg) => arg.toLowerCase())),
        raw(command, ...args.map((arg) => Buffer.from(arg))),
      ]) {
        for (const error of await refusals(issue)) {
          expect(error).toMatchObject({ code: 'RB_UNROUTABLE', maybeExecuted: false });
          expect(error['message']).toMatch(/getLocalClient/);
          expect(String(error['message']).startsWith(`${name} `)).toBe(true);
          expect(error['message']).not.toContain('swordfish');
        }
      }
    },
  );

  it.each<[string, Issue, RegExp]>([
    ['auth', typed('auth', { password: 'swordfish' }), /^AUTH /],
    ['hello', typed('hello', 3), /^HELLO /],
    ['readonly', typed('readonly'), /^READONLY /],
    ['asking', typed('asking'), /^ASKING /],
    ['clientTracking', typed('clientTracking', true), /^CLIENT TRACKING /],
    ['clientCaching', typed('clientCaching', true), /^CLIENT CACHING /],
    ['clientSetName', typed('clientSetName', 'a'), /^CLIENT SETNAME /],
    ['clientNoEvict', typed('clientNoEvict', true), /^CLIENT NO-EVICT /],
    ['clientNoTouch', typed('clientNoTouch', true), /^CLIENT NO-TOUCH /],
  ])('so is the typed %s', async (_, issue, message) => {
    for (const error of await refusals(issue)) {
      expect(error).toMatchObject({ code: 'RB_UNROUTABLE' });
      expect(error['message']).toMatch(message);
      expect(error['message']).toMatch(/getLocalClient/);
    }
  });

  // Servers look names up by a hash of all of it, and then compare up to the first NUL: by chance
  // such a name is MULTI to them, or BLPOP.
  it.each(['MULTI\0x', 'BLPOP\0', 'GET\0', '\0', `${'x'.repeat(100)}\0`])(
    'a name with a NUL is refused, whatever it begins with: %j',
    async (name) => {
      const key = keyOn(cluster, 0);
      const issues: [string, PromiseLike<unknown>][] = [
        ['routing', cluster.getRoutingClient().executeCommand(name, key)],
        ['map', cluster.map((c) => c.executeCommand(name, key))],
        ['all', cluster.all((c) => c.executeCommand(name, key))],
        ['key', cluster.fanout((c) => c.targetKey(key).executeCommand(name, key))],
        ['pool', cluster.getPoolForHost(0).executeCommand(name, key)],
        ['list', cluster.executeCommands({ [key]: [[name, key]] })],
      ];
      for (const [how, promise] of issues) {
        const error = await failureOf(promise);
        expect(error, how).toMatchObject({ code: 'RB_UNROUTABLE', maybeExecuted: false });
        expect(error['message'], how).toMatch(/name of a command cannot hold a NUL/);
      }
    },
  );

  it('leaves the connection as it was', async () => {
    const key = keyOn(cluster, 0);
    const client = cluster.getRoutingClient();
    const answers = await Promise.allSettled([
      client.set(key, '1'),
      client.executeCommand('MULTI'),
      client.get(key),
      client.executeCommand('CLIENT', 'REPLY', 'OFF'),
      client.get(key),
      client.del(key),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});
