/** How `rb status` looks. */

import { stripVTControlCharacters } from 'node:util';

import { hitRate, type HostStatus, type Skew, skewOf, totalsOf } from './host-status.js';
import type { Colors, Output } from './output.js';
import { describeErrorOfHost, errorJson } from './report.js';
import type { ServerInfo } from './server-info.js';
import { type Column, fitTable } from './table.js';
import { displayText, formatBytes, formatCount, formatShare, plural } from './text.js';

const NONE = '-';

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'ADDRESS' },
  { title: 'DB' },
  { title: 'STATE' },
  { title: 'VERSION', leaveOut: 6 },
  { title: 'ROLE', leaveOut: 4 },
  { title: 'KEYS', isRight: true },
  { title: 'MEMORY', isRight: true },
  { title: 'CLIENTS', isRight: true, leaveOut: 5 },
  { title: 'OPS/S', isRight: true, leaveOut: 2 },
  { title: 'HITS', isRight: true, leaveOut: 3 },
  { title: 'PING', isRight: true, leaveOut: 1 },
];

/**
 * The table of hosts, the reasons of those that are down, and the skew. Of some hosts the rows can
 * be left out.
 */
export function formatStatus(
  statuses: readonly HostStatus[],
  { colors, room }: Pick<Output, 'colors' | 'room'>,
  shown: readonly HostStatus[] = statuses,
): string {
  const totals = totalsOf(statuses);
  const columns = COLUMNS.map((column) => ({ ...column, title: colors.bold(column.title) }));
  const rows = shown.map((status) => hostRow(status, colors));
  const sums = [
    'total',
    '',
    '',
    `${totals.up}/${totals.hosts} up`,
    '',
    '',
    ...infoCells(totals),
    '',
  ];
  const { table, leftOut } = fitTable(columns, [...rows, sums.map(colors.bold)], room);
  const lines = [table];
  const hidden = statuses.length - shown.length;
  if (hidden > 0) lines.push(colors.dim(`no room for ${plural(hidden, 'more host')}`));
  if (leftOut.length > 0) {
    const titles = leftOut.map(stripVTControlCharacters).join(', ');
    lines.push(colors.dim(`no room for ${titles}: a wider terminal or --json has them`));
  }
  for (const { host, error } of statuses) {
    if (error !== undefined) lines.push(colors.red(`host ${host}: ${describeErrorOfHost(error)}`));
  }
  lines.push(...skewLines(statuses));
  if (totals.servers > 0 && totals.servers < totals.up) {
    lines.push(
      colors.dim(
        `${plural(totals.up, 'host')} on ${plural(totals.servers, 'server')}: memory, clients, ` +
          'ops/s and hits are those of the server, and are counted once for each in the total',
      ),
    );
  }
  return lines.join('\n');
}

/** The same in so many lines, if that can be: hosts that are up are left out first. */
export function formatStatusWithin(
  height: number,
  statuses: readonly HostStatus[],
  output: Pick<Output, 'colors' | 'room'>,
): string {
  const text = formatStatus(statuses, output);
  const excess = text.split('\n').length - height;
  if (excess <= 0) return text;
  const down = statuses.filter(({ state }) => state !== 'up');
  const up = statuses.filter(({ state }) => state === 'up');
  // One line more says how many there are.
  const count = Math.max(1, statuses.length - excess - 1);
  const shown = new Set([...down, ...up].slice(0, count));
  return formatStatus(
    statuses,
    output,
    statuses.filter((status) => shown.has(status)),
  );
}

function hostRow(status: HostStatus, colors: Colors): string[] {
  const { host, address, db, state, info, latencyMs } = status;
  const paint = { up: colors.green, loading: colors.yellow, down: colors.red }[state];
  return [
    ...[`${host}`, address, `${db}`, paint(state)],
    ...[displayText(info?.version ?? NONE), displayText(info?.role ?? NONE), ...infoCells(info)],
    latencyMs === undefined ? NONE : `${latencyMs.toFixed(2)} ms`,
  ];
}

type Counted = Pick<
  ServerInfo,
  'keys' | 'memoryBytes' | 'clients' | 'commandsPerSecond' | 'hits' | 'misses'
>;

function infoCells(info: Counted | undefined): string[] {
  if (info === undefined) return [NONE, NONE, NONE, NONE, NONE];
  const rate = hitRate(info);
  return [
    formatCount(info.keys),
    formatBytes(info.memoryBytes),
    formatCount(info.clients),
    formatCount(info.commandsPerSecond),
    rate === undefined ? NONE : formatShare(rate),
  ];
}

function skewLines(statuses: readonly HostStatus[]): string[] {
  const { keys, memory } = skews(statuses);
  return [
    ...(keys === undefined ? [] : [skewLine('keys', keys, formatCount)]),
    ...(memory === undefined ? [] : [skewLine('memory', memory, formatBytes)]),
  ];
}

function skewLine(what: string, skew: Skew, format: (value: number) => string): string {
  const { smallest, smallestHost, largest, largestHost, largestToMean } = skew;
  return (
    `skew of ${what}: ${format(smallest)} (host ${smallestHost}) to ${format(largest)} ` +
    `(host ${largestHost}); the largest is ${largestToMean.toFixed(2)} times the mean`
  );
}

/** Keys are compared by host; memory by server, of which the first host stands for all. */
function skews(statuses: readonly HostStatus[]): Record<'keys' | 'memory', Skew | undefined> {
  const answered = statuses.flatMap(({ host, info }) =>
    info === undefined ? [] : [{ host, info }],
  );
  const servers = new Map([...answered].reverse().map((entry) => [entry.info.runId, entry]));
  return {
    keys: skewOf(new Map(answered.map(({ host, info }) => [host, info.keys]))),
    memory: skewOf(
      new Map([...servers.values()].map(({ host, info }) => [host, info.memoryBytes])),
    ),
  };
}

/** The same for `--json`. */
export function statusJson(statuses: readonly HostStatus[]): unknown {
  const hosts = statuses.map(({ info, latencyMs, error, ...place }) => ({
    ...place,
    ...(info !== undefined && { ...info, hitRate: hitRate(info) ?? null }),
    ...(latencyMs !== undefined && { latencyMs: Number(latencyMs.toFixed(3)) }),
    ...(error !== undefined && { error: errorJson(error) }),
  }));
  const totals = totalsOf(statuses);
  const { keys = null, memory = null } = skews(statuses);
  return { hosts, totals: { ...totals, hitRate: hitRate(totals) ?? null }, skew: { keys, memory } };
}
