/** Runs the recipes of the documentation against real servers. */

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { codeBlocks, root, usePrograms } from '../helpers/programs.js';

const programs = usePrograms();

/** What each recipe prints. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  cache: [
    'asked the source for 100 products',
    'from the cache: 100 Product 7',
    'asked the source for 3 products',
    'asked the source for 50 products',
    'with half of the hosts gone: 100',
  ],
  counters: [
    'failed: []',
    'failed: []',
    'page-0: 100',
    'page-1: 105',
    'page-x: 0',
    'failed: []',
    'failed: []',
    'and counted: 101',
    'failed: []',
    'failed: []',
    'and counted: 102',
    "failed: [ 'page-1 +3: ERR' ]",
    'failed: []',
    'counters on each host: 12 12 12 14 12 14 12 12',
  ],
  'job-queue': [
    'streams on each host: 1 1 1 1 1 1 1 1',
    'pages: 100',
    'no success',
    'again: lost',
    'jobs left: 0',
  ],
  leaderboard: [
    'player-2321: 9999',
    'player-4642: 9998',
    'player-6963: 9997',
    'player-1: { score: 9999, rank: 1 }',
    'player-0: { score: 0, rank: 10000 }',
    'nobody: null',
    'the best 2: 🦊 ｆｏｘ',
    'the best 4: 🦊 ｆｏｘ twin-99 twin-98',
    'boards on each host: 4 3 4 5 4 5 4 3',
  ],
  'rate-limiter': [
    'passes, 2 left',
    'passes, 1 left',
    'passes, 0 left',
    'turned away, again within 60 s',
    'ann is turned away',
    'bob passes',
    'eve passes',
    'joe passes',
    'with half of the hosts gone: 20',
    'undecided: 10',
  ],
  'time-series': [
    '130 points, from 50 to 179',
    'average: 114.5',
    'a day later: 0',
    'kept for days: 7',
  ],
};

const recipes = readdirSync(join(root, 'examples/recipes')).map((file) => basename(file, '.mjs'));

describe('the recipes', () => {
  it('are all known here', () => {
    expect(recipes.toSorted()).toEqual(Object.keys(outputs).toSorted());
  });

  it.each(recipes)('print what their pages say, and leave nothing behind: %s', async (name) => {
    const lines = await programs.run(join('examples/recipes', `${name}.mjs`));
    expect(lines).toEqual(outputs[name]);
    expect(codeBlocks(join('docs/recipes', `${name}.md`), 'text')).toContain(
      `${lines.join('\n')}\n`,
    );
  });
});
