/** What the benchmarks make of their figures: checks of replies, verdicts, the chart. */

import { describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';

interface Goal {
  scenario: string;
  of: string;
  to?: readonly string[];
  kind: 'atMost' | 'timesFaster' | 'spread' | 'most';
  figure?: string;
  unit?: string;
  floor?: number;
  aim?: number;
}
interface Verdict {
  measured: string;
  ratio: number | null;
  floor: { holds: boolean | null };
  aim: { holds: boolean | null };
}
interface Entry {
  name: string;
  group?: string;
  commands?: number;
  medians: Record<string, number>;
}
interface ScenarioResult {
  name: string;
  tables: { entries: Entry[] }[];
}
interface Report {
  hosts: number;
  rounds: number;
  transport: string;
  machine: Record<string, unknown>;
  scenarios: ScenarioResult[];
}

const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../bench/${path}`, import.meta.url).href)) as T;

const { median, medians } = await load<{
  median(figures: number[]): number;
  medians(records: Record<string, number>[]): Record<string, number>;
}>('harness/statistics.mjs');
const { judge } = await load<{ judge(goals: Goal[], scenarios: ScenarioResult[]): Verdict[] }>(
  'harness/verdicts.mjs',
);
const { goals } = await load<{ goals: Goal[] }>('goals.mjs');
const { drawChart } = await load<{ drawChart(report: Report): string }>('harness/chart.mjs');
const { partition } = await load<{ partition(hosts: number): (key: string) => number }>(
  'worker/partition.mjs',
);
const { checkEach } = await load<{
  checkEach(results: unknown[], keys: string[], expected: (i: number) => unknown): void;
}>('worker/checks.mjs');
const { percentiles } = await load<{
  percentiles(latencies: number[]): Record<string, number>;
}>('worker/figures.mjs');

const took = (name: string, timeMs: number): Entry => ({
  ...{ name, commands: 100_000 },
  medians: { timeMs },
});
const measured = (name: string, ...entries: Entry[]): ScenarioResult[] => [
  { name, tables: [{ entries }] },
];

describe('figures', () => {
  it('the median of an even number of figures lies between the two in the middle', () => {
    expect(median([5, 1, 9])).toBe(5);
    expect(median([4, 1, 9, 2])).toBe(3);
    expect(
      medians([
        { a: 1, b: 10 },
        { a: 3, b: 20 },
        { a: 2, b: 90 },
      ]),
    ).toEqual({ a: 2, b: 20 });
  });

  it('percentiles of latencies are in microseconds', () => {
    const latencies = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(percentiles(latencies)).toEqual({ p50Us: 101_000, p99Us: 199_000, maxUs: 200_000 });
  });
});

describe('the partition', () => {
  it.each([1, 7, 8, 256])('is the one of the default router over %d hosts', (count) => {
    const hosts = Array.from({ length: count }, (_, hostId) => ({ hostId }));
    const router = new Cluster({ hosts }).getRouter();
    const hostOf = partition(count);
    for (let i = 0; i < 500; i++) expect(hostOf(`key:${i}`)).toBe(router.getHostForKey(`key:${i}`));
  });
});

describe('the check of replies', () => {
  const check = (result: unknown, wanted: unknown) => () =>
    checkEach([result], ['key'], () => wanted);

  it.each([
    ['text', 'text'],
    [Buffer.from('text'), Buffer.from('text')],
    ['12', 12],
    [true, 1],
    [Object.assign(Object.create(null) as object, { a: '1' }), { a: '1' }],
    [[{ field: 'a', value: '1' }], { a: '1' }],
    [[{ value: 'a', score: 1 }], { a: 1 }],
  ])('%j is right for %j', (result, wanted) => {
    expect(check(result, wanted)).not.toThrow();
  });

  it.each([
    ['other', 'text'],
    [null, 'text'],
    [Buffer.from('text'), 'text'],
    ['text', Buffer.from('text')],
    [Buffer.from('other'), Buffer.from('text')],
    ['', 0],
    [null, 0],
    [2, 1],
    [{ a: '2' }, { a: '1' }],
    [null, { a: '1' }],
    [{ a: '1', b: '2' }, { a: '1' }],
    [[{ value: 'a', score: 2 }], { a: 1 }],
  ])('%j is wrong for %j', (result, wanted) => {
    expect(check(result, wanted)).toThrow("wrong result of 'key'");
  });

  it('a missing reply is an error', () => {
    const check = () => checkEach([], ['key'], () => 'text');
    expect(check).toThrow('0 results for 1 commands');
  });
});

describe('the verdicts', () => {
  const judgeOne = (goal: Omit<Goal, 'scenario'>, ...entries: Entry[]): Verdict => {
    const verdicts = judge([{ scenario: 'get', ...goal }], measured('get', ...entries));
    expect(verdicts).toHaveLength(1);
    return verdicts[0]!;
  };

  it('a time is compared with that of the fastest peer', () => {
    const goal = { of: 'ours', to: ['a', 'b'], kind: 'timesFaster', floor: 2, aim: 3 } as const;
    const verdict = judgeOne(goal, took('ours', 10), took('a', 50), took('b', 25));
    expect(verdict).toMatchObject({
      ratio: 2.5,
      measured: '2.50x',
      floor: { holds: true },
      aim: { holds: false },
    });
  });

  it('a share is that of ours', () => {
    const goal = { of: 'ours', to: ['a'], kind: 'atMost', floor: 1.15, aim: 0.95 } as const;
    expect(judgeOne(goal, took('ours', 12), took('a', 10))).toMatchObject({
      ratio: 1.2,
      floor: { holds: false },
      aim: { holds: false },
    });
  });

  it('a spread is between the highest and the lowest of a group', () => {
    const entry = (name: string, cost: number): Entry => ({
      ...{ name, group: 'map' },
      medians: { cost },
    });
    const goal = { of: 'map', kind: 'spread', figure: 'cost', floor: 1.3 } as const;
    const verdict = judgeOne(goal, entry('1', 500), entry('2', 400), entry('3', 460));
    expect(verdict).toMatchObject({ ratio: 1.25, floor: { holds: true }, aim: { holds: null } });
  });

  it('an absolute figure is held against its bound', () => {
    const goal = { of: 'ours', kind: 'most', unit: 'ms', floor: 50, aim: 20 } as const;
    expect(judgeOne(goal, took('ours', 30))).toMatchObject({
      measured: '30.0 ms',
      floor: { holds: true },
      aim: { holds: false },
    });
  });

  it('a goal whose contenders are missing has no verdict, one of another scenario none at all', () => {
    const goal = { of: 'ours', to: ['a'], kind: 'atMost', floor: 1 } as const;
    expect(judgeOne(goal, took('ours', 1))).toMatchObject({ ratio: null, floor: { holds: null } });
    expect(judge([{ scenario: 'set', ...goal }], measured('get', took('ours', 1)))).toEqual([]);
  });

  it('every goal names entries that its scenario has', async () => {
    const { readOptions } = await load<{ readOptions(args: string[]): object }>('options.mjs');
    const { planTables } = await load<{
      planTables(scenario: unknown, options: object): { entries: Entry[] }[];
    }>('harness/plan.mjs');
    for (const { scenario: name, of, to = [], kind } of goals) {
      const { scenario } = await load<{ scenario: unknown }>(`scenarios/${name}.mjs`);
      const entries = planTables(scenario, readOptions([])).flatMap((table) => table.entries);
      const known = new Set(entries.map((entry) => (kind === 'spread' ? entry.group : entry.name)));
      expect(known).toContain(of);
      expect(to.filter((peer) => known.has(peer)).length).toBeGreaterThanOrEqual(
        Math.min(1, to.length),
      );
    }
  });
});

describe('the chart', () => {
  const report: Report = {
    ...{ hosts: 8, rounds: 7, transport: 'unix', scenarios: [] },
    machine: {
      cpu: 'A <fast> one',
      cores: 2,
      node: 'v20',
      server: 'Redis 7',
      packages: { x: '1' },
    },
  };

  it('draws a bar for each peer, as long as its time is', () => {
    const scenarios = measured(
      'get',
      took('redis-blaster map', 50),
      took('ioredis pipelines', 500),
    );
    const svg = drawChart({ ...report, scenarios });
    const widths = [...svg.matchAll(/<rect class="(?:ours|peer)"[^>]* width="([\d.]+)"/g)];
    expect(widths).toHaveLength(2);
    expect(Number(widths[1]![1]) / Number(widths[0]![1])).toBeCloseTo(10, 0);
    expect(svg).toContain('10.0x, 500 ms');
    expect(svg).toContain('GET: 100,000 commands');
  });

  it('is readable on light and dark pages, and escapes what it is told', () => {
    const scenarios = measured(
      'get',
      took('redis-blaster map', 50),
      took('ioredis pipelines', 500),
    );
    const svg = drawChart({ ...report, scenarios });
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('A &lt;fast&gt; one');
  });

  it('refuses to draw nothing', () => {
    expect(() => drawChart(report)).toThrow(
      'nothing to compare: measure redis-blaster and others in one of get, set,',
    );
  });
});
