/**
 * Typed commands say themselves which arguments are keys; raw ones are looked up in a table. Both
 * have to find the same. Our parser has to write what that of `@redis/client` collects.
 */

import { BasicCommandParser } from '@redis/client/dist/lib/client/parser.js';
import { describe, expect, it } from 'vitest';

import { borrowWriter, returnWriter } from '../../../src/clients/command-writer.js';
import { keyIndexes } from '../../../src/commands/key-table.js';
import { COMMAND_NAMES, definitionOf } from '../../../src/commands/upstream.js';
import { typedCalls } from '../../helpers/typed-calls.js';

type Call = readonly [name: string, ...args: unknown[]];

const place = { longitude: 1, latitude: 2 };
const member = { ...place, member: 'm' };
const circle = { radius: 1, unit: 'm' };

/** Calls that plain texts do not make, and those with several keys. */
const explicitCalls: readonly Call[] = [
  ['arDelRange', 'k', [[1, 2]]],
  ['auth', { username: 'u', password: 'p' }],
  ['bitCount', 'k', { start: 0, end: 1 }],
  ['bitFieldRo', 'k', [{ encoding: 'u8', offset: 0 }]],
  ['bitOp', 'AND', 'k0', ['k1', 'k2']],
  ['blmPop', 1, ['k1', 'k2'], 'LEFT'],
  ['blPop', ['k1', 'k2'], 1],
  ['bzmPop', 1, ['k1', 'k2'], 'MIN'],
  ['bzPopMin', ['k1', 'k2'], 1],
  ['clientKill', { filter: 'ID', id: 5 }],
  ['clientList'],
  ['clusterAddSlots', [1, 2]],
  ['clusterDelSlots', 1],
  ['copy', 'k1', 'k2', { DB: 1, REPLACE: true }],
  ['configSet', { maxmemory: '1' }],
  ['del', ['k1', 'k2']],
  ['delEx', 'k', { condition: 'IFEQ', matchValue: 'v' }],
  ['eval', 'script', { keys: ['k1', 'k2'], arguments: ['a'] }],
  ['evalRo', 'script', { keys: ['k1'], arguments: ['a', 'b'] }],
  ['evalSha', 'sha', { keys: ['k1'] }],
  ['evalShaRo', 'sha', { keys: [] }],
  ['exists', ['k1', 'k2']],
  ['expireAt', 'k', 1],
  ['fCall', 'f', { keys: ['k1', 'k2'], arguments: ['a'] }],
  ['fCallRo', 'f', { keys: ['k1'] }],
  ['geoAdd', 'k', member],
  ['geoRadius', 'k', place, 1, 'm', { COUNT: 3 }],
  ['geoRadiusRo', 'k', place, 1, 'm'],
  ['geoRadiusRoWith', 'k', place, 1, 'm', ['WITHDIST']],
  ['geoRadiusWith', 'k', place, 1, 'm', ['WITHDIST']],
  ['geoRadiusStore', 'k1', place, 1, 'm', 'k2', { COUNT: 3, STOREDIST: true }],
  ['geoRadiusByMemberRo', 'k', 'm', 1, 'm'],
  ['geoRadiusByMemberRoWith', 'k', 'm', 1, 'm', ['WITHDIST']],
  ['geoRadiusByMemberStore', 'k1', 'm', 1, 'm', 'k2'],
  ['geoSearch', 'k', 'm', circle],
  ['geoSearchWith', 'k', 'm', circle, ['WITHDIST']],
  ['geoSearchStore', 'k1', 'k2', 'm', circle],
  ['getEx', 'k', { type: 'EX', value: 1 }],
  ['hExpireAt', 'k', 'f', 1],
  ['hpExpireAt', 'k', 'f', 1],
  ['hSet', 'k', { f: 'v' }],
  ['hSet', 'k', 'f', 'v'],
  ['hScanNoValues', 'k', '0'],
  ['lcs', 'k1', 'k2'],
  ['lcsIdxWithMatchLen', 'k1', 'k2'],
  ['lcsLen', 'k1', 'k2'],
  ['lmPop', ['k1', 'k2'], 'LEFT'],
  ['mGet', ['k1', 'k2', 'k3']],
  ['migrate', 'host', 1, 'k', 0, 1],
  ['migrate', 'host', 1, ['k1', 'k2'], 0, 1, { AUTH: { password: 'p' } }],
  ['migrate', 'host', 1, ['k1', 'k2'], 0, 1, { AUTH: { username: 'KEYS', password: 'p' } }],
  ['mSet', { k1: 'v', k2: 'v' }],
  ['mSet', ['k1', 'v', 'k2', 'v']],
  ['mSetNX', { k1: 'v', k2: 'v' }],
  ['pExpireAt', 'k', 1],
  ['pfCount', ['k1', 'k2']],
  ['pfMerge', 'k0', ['k1', 'k2']],
  ['sDiff', ['k1', 'k2']],
  ['sDiffStore', 'k0', ['k1', 'k2']],
  ['sInter', ['k1', 'k2']],
  ['sInterCard', ['k1', 'k2'], 5],
  ['sort', 'k', { BY: 'weight_*', GET: ['#', 'data_*'], LIMIT: { offset: 0, count: 1 } }],
  ['sortStore', 'k1', 'k2', { BY: 'STORE', GET: 'STORE' }],
  ['sUnionStore', 'k0', ['k1', 'k2']],
  ['touch', ['k1', 'k2']],
  ['unlink', ['k1', 'k2']],
  ['vLinksWithScores', 'k', 'e'],
  ['vSimWithScores', 'k', 'e'],
  ['xAdd', 'k', '*', { f: 'v' }],
  ['xAddNoMkStream', 'k', '*', { f: 'v' }],
  ['xAutoClaimJustId', 'k', 'g', 'c', 0, '0'],
  ['xClaimJustId', 'k', 'g', 'c', 0, '0-1'],
  [
    'xRead',
    [
      { key: 'k1', id: '0' },
      { key: 'k2', id: '0' },
    ],
    { BLOCK: 1, COUNT: 2 },
  ],
  [
    'xReadGroup',
    'STREAMS',
    'c',
    [
      { key: 'k1', id: '>' },
      { key: 'k2', id: '>' },
    ],
    { NOACK: true },
  ],
  ['zAdd', 'k', { score: 1, value: 'm' }],
  ['zAddIncr', 'k', { score: 1, value: 'm' }],
  ['zDiff', ['k1', 'k2']],
  ['zDiffStore', 'k0', ['k1', 'k2']],
  ['zInter', ['k1', 'k2']],
  [
    'zInter',
    [
      { key: 'k1', weight: 1 },
      { key: 'k2', weight: 2 },
    ],
  ],
  [
    'zInterStore',
    'k0',
    [
      { key: 'k1', weight: 1 },
      { key: 'k2', weight: 2 },
    ],
  ],
  ['zInterWithScores', ['k1', 'k2'], { AGGREGATE: 'MAX' }],
  ['zmPop', ['k1', 'k2'], 'MIN'],
  ['zRangeStore', 'k1', 'k2', 0, 1],
  ['zRevRankWithScore', 'k', 'm'],
  ['zUnion', ['k1', 'k2']],
  ['zUnionStore', 'k0', ['k1', 'k2'], { AGGREGATE: 'SUM' }],
  [
    'zUnionWithScores',
    [
      { key: 'k1', weight: 1 },
      { key: 'k2', weight: 2 },
    ],
  ],
];

