/** Prints the figures, by themselves and beside those of a former run. */
import { availableParallelism, cpus, loadavg, platform } from 'node:os';
import Table from 'cli-table3';

/** From this ratio on a bench counts as slower than before. */
const SLOWER = 1.15;

/** What the figures depend on. */
export function machineFacts() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: platform(),
    node: process.version,
    load: Number(loadavg()[0].toFixed(2)),
  };
}

export function printMachine({ cpu, cores, system, node, load }) {
  console.log(`${cpu}, ${cores} cores, ${system}, Node ${node}, load ${load} at the start\n`);
}

/** The table, with the ratios to `former` figures where there are any. */
export function printFigures({ machine, benches }, former) {
  const byName = new Map(former?.benches.map((bench) => [bench.name, bench]));
  const head = ['', 'ns', 'mean', '± %', 'again', 'bytes'];
  if (former !== undefined) head.push('before', 'ratio', 'bytes before', '');
  const rows = benches.map((bench) => [
    bench.name,
    decimal(bench.medianNs),
    decimal(bench.meanNs),
    bench.errorPercent.toFixed(1),
    `+${Math.round(bench.againPercent)} %`,
    decimal(bench.bytes),
    ...(former === undefined ? [] : comparison(bench, byName.get(bench.name))),
  ]);
  printTable(head, rows);
  console.log(
    '\nns: median for an operation, in the fastest pass that another confirmed; mean ± its margin of' +
      '\nerror (95 %) in the same pass; again: how much slower the next fastest was; bytes: allocated' +
      '\nfor an operation.',
  );
  if (former !== undefined) printComparison({ machine, benches }, former, byName);
}

function comparison(bench, before) {
  if (before === undefined) return ['', 'new', '', ''];
  return [
    decimal(before.medianNs),
    ratio(bench, before).toFixed(2),
    decimal(before.bytes),
    verdict(bench, before),
  ];
}

function ratio(bench, before) {
  return bench.medianNs / before.medianNs;
}

function verdict(bench, before) {
  if (before === undefined || ratio(bench, before) <= SLOWER) return '';
  return bench.isConfirmed && before.isConfirmed ? 'SLOWER' : 'SLOWER?';
}

function printComparison({ machine, benches }, former, byName) {
  for (const fact of ['cpu', 'cores', 'node']) {
    if (former.machine[fact] === machine[fact]) continue;
    console.log(`Not comparable: ${fact} was ${former.machine[fact]}, is ${machine[fact]}.`);
  }
  const marked = benches.filter((bench) => verdict(bench, byName.get(bench.name)) !== '');
  const percent = Math.round((SLOWER - 1) * 100);
  console.log(
    `${marked.length} of ${benches.length} are more than ${percent} % slower than before.`,
  );
  for (const bench of marked) console.log(`  ${bench.name}`);
  if (marked.some((bench) => verdict(bench, byName.get(bench.name)) === 'SLOWER?')) {
    console.log('SLOWER?: no other pass confirmed one of the two figures.');
  }
}

function printTable(head, rows) {
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'));
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(table.toString());
}

function decimal(value) {
  if (value === undefined) return '-';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1);
}
