/** What the demo shows: the progress of the count, tables and the bar chart. */
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

const BAR_WIDTH = 40;
const PLAIN_STEPS = 10;

/** A progress bar on a terminal; elsewhere a line at every tenth. */
export function startProgress(total) {
  return process.stdout.isTTY ? startBar(total) : startPlainProgress(total);
}

function startBar(total) {
  const bar = new SingleBar({
    stream: process.stdout,
    format: '  {bar} {percentage}% | {value} of {total} words',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    // The demo itself stops the bar, also when it is interrupted.
    gracefulExit: false,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

function startPlainProgress(total) {
  let printed = 0;
  return {
    update(done) {
      const step = Math.floor((done / total) * PLAIN_STEPS);
      if (step === printed) return;
      printed = step;
      console.log(`  ${formatCount(done)} of ${formatCount(total)} words`);
    },
    stop() {},
  };
}

/** Prints a table; `columns` are `{ title, right? }`. */
export function printTable(title, columns, rows) {
  const table = new Table({
    head: columns.map((column) => column.title),
    colAligns: columns.map((column) => (column.right ? 'right' : 'left')),
    style: { head: [], border: [] },
  });
  table.push(...rows);
  console.log(`\n${title}\n${table.toString()}`);
}

/** Prints a bar for each host: how many keys it holds. */
export function printKeysPerHost(sizes) {
  const largest = Math.max(1, ...sizes.values());
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  console.log(`\nKeys per host: ${formatCount(total)} keys on ${sizes.size} hosts`);
  for (const [hostId, size] of [...sizes].sort(([a], [b]) => a - b)) {
    const bar = '█'.repeat(Math.round((size / largest) * BAR_WIDTH));
    console.log(`  host ${String(hostId).padStart(2)} ${bar} ${formatCount(size)}`);
  }
}

export function formatCount(value) {
  return Math.round(value).toLocaleString('en-US');
}

export function formatMs(milliseconds) {
  return `${milliseconds.toLocaleString('en-US', { maximumFractionDigits: 1 })} ms`;
}
