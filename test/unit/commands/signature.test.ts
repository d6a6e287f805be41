/** What the definitions of commands are held to take, against the definitions themselves. */

import { describe, expect, it } from 'vitest';

import { Signature } from '../../../src/commands/signature.js';
import { COMMAND_NAMES, type Command, definitionOf } from '../../../src/commands/upstream.js';

const definition = (parseCommand: (...args: never[]) => void): Command => ({
  parseCommand: parseCommand as Command['parseCommand'],
  transformReply: undefined as never,
});

/** Whether it refuses so many arguments of no meaning. */
const refuses = (command: Command, count: number): boolean => {
  const problem = new Signature(command).problemOf(Array<string>(count).fill('x'), () => undefined);
  return problem !== undefined;
};

/** What takes any number: their definitions name no last argument. */
const ANY_NUMBER =
  'evalRo eval evalShaRo evalSha fCall fCallRo functionListWithCode geoRadiusRoWith geoRadiusRo ' +
  'geoRadius geoRadiusByMemberRoWith geoRadiusByMemberRo hScanNoValues lcsIdxWithMatchLen lcsLen ' +
  'sortRo xAddNoMkStream xAdd xAutoClaimJustId xClaimJustId zInterWithScores zRangeWithScores ' +
  'zRangeByScoreWithScores zRankWithScore zRevRankWithScore zUnionWithScores vLinksWithScores ' +
  'vSimWithScores arGrep arGrepWithValues lmPop blmPop bzmPop latencyHistogram latencyReset ' +
  'xRange xRevRange';

describe('the number of arguments', () => {
  it('is bounded for all commands but those whose definitions pass on what they get', () => {
    const unbounded = COMMAND_NAMES.filter((name) => !refuses(definitionOf(name), 20));
    expect(unbounded.sort()).toEqual(ANY_NUMBER.split(' ').sort());
  });

  it.each([
    ['get', 1],
    ['set', 3],
    ['hSet', 3],
    ['configSet', 2],
    ['randomKey', 0],
    ['geoSearchStore', 5],
  ])('is that of the parameters: %s takes %i', (name, most) => {
    expect(refuses(definitionOf(name), most)).toBe(false);
    expect(refuses(definitionOf(name), most + 1)).toBe(true);
  });

  it.each<[Command, number]>([
    [definition((_parser: unknown, _a: unknown) => undefined), 1],
    [definition(() => undefined), 0],
    [definition((_parser: unknown, ...[_a, _b]: unknown[]) => undefined), 2],
    [definition((_parser: unknown, ..._all: unknown[]) => undefined), Infinity],
    [definition((..._all: unknown[]) => undefined), Infinity],
  ])('is read off any form of a function (%#)', (command, most) => {
    const bound = Math.min(most, 30);
    expect(refuses(command, bound)).toBe(false);
    expect(refuses(command, bound + 1)).toBe(most !== Infinity);
  });
});
