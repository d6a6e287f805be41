/** Runs the scenarios, prints what they give, and answers all of it. */
import { UsageError } from '../options.mjs';
import { goals } from '../goals.mjs';
import { assertDrawable } from './chart.mjs';
import { machineFacts, printMachine } from './machine.mjs';
import { measureTable } from './measure.mjs';
import { planTables } from './plan.mjs';
import { printProfiles, printTable, printVerdicts } from './report.mjs';
import { findRuntimes } from './runtimes.mjs';
import { UnavailableError } from './servers.mjs';
import { judge } from './verdicts.mjs';
import { Workers } from './workers.mjs';

/** Measures what the options ask for, and answers the report that `--json` writes. */
export async function runScenarios({ options, server, dist }) {
  await checkNames(options);
  const plans = await planAll(options);
  if (options.chart !== undefined) assertDrawable(plans);
  const runtimes = findRuntimes(plans.flatMap(({ tables }) => tables.flatMap((it) => it.entries)));
  const machine = machineFacts(server, runtimes.versions);
  printMachine(machine);
  for (const sentence of runtimes.missing) console.log(sentence);
  if (options.smoke) console.log('A smoke test: so few keys tell nothing about speed.');
  const { rounds, hosts, transport, smoke } = options;
  const report = { machine, rounds, hosts, transport, smoke, scenarios: [] };
  const failed = new Set();
  const workers = new Workers({ reuse: smoke });
  for (const { name, scenario, tables } of plans) {
    const measured = [];
    report.scenarios.push({ name, tables: measured });
    for (const table of tables) {
      const result = await runTable(table, { name, scenario, runtimes, workers, options, dist });
      if (result === undefined) failed.add(name);
      else if (result.entries.length > 0) measured.push({ ...result, columns: undefined });
    }
  }
  await workers.close();
  report.failed = [...failed];
  report.verdicts = smoke ? [] : judge(goals, report.scenarios);
  // Who chose contenders knows what is missing.
  const chosen = options.contenders.length > 0;
  printVerdicts(report.verdicts.filter(({ ratio }) => ratio !== null || !chosen));
  return report;
}

async function planAll(options) {
  const plans = [];
  for (const name of options.scenarios) {
    const { scenario } = await import(`../scenarios/${name}.mjs`);
    plans.push({ name, scenario, tables: planTables(scenario, options) });
  }
  return plans;
}

/** Refuses a text that is part of no contender's name. */
async function checkNames(options) {
  const plans = await planAll({ ...options, contenders: [] });
  const entries = plans.flatMap(({ tables }) => tables.flatMap((table) => table.entries));
  const names = [...new Set(entries.map(({ name }) => name))];
  for (const text of options.contenders) {
    if (names.some((name) => name.includes(text))) continue;
    throw new UsageError(`No contender has '${text}' in its name; there are ${names.join('; ')}.`);
  }
}

/** Measures and prints a table; answers undefined if that failed, and says why. */
async function runTable(planned, context) {
  const { name, scenario, runtimes, options } = context;
  const { table, left } = select(planned, runtimes);
  if (table.entries.length === 0) return table;
  try {
    const onProgress = (text) => showProgress(`${name}: ${text}`);
    const measure = scenario.measure ?? measureTable;
    const result = await measure(table, { ...context, onProgress });
    showProgress('');
    printTable(result);
    for (const sentence of left) console.log(sentence);
    if (options.profile) printProfiles(result);
    return result;
  } catch (error) {
    showProgress('');
    if (error instanceof UnavailableError) {
      console.log(`\n${planned.title}: skipped, ${error.message}`);
      return { ...table, entries: [] };
    }
    console.error(`\n${planned.title}: failed. ${error.stack ?? error}`);
    return undefined;
  }
}

/** Leaves out the entries that cannot run here. */
function select(table, runtimes) {
  const isPossible = (entry) => runtimes.commandFor(entry) !== undefined;
  const speaksIt = ({ runtime }) => !(runtime === 'c' && table.transport === 'tls');
  const possible = table.entries.filter(isPossible);
  const entries = possible.filter(speaksIt);
  const left = possible.length > entries.length ? ['hiredis is left out: it has no TLS here.'] : [];
  return { table: { ...table, entries }, left };
}

function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
