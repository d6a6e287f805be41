import { hasFlag, list } from '@ioredis/commands';
import { describe, expect, it } from 'vitest';

import {
  commandFlags,
  commandForMessage,
  isBlocking,
  isReadonly,
  keyIndexes,
  type RawArgument,
} from '../../src/commands/key-table.js';
import { UnroutableCommand } from '../../src/errors.js';

/** `SORT k BY p` as text; the keys found, by name. */
function keysOf(line: string): RawArgument[] | undefined {
  const [command = '', ...args] = line.split(' ').map((word) => (word === "''" ? '' : word));
  const keys = keyIndexes(command, args)?.map((index) => args[index]!);
  const encoded = args.map((arg) => Buffer.from(arg));
  expect(keyIndexes(command.toLowerCase(), encoded)).toEqual(keyIndexes(command, args));
  return keys;
}

describe('keyIndexes', () => {
  it.each([
    ['GET k', ['k']],
    ['MSET a 1 b 2', ['a', 'b']],
    ['BLPOP a b 0', ['a', 'b']],
    ['BITOP AND dst a b', ['dst', 'a', 'b']],
    ['PING', []],
    ['PUBLISH channel message', []],
    ['SPUBLISH channel message', ['channel']],
    ['OBJECT ENCODING k', ['k']],
    ['OBJECT HELP', []],
    ['OBJECT constructor k', []],
    ['OBJECT __proto__ k', []],
    ['XINFO STREAM k FULL', ['k']],
    ['XGROUP CREATE k g $', ['k']],
    ['MEMORY USAGE k', ['k']],
    ['MEMORY DOCTOR', []],
    ['SORT k BY GET GET # GET w_* LIMIT 0 5 ASC', ['k']],
    ['SORT k BY w_* STORE dst', ['k', 'dst']],
    ['SORT k BY STORE GET STORE', ['k']],
    ['SORT_RO k BY w_* GET #', ['k']],
    ['EVAL script 0 arg', []],
    ['EVAL script 1 k arg', ['k']],
    ['FCALL f 2 a b c', ['a', 'b']],
    ['ZUNIONSTORE dst 2 a b WEIGHTS 1 2', ['dst', 'a', 'b']],
    ['ZINTER 1 a', ['a']],
    ['BLMPOP 0 1 a LEFT', ['a']],
    ['MSETEX 2 a 1 b 2 EX 5', ['a', 'b']],
    ['GEORADIUS k 1 2 3 km COUNT 1', ['k']],
    ['GEORADIUS k 1 2 3 km STORE dst', ['k', 'dst']],
    ['GEORADIUSBYMEMBER k m 3 km STOREDIST dst', ['k', 'dst']],
    ['MIGRATE h 1 k 0 10 COPY', ['k']],
    ["MIGRATE h 1 '' 0 10 COPY KEYS a b", ['a', 'b']],
    ["MIGRATE h 1 '' 0 10 AUTH keys KEYS a", ['a']],
    ["MIGRATE h 1 '' 0 10 AUTH2 keys keys KEYS a", ['a']],
    ['XREAD COUNT 1 BLOCK 5 STREAMS a b 0 0', ['a', 'b']],
    ['XREADGROUP COUNT 1 GROUP STREAMS c STREAMS k >', ['k']],
    ['XREAD STREAMS a b 0', ['a']],
    ['XREAD STREAMS a', []],
    ['XREAD COUNT 1', []],
  ])('%s', (line, keys) => {
    expect(keysOf(line)).toEqual(keys);
  });

  it.each(['FLY', '', ' GET', 'constructor', 'toString', '__proto__'])(
    'answers undefined for the unknown command %j',
    (command) => {
      expect(keyIndexes(command, ['k'])).toBeUndefined();
    },
  );

  it.each(['-1', '1.5', '1e1', '+1', '01', ' 1', '', 'x', '3', '1000000000000', NaN, -1, 1e300])(
    'refuses %j keys of which two are given',
    (count) => {
      expect(() => keyIndexes('EVAL', ['script', count, 'a', 'b'])).toThrow(UnroutableCommand);
      expect(() => keyIndexes('LMPOP', [count, 'a', 'b'])).toThrow(UnroutableCommand);
    },
  );

  it('reads a number of keys of any type', () => {
    for (const count of ['1', 1, 1n, Buffer.from('1')]) {
      expect(keyIndexes('EVAL', ['script', count, 'a', 'b'])).toEqual([2]);
    }
  });

  it('refuses a number of keys that is not there', () => {
    expect(() => keyIndexes('EVAL', ['script'])).toThrow(UnroutableCommand);
    expect(() => keyIndexes('ZUNIONSTORE', ['dst'])).toThrow(UnroutableCommand);
  });

  it('never takes a position beyond the arguments for a key', () => {
    const words = ['1', 'STORE', 'KEYS', 'STREAMS', 'GET', 'ENCODING', 'x'];
    for (const command of list) {
      for (let count = 0; count < 8; count++) {
        for (const word of words) {
          let indexes: number[] | undefined = [];
          try {
            indexes = keyIndexes(command, new Array<string>(count).fill(word));
          } catch (error) {
            expect(error).toBeInstanceOf(UnroutableCommand);
          }
          for (const index of indexes!) expect(index).toBeOneOf([...Array(count).keys()]);
        }
      }
    }
  });

  it('knows how to read every command whose keys are movable', () => {
    for (const command of list.filter((name) => hasFlag(name, 'movablekeys'))) {
      expect(() => keyIndexes(command, ['1', '1', 'x', 'x', 'x'])).not.toThrow();
    }
  });

  it('finds a hundred thousand keys', () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `k${i}`);
    expect(keyIndexes('MGET', keys)).toHaveLength(100_000);
    expect(keyIndexes('ZUNION', [100_000, ...keys])).toHaveLength(100_000);
    expect(keyIndexes('ZUNIONSTORE', ['dst', 100_000, ...keys])).toHaveLength(100_001);
  });

  it('survives arguments that are none', () => {
    const odd = [null, undefined, {}, true] as unknown as RawArgument[];
    expect(keyIndexes('GET', odd)).toEqual([0]);
    expect(keyIndexes('OBJECT', odd)).toEqual([]);
    expect(keyIndexes('SORT', odd)).toEqual([0]);
    expect(() => keyIndexes('EVAL', odd)).toThrow(UnroutableCommand);
  });
});

