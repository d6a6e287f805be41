/** The command line of the benchmarks, and what is measured under it. */

import { describe, expect, it } from 'vitest';

interface Options {
  scenarios: string[];
  contenders: string[];
  rounds: number;
  keys?: number;
  hosts: number;
  transport: string;
  baseline?: string;
  smoke: boolean;
}
interface Entry {
  name: string;
  process?: string;
  size: number;
  hosts: number;
  commands: number;
  params: Record<string, unknown>;
  dist?: string;
}
interface PlannedTable {
  title: string;
  hosts: number;
  rounds: number;
  entries: Entry[];
}
interface Scenario {
  size: number;
}

const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../bench/${path}`, import.meta.url).href)) as T;

const { readOptions, UsageError } = await load<{
  readOptions(args: string[]): Options;
  UsageError: new () => Error;
}>('options.mjs');
const { scenarioNames } = await load<{ scenarioNames: string[] }>('scenarios/names.mjs');
const { planTables } = await load<{
  planTables(scenario: Scenario, options: Options): PlannedTable[];
}>('harness/plan.mjs');

async function plan(name: string, ...args: string[]): Promise<PlannedTable[]> {
  const { scenario } = await load<{ scenario: Scenario }>(`scenarios/${name}.mjs`);
  return planTables(scenario, readOptions(args));
}

const namesIn = (tables: PlannedTable[]): string[] =>
  tables.flatMap(({ entries }) => entries.map(({ name }) => name));

describe('the options', () => {
  it('without any all scenarios run, in seven rounds over eight hosts', () => {
    expect(readOptions([])).toMatchObject({
      scenarios: scenarioNames,
      contenders: [],
      rounds: 7,
      hosts: 8,
      transport: 'unix',
      smoke: false,
    });
  });

  it('a scenario that is named twice runs once', () => {
    const { scenarios } = readOptions(['--scenario', 'set', '--scenario', 'set']);
    expect(scenarios).toEqual(['set']);
  });

  it.each([
    [['--scenario', 'nothing'], "no scenario 'nothing'"],
    [['--transport', 'pigeon'], "no transport 'pigeon'"],
    [['--rounds', '0'], '--rounds is a whole number from 1'],
    [['--keys', '1.5'], '--keys is a whole number from 1'],
    [['--hosts', '257'], '--hosts is a whole number from 1 to 256'],
    [['--json', ''], '--json needs a name'],
    [['--case', 'get'], '--case'],
  ])('refuses %j and says why', (args, message) => {
    const read = () => readOptions(args);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});

describe('the plan', () => {
  it.each(scenarioNames)(
    'the scenario %s has tables, and smaller ones for a smoke test',
    async (name) => {
      const commands = (tables: PlannedTable[]) =>
        tables.flatMap(({ entries }) => entries.map((entry) => entry.commands || 0));
      const [full, smoke] = [await plan(name), await plan(name, '--smoke')];
      expect(namesIn(full).length).toBeGreaterThan(0);
      expect(smoke).toHaveLength(full.length);
      expect(Math.max(...commands(smoke))).toBeLessThanOrEqual(5_000);
      for (const { entries } of full) {
        const names = entries.map((entry) => entry.name);
        expect(new Set(names).size).toBe(names.length);
      }
    },
  );

  it('keys and hosts are those that were asked for', async () => {
    const [table] = await plan('get', '--keys', '123', '--hosts', '3');
    for (const entry of table!.entries) {
      expect(entry).toMatchObject({ size: 123, commands: 123, hosts: 3 });
    }
  });

  it('only contenders with the text in their name take part', async () => {
    const names = namesIn(await plan('hgetall', '--contender', 'ioredis', '--contender', 'Bun'));
    expect(names).toEqual(['ioredis pipelines', 'ioredis auto-pipelining', 'Bun.RedisClient']);
    expect(await plan('memory', '--contender', 'Bun')).toEqual([]);
  });

  it('importing is always compared with importing nothing', async () => {
    const names = namesIn(await plan('import', '--contender', 'ioredis'));
    expect(names).toEqual(['an empty module', 'ioredis']);
  });

  it('a baseline stands behind each contender of ours, in a process of its own', async () => {
    const [table] = await plan('stopped-host', '--baseline', 'other');
    const [running, baselineRunning, stopped, baselineStopped] = table!.entries;
    expect(running).toMatchObject({ name: 'redis-blaster map, all running' });
    expect(stopped).toMatchObject({ name: 'redis-blaster map, one stopped' });
    expect(baselineRunning).toMatchObject({ name: 'baseline map, all running' });
    expect(baselineStopped).toMatchObject({ name: 'baseline map, one stopped' });
    expect(baselineStopped!.process).toBe(baselineRunning!.process);
    expect(baselineRunning!.process).not.toBe(running!.process);
    expect(baselineRunning!.dist).toMatch(/other$/);
    expect(running!.dist).toBeUndefined();
  });

  it('small maps are repeated, so that runs of all sizes have the same number of commands', async () => {
    const [table] = await plan('scale-commands');
    const sizes = [1_000, 10_000, 100_000, 1_000_000];
    expect(table!.entries.map(({ size, commands }) => ({ size, commands }))).toEqual(
      [...sizes, ...sizes].map((size) => ({ size, commands: 1_000_000 })),
    );
  });
});
