/**
 * The columns of the tables. A column has a `head` and `text(entry, base)`; `base` is the first entry
 * of its table. One that has a `figure` is shown only where there is such a figure.
 */
import { extent } from './statistics.mjs';

const ms = { head: 'ms', text: ({ medians }) => decimal(medians.timeMs) };

/** The first run of a turn, behind a pause. */
const first = {
  head: 'first ms',
  figure: 'firstMs',
  text: ({ medians }) => decimal(medians.firstMs),
};

const spread = {
  head: 'min - max',
  text({ runs }) {
    const { min, max } = extent(runs.map(({ timeMs }) => timeMs));
    return `${decimal(min)} - ${decimal(max)}`;
  },
};

const ratio = {
  head: 'ratio',
  text: ({ medians }, base) => (medians.timeMs / base.medians.timeMs).toFixed(2),
};

const rate = {
  head: 'commands/s',
  text: ({ commands, medians }) => whole(commands / (medians.timeMs / 1_000)),
};

const nsEach = {
  head: 'ns/command',
  text: ({ medians }) => whole(medians.nsPerCommand),
};

const cpu = { head: 'CPU ms', text: ({ medians }) => decimal(medians.cpuMs) };
const peak = { head: 'peak MB', text: ({ medians }) => whole(medians.peakMemoryMb) };

function micros(head, figure) {
  return { head, figure, text: ({ medians }) => whole(medians[figure]) };
}

const p50 = micros('p50 us', 'p50Us');
const p99 = micros('p99 us', 'p99Us');

/** For most scenarios. */
export const standard = [ms, spread, ratio, first, rate, cpu, peak, p50, p99];

/** Where entries differ in their number of commands. */
export const perCommand = [ms, spread, nsEach, rate, cpu, peak];

/** Where only latencies matter. */
export const latencies = [p50, p99, micros('max us', 'maxUs'), cpu, peak];

/** For commands that are not answered. */
export const outstanding = [
  { head: 'bytes/command', text: ({ medians }) => whole(medians.bytesPerCommand) },
  { head: 'resident bytes/command', text: ({ medians }) => whole(medians.residentPerCommand) },
  {
    head: 'ratio',
    text: ({ medians }, base) =>
      (medians.bytesPerCommand / base.medians.bytesPerCommand).toFixed(2),
  },
];

/** For a long run. */
export const soaked = [
  { head: 'commands', text: ({ medians }) => whole(medians.commands) },
  { head: 'MB at a quarter', text: ({ medians }) => medians.quarterMb.toFixed(2) },
  { head: 'MB at the end', text: ({ medians }) => medians.endMb.toFixed(2) },
  { head: 'growth MB', text: ({ medians }) => medians.growthMb.toFixed(2) },
  { head: 'resident growth MB', text: ({ medians }) => medians.residentGrowthMb.toFixed(1) },
];

/** For processes that import a library and end. */
export const imports = [
  { head: 'ms', text: ({ medians }) => decimal(medians.timeMs) },
  spread,
  {
    head: 'ms beyond Node',
    text: ({ medians }) => decimal(medians.beyondNodeMs),
  },
  peak,
];

/** A figure with one digit behind the point while it is small. */
export function decimal(value) {
  return Math.abs(value) >= 100 ? whole(value) : value.toFixed(1);
}

function whole(value) {
  return Math.round(value).toLocaleString('en-US');
}
