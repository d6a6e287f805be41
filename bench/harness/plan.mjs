/** Lays out what is measured: the tables of a scenario and the entries of each. */
import { withBaseline } from '../contenders.mjs';

const WARM_UPS = 3;

/**
 * The tables of a scenario under the options of the command line. A table has a `title`, `hosts`,
 * `transport`, `rounds`, `columns`, and `entries`: contenders with the `size` of their workload, the
 * number of their `hosts`, the `params` of their driver, how often they warm up, and how many
 * `commands` a run of theirs has.
 */
export function planTables(scenario, options) {
  const own = { title: scenario.title, contenders: scenario.contenders };
  const tables = scenario.tables?.({ ...options, contenders: scenario.contenders }) ?? [{}];
  return tables
    .map((table) => planTable(scenario, { ...own, ...table }, options))
    .filter(({ entries }) => entries.length > 0);
}

function planTable(scenario, table, options) {
  const hosts = table.hosts ?? options.hosts;
  const defaults = {
    size: table.size ?? sizeOf(scenario, options),
    hosts,
    warmUps: table.warmUps ?? (options.smoke ? 1 : WARM_UPS),
  };
  const params = { ...scenario.params, ...table.params };
  const entries = chooseEntries(withBaseline(table.contenders, options.baseline), options).map(
    (entry) => planEntry({ ...defaults, ...entry }, { ...params, ...entry.params }),
  );
  return {
    title: table.title,
    hosts,
    transport: scenario.transport ?? options.transport,
    rounds: table.rounds ?? options.rounds,
    columns: scenario.columns,
    entries,
  };
}

function planEntry(entry, params) {
  return { ...entry, params, commands: entry.size * (params.repeats ?? 1) };
}

function sizeOf({ size, smokeSize, mostKeys = Infinity }, { keys, smoke }) {
  return Math.min(keys ?? (smoke ? smokeSize : size), mostKeys);
}

/** The entries that were asked for, with what has to be measured beside any. */
function chooseEntries(entries, { contenders: texts }) {
  const isWanted = ({ name }) => texts.length === 0 || texts.some((text) => name.includes(text));
  if (!entries.some(isWanted)) return [];
  return entries.filter((entry) => entry.always || isWanted(entry));
}