describe('commandFlags', () => {
  it.each(['GET', 'get', 'MGET', 'HGETALL', 'EVAL_RO', 'SORT_RO', 'XREAD'])(
    '%s is read-only',
    (name) => {
      expect(commandFlags(name)).toMatchObject({ readonly: true, known: true });
    },
  );

  it.each(['SET', 'EVAL', 'SORT', 'XREADGROUP', 'PUBLISH', 'GETDEL'])('%s is not', (name) => {
    expect(commandFlags(name)).toMatchObject({ readonly: false, known: true });
  });

  it('takes no module command and no unknown one for read-only', () => {
    expect(commandFlags('VSIM').readonly).toBe(false);
    expect(commandFlags('JSON.GET')).toEqual({ readonly: false, blocking: false, known: false });
    expect(commandFlags('constructor').known).toBe(false);
  });
});

describe('isReadonly', () => {
  it('looks at the subcommand where the command has any', () => {
    expect(isReadonly('object', ['encoding', 'k'])).toBe(true);
    expect(isReadonly('OBJECT', [Buffer.from('FREQ'), 'k'])).toBe(true);
    expect(isReadonly('XINFO', ['STREAM', 'k'])).toBe(true);
    expect(isReadonly('MEMORY', ['PURGE'])).toBe(false);
    expect(isReadonly('XGROUP', ['CREATE', 'k'])).toBe(false);
    expect(isReadonly('GET', ['k'])).toBe(true);
    expect(isReadonly('FLY', [])).toBe(false);
  });
});

describe('isBlocking', () => {
  it.each([
    ['BLPOP', ['k', 0]],
    ['brpop', ['k', 0]],
    ['BLMOVE', ['a', 'b', 'LEFT', 'LEFT', 0]],
    ['BZMPOP', [0, 1, 'k', 'MIN']],
    ['XREAD', ['BLOCK', 0, 'STREAMS', 'k', '$']],
    ['XREAD', [Buffer.from('block'), 0, 'STREAMS', 'k', '$']],
    ['xreadgroup', ['GROUP', 'g', 'c', 'COUNT', 1, 'block', 0, 'STREAMS', 'k', '>']],
  ])('%s %j blocks', (command, args) => {
    expect(isBlocking(command, args)).toBe(true);
  });

  it.each([
    ['GET', ['k']],
    ['WAIT', [1, 0]],
    ['WAITAOF', [1, 0, 0]],
    ['XREAD', ['STREAMS', 'BLOCK', '0']],
    ['XREADGROUP', ['GROUP', 'BLOCK', 'BLOCK', 'STREAMS', 'k', '>']],
    ['FLY', ['BLOCK']],
  ])('%s %j does not', (command, args) => {
    expect(isBlocking(command, args)).toBe(false);
  });
});

describe('commandForMessage', () => {
  it('shows a name, and cuts what is more than a name', () => {
    expect(commandForMessage('json.get')).toBe('JSON.GET');
    expect(commandForMessage('AUTH hunter2')).toBe('"AUTH…"');
    expect(commandForMessage('')).toBe('"…"');
    expect(commandForMessage('x'.repeat(1000)).length).toBeLessThan(60);
  });
});
