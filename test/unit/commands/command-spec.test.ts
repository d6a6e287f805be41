import { describe, expect, it } from 'vitest';

import { blockingTime } from '../../../src/clients/blocking-time.js';
import { rawSpec, specOf, TypedCommand } from '../../../src/commands/command-spec.js';
import { definitionOf } from '../../../src/commands/upstream.js';

describe('the spec of a command', () => {
  it.each<[string, string[], boolean]>([
    ['GET', ['k'], true],
    ['SET', ['k', 'v'], false],
    ['HGETALL', ['k'], true],
    ['INCR', ['k'], false],
    ['GETDEL', ['k'], false],
    ['EVAL', ['s', '1', 'k'], false],
    ['EVAL_RO', ['s', '1', 'k'], true],
    ['OBJECT', ['ENCODING', 'k'], true],
    ['OBJECT', ['HELP'], false],
    ['XINFO', ['STREAM', 'k'], true],
    ['XREAD', ['STREAMS', 'k', '0'], true],
    ['XREADGROUP', ['GROUP', 'g', 'c', 'STREAMS', 'k', '>'], false],
    ['JSON.GET', ['k'], false],
    ['NOSUCH', ['k'], false],
  ])('%s %j: may be sent again, %s', (name, args, isReadOnly) => {
    expect(rawSpec(name, args).isReadOnly).toBe(isReadOnly);
    expect(specOf(name, args).isReadOnly).toBe(isReadOnly);
  });

  it.each<[string, boolean]>([
    ['BLPOP', true],
    ['BLMPOP', true],
    ['BZPOPMIN', true],
    ['XREAD', true],
    ['XREADGROUP', true],
    ['WAIT', false],
    ['WAITAOF', false],
    ['LPOP', false],
    ['GET', false],
  ])('%s: may block, %s', (name, mayBlock) => {
    expect(specOf(name, []).mayBlock).toBe(mayBlock);
  });

  it('is the same object for a command that is known', () => {
    expect(rawSpec('GET', ['a'])).toBe(rawSpec('GET', ['b']));
    expect(rawSpec('OBJECT', ['HELP'])).not.toBe(rawSpec('OBJECT', ['ENCODING', 'k']));
  });

  it('is that of its command however a definition spells it', () => {
    const command = new TypedCommand(definitionOf('get'));
    const spec = command.spec('Get', { redisArgs: ['Get', 'k'] });
    expect(spec).toMatchObject({ name: 'GET', isReadOnly: true, plainCount: 2 });
    expect(command.spec('Get', { redisArgs: ['Get', 'other'] })).toBe(spec);
    const next = command.spec('blpop', { redisArgs: ['blpop', 'k', '0'] });
    expect(next).toMatchObject({ name: 'BLPOP', isReadOnly: false, mayBlock: true });
  });

  it('has the reply transforms of a definition, and none without', () => {
    const spec = new TypedCommand(definitionOf('hGetAll')).spec('HGETALL', {
      redisArgs: ['HGETALL', 'k'],
    });
    expect(spec.transform2).toBeTypeOf('function');
    expect(spec.transform3).toBe(undefined);
    expect(rawSpec('HGETALL', ['k'])).toMatchObject({
      transform2: undefined,
      transform3: undefined,
    });
  });
});

describe('the time that a command may block by itself', () => {
  it.each<[string, (string | number)[], number]>([
    ['BLPOP', ['k', 1], 1000],
    ['BLPOP', ['k', '0.5'], 500],
    ['BRPOP', ['1', '2', '3'], 3000],
    ['BLMPOP', ['2', '1', 'k', 'LEFT'], 2000],
    ['BZMPOP', [0.25, '1', 'k', 'MIN'], 250],
    ['BLMOVE', ['a', 'b', 'LEFT', 'LEFT', '7'], 7000],
    ['XREAD', ['BLOCK', 150, 'STREAMS', 'k', '$'], 150],
    ['XREAD', ['COUNT', 1, 'block', '150', 'STREAMS', 'k', '$'], 150],
    ['XREADGROUP', ['GROUP', 'g', 'c', 'BLOCK', '20', 'STREAMS', 'k', '>'], 20],
    ['XREADGROUP', ['GROUP', 'BLOCK', '9', 'BLOCK', '20', 'STREAMS', 'k', '>'], 20],
    ['BLPOP', ['k', 0], Infinity],
    ['BLPOP', ['k', 'soon'], Infinity],
    ['BLPOP', ['k', -1], Infinity],
    ['XREAD', ['BLOCK', '0', 'STREAMS', 'k', '$'], Infinity],
  ])('%s %j: %d ms', (name, args, time) => {
    expect(blockingTime(name, args)).toBe(time);
    const asBytes = args.map((arg) => Buffer.from(String(arg)));
    expect(blockingTime(name, asBytes)).toBe(time);
  });
});
