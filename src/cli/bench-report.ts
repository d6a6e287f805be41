/** How `rb bench` looks. */

import { Int32Histogram } from 'hdr-histogram-js';

import { bar } from './bars.js';
import type { LoadOptions, LoadResult } from './load.js';
import type { Output } from './output.js';
import { formatTable } from './table.js';
import { formatCount, formatShare, plural } from './text.js';

const PERCENTILES = [50, 90, 99, 99.9] as const;
const MAX_BAR = 40;
/** What stands beside a bar: the bounds, the count and the share. */
const BESIDE_BAR = 40;

/** A part of the histogram: latencies above the one bound, up to the other, in microseconds. */
export interface Bucket {
  readonly above: number;
  readonly upTo: number;
  readonly count: number;
}

/** The commands, their latencies as percentiles, and all of them as a histogram. */
export function formatBench(
  options: LoadOptions,
  result: LoadResult,
  { colors, width }: Pick<Output, 'colors' | 'width'>,
): string {
  const all = merged(result.latencies);
  const { totalCount: total } = all;
  const rate = formatCount(total / result.seconds);
  const lines = [
    describeLoad(options),
    colors.bold(
      `${plural(total, 'command')} in ${result.seconds.toFixed(1)} s: ${rate} per second`,
    ),
  ];
  for (const [reason, count] of result.failures) {
    lines.push(colors.red(`${plural(count, 'command')} failed: ${reason}`));
  }
  if (total === 0) return lines.join('\n');
  const barWidth = Math.max(10, Math.min(MAX_BAR, width - BESIDE_BAR));
  lines.push('', 'Latencies in milliseconds:', latencyTable(result, all, colors.bold));
  lines.push('', ...histogramLines(bucketsOf(all), total, barWidth, colors.cyan));
  return lines.join('\n');
}

function describeLoad({ mix, keys, valueSize, concurrency, pipeline, autoBatch }: LoadOptions) {
  const names = mix.map(({ name, weight }) => `${name}=${weight}`).join(' ');
  const unit = pipeline === 1 ? 'commands' : `maps of ${formatCount(pipeline)}`;
  const batches = pipeline > 1 && !autoBatch ? ', not batched' : '';
  return (
    `${names} on ${plural(keys, 'key')}, values of ${plural(valueSize, 'byte')}, ` +
    `${formatCount(concurrency)} ${unit} at a time${batches}`
  );
}

function latencyTable(
  { latencies, seconds }: LoadResult,
  all: Int32Histogram,
  bold: (text: string) => string,
): string {
  const titles = ['COMMAND', 'COUNT', 'PER SECOND', 'MEAN'];
  const columns = [...titles, ...PERCENTILES.map((percentile) => `P${percentile}`), 'MAX'].map(
    (title, index) => ({ title: bold(title), isRight: index > 0 }),
  );
  const row = (name: string, histogram: Int32Histogram): string[] => [
    ...[name, formatCount(histogram.totalCount), formatCount(histogram.totalCount / seconds)],
    ...statistics(histogram).map(([, micros]) => toMs(micros).toFixed(3)),
  ];
  const rows = [...latencies].map(([name, histogram]) => row(name, histogram));
  return formatTable(columns, rows.length > 1 ? [...rows, row('all', all)] : rows);
}

/** By name, in microseconds. A percentile is rounded up, but not above the maximum. */
export function statistics(histogram: Int32Histogram): [name: string, micros: number][] {
  const { maxValue } = histogram;
  const isEmpty = histogram.totalCount === 0;
  return [
    ['mean', isEmpty ? 0 : histogram.mean],
    ...PERCENTILES.map((percentile): [string, number] => [
      `p${percentile}`,
      Math.min(maxValue, histogram.getValueAtPercentile(percentile)),
    ]),
    ['max', maxValue],
  ];
}

function toMs(micros: number): number {
  return micros / 1000;
}

function merged(latencies: LoadResult['latencies']): Int32Histogram {
  const all = new Int32Histogram(1, 2, 3);
  all.autoResize = true;
  for (const histogram of latencies.values()) all.add(histogram);
  return all;
}

/** Bounds of 1, 2, 5, 10, … microseconds, from the first bucket that holds anything to the last. */
export function bucketsOf(histogram: Int32Histogram): Bucket[] {
  const values = histogram.recordedValuesIterator;
  values.reset();
  const counts: { above: number; upTo: number; count: number }[] = [];
  let bounds = { above: 0, upTo: 1 };
  while (values.hasNext()) {
    const { valueIteratedTo: value, countAddedInThisIterationStep: count } = values.next();
    while (value > bounds.upTo) {
      bounds = { above: bounds.upTo, upTo: nextBound(bounds.upTo) };
      if (counts.length > 0) counts.push({ ...bounds, count: 0 });
    }
    const last = counts.at(-1);
    if (last?.upTo === bounds.upTo) last.count += count;
    else counts.push({ ...bounds, count });
  }
  return counts;
}

/** 1, 2, 5, 10, 20, 50, … */
function nextBound(bound: number): number {
  const isTwo = String(bound).startsWith('2');
  return isTwo ? bound * 2.5 : bound * 2;
}

function histogramLines(
  buckets: readonly Bucket[],
  total: number,
  width: number,
  paint: (text: string) => string,
): string[] {
  const largest = Math.max(...buckets.map(({ count }) => count));
  const bounds = buckets.map(({ above, upTo }) => `${toMs(above)} - ${toMs(upTo)} ms`);
  const boundsWidth = Math.max(...bounds.map(({ length }) => length));
  const countWidth = formatCount(largest).length;
  return buckets.map(({ count }, index) =>
    [
      bounds[index]!.padStart(boundsWidth),
      formatCount(count).padStart(countWidth),
      formatShare(count / total).padStart(6),
      paint(bar(count, largest, width)),
    ]
      .join('  ')
      .trimEnd(),
  );
}

/** The same for `--json`; latencies are in milliseconds. */
export function benchJson(options: LoadOptions, result: LoadResult): object {
  const { mix, keys, valueSize, concurrency, pipeline, autoBatch } = options;
  const all = merged(result.latencies);
  const summary = (name: string, histogram: Int32Histogram): object => ({
    ...{ command: name, count: histogram.totalCount },
    perSecond: Math.round(histogram.totalCount / result.seconds),
    latencyMs: Object.fromEntries(
      statistics(histogram).map(([statistic, micros]) => [statistic, toMs(Math.round(micros))]),
    ),
  });
  return {
    mix: Object.fromEntries(mix.map(({ name, weight }) => [name, weight])),
    ...{ keys, valueSize, concurrency, pipeline, autoBatch },
    seconds: Number(result.seconds.toFixed(3)),
    failures: [...result.failures].map(([reason, count]) => ({ reason, count })),
    commands: [...result.latencies].map(([name, histogram]) => summary(name, histogram)),
    all: summary('all', all),
    histogram: bucketsOf(all).map(({ above, upTo, count }) => ({
      ...{ aboveMs: toMs(above), upToMs: toMs(upTo), count },
    })),
  };
}
