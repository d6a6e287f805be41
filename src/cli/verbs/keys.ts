/** `rb keys`: the keys of all hosts that match a pattern. */

import type { Cluster } from '../../cluster.js';
import type { HostInfo } from '../../hosts.js';
import type { Context } from '../context.js';
import { EXIT, untilAborted } from '../exit.js';
import { jsonText } from '../json.js';
import { Progress } from '../progress.js';
import { bytesJson, SHOWN_TYPES } from '../reply.js';
import { describeErrorOfHost, errorJson, noteErrorOfHost } from '../report.js';
import { scanHost, type ScanOptions } from '../scan.js';
import { formatTable } from '../table.js';
import { displayText, formatCount } from '../text.js';
import { integer, type Verb } from '../verb.js';

interface KeysOptions extends ScanOptions {
  readonly count?: boolean;
}

/** What the scan of a host has come to. */
interface HostScan {
  readonly host: HostInfo;
  count: number;
  done: number;
  error?: unknown;
}

/** `rb keys` */
export const keys: Verb<KeysOptions> = {
  name: 'keys',
  summary: 'list or count the keys that match a pattern',
  details: `Lists the keys of all hosts, one on each line, in no order. It scans all hosts at
once with SCAN, which holds up nobody; it never uses KEYS. A key that is there from
the beginning to the end is found; one may be found twice.

With --json there is one JSON object for each key, on a line of its own.`,
  operands: '',
  options: [
    { flags: '-m, --match <pattern>', description: 'only keys like this: user:*, h?llo, h[ae]llo' },
    { flags: '-t, --type <type>', description: 'only keys of this type: string, hash, list, ...' },
    { flags: '-c, --count', description: 'count the keys of each host in place of listing them' },
    {
      flags: '--batch <count>',
      description: 'how many keys a host looks at for each answer',
      default: 1000,
      parse: integer(1, 1_000_000),
    },
  ],
  examples: [
    ["rb keys --match 'user:*'", 'a list'],
    ["rb keys --match 'user:*' --count", 'how many there are on each host'],
    ['rb keys --on 3 --type hash', 'the hashes of one host'],
    ["rb keys --match 'tmp:*' --json | jq '.host'", 'where each one is'],
  ],
  takesHostIds: true,
  run: runKeys,
};

async function runKeys(
  context: Context,
  _operands: readonly string[],
  options: KeysOptions,
): Promise<number> {
  const cluster = await context.openCluster({ typeMapping: SHOWN_TYPES });
  const hostIds = context.hostIdsOf(cluster);
  const scans = hostIds.map((id) => ({ host: cluster.hosts.get(id)!, count: 0, done: 0 }));
  const progress = startProgress(context, options, scans.length);
  try {
    const showProgress = (): void => {
      const done = scans.reduce((sum, scan) => sum + scan.done, 0);
      const count = scans.reduce((sum, scan) => sum + scan.count, 0);
      progress?.update(done, { count: formatCount(count) });
    };
    const all = scans.map((scan) => scanInto(scan, context, cluster, options, showProgress));
    await untilAborted(Promise.all(all), context.signal);
  } finally {
    progress?.stop();
  }
  return report(context, scans, options);
}

/** Keys that are listed on a terminal show the progress by themselves. */
function startProgress(
  { output }: Context,
  { count = false }: KeysOptions,
  hosts: number,
): Progress | undefined {
  if (!count && output.isTerminal) return undefined;
  return new Progress(output, 'scanning {bar} {percentage}% | {count} keys', hosts, { count: '0' });
}

async function scanInto(
  scan: HostScan,
  context: Context,
  cluster: Cluster,
  options: KeysOptions,
  onPage: () => void,
): Promise<void> {
  const { output, signal } = context;
  const { host } = scan;
  try {
    for await (const { keys, done } of scanHost(cluster.getPoolForHost(host.hostId), options)) {
      scan.count += keys.length;
      scan.done = Math.max(scan.done, done);
      onPage();
      if (options.count === true || keys.length === 0) signal.throwIfAborted();
      else await output.write(Buffer.concat(keys.map((key) => lineOf(key, host, context))));
    }
  } catch (error) {
    signal.throwIfAborted();
    scan.error = error;
  }
}

function lineOf(key: Buffer, { hostId, address, db }: HostInfo, context: Context): Buffer {
  const { output, isJson } = context;
  if (isJson) {
    const line = { key: bytesJson(key), host: hostId, address, db };
    return Buffer.from(`${jsonText(line)}\n`);
  }
  return Buffer.concat([output.isTerminal ? Buffer.from(displayText(key)) : key, LINE_END]);
}

const LINE_END = Buffer.from('\n');

async function report(
  context: Context,
  scans: readonly HostScan[],
  options: KeysOptions,
): Promise<number> {
  if (options.count === true) await printCounts(context, scans, options);
  else {
    for (const { host, error } of scans) {
      if (error !== undefined) noteErrorOfHost(context, host.hostId, error);
    }
  }
  return scans.some(({ error }) => error !== undefined) ? EXIT.failed : EXIT.ok;
}

async function printCounts(
  { output, isJson }: Context,
  scans: readonly HostScan[],
  { match }: KeysOptions,
): Promise<void> {
  const total = scans.reduce((sum, { count }) => sum + count, 0);
  if (isJson) {
    const hosts = scans.map(({ host: { hostId, address, db }, count, error }) => ({
      ...{ host: hostId, address, db, count },
      ...(error !== undefined && { error: errorJson(error) }),
    }));
    await output.json({ match: match ?? null, total, hosts });
    return;
  }
  const { bold, red } = output.colors;
  const columns = [
    ...['HOST', 'ADDRESS', 'DB'].map((title) => ({ title: bold(title) })),
    { title: bold('KEYS'), isRight: true },
  ];
  const rows = scans.map(({ host: { hostId, address, db }, count, error }) => [
    ...[`${hostId}`, address, `${db}`],
    error === undefined ? formatCount(count) : red('failed'),
  ]);
  const table = formatTable(columns, [...rows, ['total', '', '', formatCount(total)].map(bold)]);
  const failures = scans.flatMap(({ host, error }) =>
    error === undefined ? [] : [red(`host ${host.hostId}: ${describeErrorOfHost(error)}`)],
  );
  await output.line([table, ...failures].join('\n'));
}