/** Plain texts for every argument that a definition declares. */
const plainCalls: Call[] = COMMAND_NAMES.filter(
  (name) => !/^cluster(Add|Del)Slots$/.test(name),
).map((name) => [
  name,
  ...Array.from(
    { length: Math.max(0, definitionOf(name).parseCommand.length - 1) },
    (_, i) => `arg${i}`,
  ),
]);

/** What cannot be called with plain texts, or not at all in a way that makes sense. */
const unplainable: ReadonlySet<string> = new Set([
  ...['arGrep', 'arGrepWithValues', 'blMoveM', 'lMoveM', 'hotkeysStart'],
  ...['clusterAddSlotsRange', 'clusterDelSlotsRange'],
]);

/** The table knows them, and says otherwise: typed commands are routed by what they say. */
const knownDifferences: ReadonlyMap<string, string> = new Map([
  ['clusterKeySlot', 'the command asks for the slot of a text, which is no key of this server'],
]);

const parse = (parser: object, [name, ...args]: Call): void => {
  const { parseCommand } = definitionOf(name);
  (parseCommand as (...args: unknown[]) => void)(parser, ...args);
};

function collected(call: Call): { args: unknown[]; keys: unknown[] } | undefined {
  const parser = new BasicCommandParser();
  try {
    parse(parser, call);
  } catch {
    return undefined;
  }
  // Theirs takes anything, ours refuses it.
  const isWhole = parser.redisArgs.every((arg) => typeof arg === 'string' || Buffer.isBuffer(arg));
  return isWhole ? { args: parser.redisArgs, keys: parser.keys } : undefined;
}

const calls = [...plainCalls, ...explicitCalls, ...typedCalls]
  .map((call) => ({ call, theirs: collected(call) }))
  .filter((entry): entry is typeof entry & { theirs: { args: string[]; keys: string[] } } => {
    return entry.theirs !== undefined;
  });

describe('the keys of a typed command', () => {
  it('are compared for nearly all definitions', () => {
    const compared = new Set(calls.map(({ call: [name] }) => name));
    const missing = [...COMMAND_NAMES].filter((name) => !compared.has(name));
    expect(missing.filter((name) => !unplainable.has(name))).toEqual([]);
    // What is given explicitly must not be left out by a slip.
    for (const call of explicitCalls)
      expect([call, collected(call) !== undefined]).toEqual([call, true]);
  });

  it('are those that the table finds in its arguments', () => {
    const different = new Set<string>();
    for (const { call, theirs } of calls) {
      const [name = '', ...args] = theirs.args;
      const found = keyIndexes(name, args)?.map((index) => args[index]);
      const isSame = JSON.stringify(found?.sort()) === JSON.stringify([...theirs.keys].sort());
      if (!isSame) different.add(call[0]);
    }
    expect([...different]).toEqual([...knownDifferences.keys()]);
  });
});

describe('our parser', () => {
  it('writes the same arguments, and finds the same first key and number of keys', () => {
    for (const { call, theirs } of calls) {
      const writer = borrowWriter();
      parse(writer, call);
      const { redisArgs, key, keyCount, count, name } = writer;
      returnWriter(writer);
      expect([call, redisArgs]).toEqual([call, theirs.args]);
      expect([call, key, keyCount]).toEqual([call, theirs.keys[0], theirs.keys.length]);
      expect([call, name, count]).toEqual([call, theirs.args[0], theirs.args.length]);
    }
  });

  it('refuses what theirs lets through', () => {
    const writer = borrowWriter();
    writer.push('CLUSTER');
    expect(() => writer.pushVariadicNumber('5' as unknown as number)).toThrow(
      /Argument 1 of CLUSTER must be a number, got a string/,
    );
    expect(() => writer.pushVariadicNumber([1, NaN])).toThrow(/Argument 2 of CLUSTER/);
    expect(() => writer.pushKeys(['a', null as unknown as string])).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' }),
    );
    expect(() => writer.push({})).toThrow(/must be a string or bytes, got an object/);
    returnWriter(writer);
  });
});
