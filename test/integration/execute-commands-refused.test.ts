/** Lists that executeCommands refuses before anything is sent, and calls that end before their time. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { CommandLists } from '../../src/clients/execute-commands.js';
import { BadHostSetup, TimeoutError, UnroutableCommand } from '../../src/errors.js';
import { BaseRouter } from '../../src/routers/router.js';
import { Script } from '../../src/script.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers();
let cluster: Cluster;
let direct: DirectClient;
let good: string;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
  good = keyOn(cluster, 0, 'good');
});
afterAll(() => direct.destroy());

const script = new Script("return redis.call('INCR', 'ran')");
const lists = (bad: unknown) => ({ [good]: [['INCR', 'n'], [script]], bad }) as CommandLists;

function detached(): Uint8Array {
  const bytes = new Uint8Array(3);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

describe('bad lists', () => {
  it.each<[string, unknown, RegExp]>([
    ['a list that is none', 5, /List 2 must be a list of commands, not a number/],
    ['a text for a list', 'PING', /List 2 must be a list/],
    ['a command that is none', ['PING'], /List 2, command 1 must be/],
    ['an empty command', [[]], /List 2, command 1 must begin with a command's name or a Script/],
    ['a name that is empty', [['']], /must begin with/],
    ['a name that is no text', [['PING'], [7, 'a']], /command 2 must begin with/],
    ['an argument that is true', [['SET', 'k', true]], /argument 2 must be a string.*a boolean/],
    ['an argument that is null', [['SET', null, 'v']], /argument 1 .* null/],
    ['an argument that is NaN', [['SET', 'k', NaN]], /argument 2/],
    ['an argument that is a list', [['DEL', ['a', 'b']]], /argument 1 .* an array/],
    [
      'keys of a script that are a text',
      [[script, 'key']],
      /\[script, keys, args\] with two lists/,
    ],
    ['keys of a script that are bytes', [[script, Buffer.from('key')]], /two lists/],
    ['keys of a script that are bytes without a buffer', [[script, detached()]], /two lists/],
    ['arguments of a script that are bytes', [[script, [], Buffer.from('value')]], /two lists/],
    ['keys of a script that are a number', [[script, 1, 'key']], /two lists/],
    ['too many parts of a script', [[script, [], [], []]], /\[script, keys, args\]/],
    ['a key of a script that is an object', [[script, [{}]]], /key 1 must be/],
    ['an argument of a script that is undefined', [[script, [], [1, undefined]]], /argument 2/],
  ])('%s rejects the call as misuse that says where; nothing is sent', async (_, bad, message) => {
    const calls = await commandsDuring(direct, async () => {
      const error = await failureOf(cluster.executeCommands(lists(bad)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
      expect(error['message']).toMatch(message);
    });
    expect(calls).toEqual({});
  });

  it.each([
    ['SELECT', 1],
    ['multi'],
    ['Subscribe', 'channel'],
    ['CLIENT', 'reply', 'OFF'],
    ['AUTH', 'secret'],
  ])('%s is refused by name, and nothing is sent', async (...command) => {
    const calls = await commandsDuring(direct, async () => {
      const error = await failureOf(cluster.executeCommands(lists([['PING'], command])));
      expect(error).toBeInstanceOf(UnroutableCommand);
      expect(error['message']).toContain('List 2, command 2');
      expect(error['message']).toContain(command[0]?.toUpperCase());
      expect(error['message']).toContain('getLocalClient');
      expect(error['message']).not.toContain('secret');
      expect(error).toMatchObject({ command: command[0]?.toUpperCase(), maybeExecuted: false });
    });
    expect(calls).toEqual({});
  });

  it.each([true, null, 1.5, [1], '\ud800'])(
    'the routing key %s rejects the call, and nothing is sent',
    async (key) => {
      const calls = await commandsDuring(direct, async () => {
        const mapping = new Map<unknown, unknown>([
          [good, [['INCR', 'n']]],
          [key, [['PING']]],
        ]);
        const error = await failureOf(cluster.executeCommands(mapping as never));
        expect(error).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
      });
      expect(calls).toEqual({});
    },
  );

  it('a router that throws or answers an unknown id rejects the call, and nothing is sent', async () => {
    const thrown = new Error('no way');
    class Odd extends BaseRouter {
      override getHostForKey(key: unknown): number {
        if (key === 'throw') throw thrown;
        return key === 'astray' ? 99 : 0;
      }
    }
    const odd = await file.setup.makeCluster({ router: Odd });
    const calls = await commandsDuring(direct, async () => {
      const run = (key: string) => odd.executeCommands({ a: [['INCR', 'n']], [key]: [['PING']] });
      await expect(run('throw')).rejects.toBe(thrown);
      await expect(run('astray')).rejects.toBeInstanceOf(BadHostSetup);
    });
    expect(calls).toEqual({});
    await odd.disconnectPools();
  });

  it.each([undefined, null, 5, 'text', new Set([1])])('%s for all lists is misuse', async (all) => {
    const error = await failureOf(cluster.executeCommands(all as never));
    expect(error).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
  });

  it('unknown options are refused by name', async () => {
    const call = cluster.executeCommands({}, { hosts: 'all' } as object);
    await expect(call).rejects.toMatchObject({ code: 'RB_UNKNOWN_OPTION' });
    await expect(call).rejects.toThrow("'hosts'");
  });
});

describe('a call that ends before its time', () => {
  it('rejects with one TimeoutError; what was not sent is not run afterwards', async () => {
    const [key = '', other = ''] = keysOn(cluster, 0, 2);
    await cluster.getPoolForHost(0).executeCommand('PING');
    const error = await whileStopped([file.servers[0]!], () =>
      failureOf(
        cluster.executeCommands(
          { [key]: [['INCR', 'sent'], [script], ['INCR', 'unsent']], [other]: [[script]] },
          { timeout: 100 },
        ),
      ),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ hosts: [0] });
    expect(await cluster.getPoolForHost(0).executeCommand('GET', 'sent')).toBe('1');
    expect(await cluster.getPoolForHost(0).executeCommand('EXISTS', 'unsent', 'ran')).toBe(0);
    expect(await cluster.getPoolForHost(0).executeCommand('DEL', 'sent')).toBe(1);
  });

  it('rejects with the reason of its signal, and goes no further', async () => {
    const controller = new AbortController();
    const reason = { why: 'enough' };
    const key = keyOn(cluster, 0);
    const call = cluster.executeCommands(
      { [key]: [['BLPOP', 'q', 0], [script], ['BLPOP', 'q', 0]] },
      { signal: controller.signal },
    );
    await condition(async () => Number(await direct.get('ran')) === 1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await direct.del('ran');
  });

  it('sends nothing if the signal is aborted already', async () => {
    const calls = await commandsDuring(direct, async () => {
      const signal = AbortSignal.abort('never');
      await expect(cluster.executeCommands({ [good]: [['INCR', 'n']] }, { signal })).rejects.toBe(
        'never',
      );
    });
    expect(calls).toEqual({});
  });
});
