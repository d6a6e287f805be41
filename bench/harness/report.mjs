/** Prints tables. */
import Table from 'cli-table3';
import { decimal, standard } from './columns.mjs';

/** One table of a scenario; ratios are to its first entry. */
export function printTable({ title, hosts, transport, rounds, columns = standard, entries }) {
  const many = rounds === 1 ? '1 round' : `medians of ${rounds} rounds`;
  console.log(
    `\n${title}: ${hosts === undefined ? '' : extentOf(entries, hosts, transport)}${many}`,
  );
  const shown = columns.filter(
    ({ figure }) => figure === undefined || entries.some(({ medians }) => figure in medians),
  );
  const rows = entries.map((entry) => [
    entry.name,
    ...shown.map((column) => textOf(column, entry, entries[0])),
  ]);
  print(['', ...shown.map(({ head }) => head)], rows);
}

function extentOf(entries, hosts, transport) {
  const sizes = new Set(entries.map(({ size }) => size));
  const size = sizes.size === 1 ? `${format(entries[0].size)} commands over ` : '';
  return `${size}${hosts} ${hosts === 1 ? 'host' : 'hosts'} (${transport}), `;
}

/** Where the time of each entry of a table went. */
export function printProfiles({ title, entries }) {
  for (const { name, profile } of entries) {
    if (profile === undefined) continue;
    console.log(`\n${title}, ${name}: self time in all rounds`);
    const rows = profile.map(({ where, selfMs, share }) => [
      where,
      decimal(selfMs),
      `${(share * 100).toFixed(1)} %`,
    ]);
    print(['function', 'ms', 'share'], rows);
  }
}

/** What of the goals holds. */
export function printVerdicts(verdicts) {
  if (verdicts.length === 0) return;
  console.log('\nGoals: the floor is what has to hold, the aim is what we would like');
  const rows = verdicts.map(({ text, measured, floor, aim }) => [
    text,
    measured,
    floor.text,
    floor.answer,
    aim.text,
    aim.answer,
  ]);
  print(['', 'measured', 'floor', '', 'aim', ''], rows);
}

function textOf({ figure, text }, entry, base) {
  return figure !== undefined && !(figure in entry.medians) ? '' : text(entry, base);
}

function print(head, rows) {
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'));
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(table.toString());
}

function format(value) {
  return value.toLocaleString('en-US');
}
