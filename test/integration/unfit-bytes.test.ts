/** Bytes that cannot be copied: refused as any wrong argument, and what follows them goes its way. */

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import type { ListedCommand } from '../../src/clients/command-list.js';
import type { CommandLists } from '../../src/clients/execute-commands.js';
import type { Cluster } from '../../src/cluster.js';
import { Script } from '../../src/script.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 1 });
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

function transfer(bytes: Uint8Array): void {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(3);
  transfer(bytes);
  return bytes;
}

const UNFIT = [
  ['detached', detached, /a Uint8Array whose ArrayBuffer was detached/],
  ['a Proxy', () => new Proxy(Buffer.from('x'), {}), /an object/],
  ['of 2 GiB', () => Buffer.alloc(2 ** 31), /a Uint8Array of 2 GiB or more/],
] as const;

describe.each(UNFIT)('bytes that are %s', (_, make, problem) => {
  it.each<[string, string, RegExp, (bytes: Uint8Array) => Promise<unknown>]>([
    [
      'the key of a GET',
      'GET',
      /^Argument 1 of GET/,
      (b) => cluster.getRoutingClient().get(b as Buffer),
    ],
    [
      'the value of a SET',
      'SET',
      /^Argument 2 of SET must be a string or bytes, got/,
      (b) => cluster.getRoutingClient().set('k', b as Buffer),
    ],
    [
      'an argument of another method',
      'APPEND',
      /^Argument 2 of APPEND must be/,
      (b) => cluster.getRoutingClient().append('k', b as Buffer),
    ],
    [
      'an argument of a raw command',
      'SET',
      /^Argument 2 of SET must be a string, a number or bytes/,
      (b) => cluster.getRoutingClient().executeCommand('SET', 'k', b),
    ],
    [
      'an argument of a raw command of a pool',
      'SET',
      /^Argument 2 of SET must be/,
      (b) => cluster.getPoolForHost(0).executeCommand('SET', 'k', b),
    ],
    [
      'the value of a SET in a map',
      'SET',
      /^Argument 2 of SET must be/,
      (b) => cluster.map((c) => void c.set('k', b as Buffer)),
    ],
    [
      'a key of mGet',
      'MGET',
      /^Argument 2 of MGET/,
      (b) => cluster.map((c) => c.mGet(['k', b as Buffer])),
    ],
    [
      'a value of mSet',
      'MSET',
      /^Argument 2 of MSET/,
      (b) => cluster.map((c) => c.mSet(['k', b as Buffer])),
    ],
    [
      'an argument in a fan-out',
      'SET',
      /^Argument 2 of SET must be/,
      (b) => cluster.all((c) => c.set('k', b as Buffer)),
    ],
  ])('are refused as %s', async (_what, command, message, call) => {
    const calls = await commandsDuring(direct, async () => {
      const error = await failureOf(call(make()));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
      expect(error['message']).toMatch(message);
      expect(error['message']).toMatch(problem);
    });
    expect(calls).toEqual({});
    expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
    expect(await cluster.getRoutingClient().get('k')).toBeNull();
  });

  it('are refused as routing keys, and in the lists of executeCommands', async () => {
    const bytes = make();
    const failures = await Promise.all([
      failureOf(
        cluster.executeCommands({
          k: [
            ['GET', 'k'],
            ['SET', 'k', bytes],
          ],
        }),
      ),
      failureOf(cluster.executeCommands(new Map([[bytes, [['PING']]]]) as CommandLists)),
    ]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
      expect(failure['message']).toMatch(problem);
    }
    expect(failures[0]['message']).toContain('List 1, command 2: argument 2');
    expect(() => cluster.getRouter().getHostForKey(bytes)).toThrow(problem);
  });
});

it('bytes that are transferred while their list waits for a script are sent as they were', async () => {
  const value = Uint8Array.from(Buffer.from('late'));
  const call = cluster.executeCommands({
    k: [[new Script('return 1')], ['SET', 'late', value], ['INCR', 'n']],
  });
  transfer(value);
  const { k } = await call;
  expect(k.map((promise) => promise.value)).toEqual([1, 'OK', 1]);
  expect(await cluster.getLocalClientForKey('k').get('late')).toBe('late');
  await cluster.all((c) => c.del(['late', 'n']));
});

it('bytes that are transferred while the lists are read reject their command alone', async () => {
  const value = new Uint8Array(3);
  function* list(): Generator<ListedCommand> {
    yield ['SET', 'early', value];
    transfer(value);
    yield ['INCR', 'n'];
  }
  const error = await failureOf(cluster.executeCommands({ k: list() }));
  expect(error).toMatchObject({ code: 'RB_MAP', failed: 1, total: 2 });
  expect(error['results']).toMatchObject({
    k: [{ reason: { code: 'RB_INVALID_ARGUMENT', command: 'SET' } }, { value: 1 }],
  });
  await cluster.all((c) => c.del('n'));
});

it('an empty value is as good as any other', async () => {
  const client = cluster.getRoutingClient();
  await client.set('empty', Buffer.alloc(0));
  expect(await client.get('empty')).toBe('');
});

it('a value for which there is no memory rejects its command, and leaves nothing of it', async () => {
  const client = cluster.getRoutingClient();
  await client.set('k', 'before');
  const big = 'x'.repeat(100_000);
  const allocate = vi.spyOn(Buffer, 'allocUnsafe');
  onTestFinished(() => {
    allocate.mockRestore();
  });
  const noMemory = new RangeError('Array buffer allocation failed');
  const answers = await cluster.map(async (c) => {
    const first = c.get('k');
    allocate.mockImplementation(() => {
      throw noMemory;
    });
    const failed = [c.set('k', big), c.get(big), c.append('k', big)].map(failureOf);
    allocate.mockRestore();
    const second = c.get('k');
    const reasons = await Promise.all(failed);
    expect(reasons.slice(0, 2)).toEqual([noMemory, noMemory]);
    expect(reasons[2]).toMatchObject({ code: 'RB_INVALID_ARGUMENT', cause: noMemory });
    return [await first, await second];
  });
  expect(answers).toEqual(['before', 'before']);
  expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
  await client.del('k');
});
