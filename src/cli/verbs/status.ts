/** `rb status`: how the hosts are. */

import { setTimeout as delay } from 'node:timers/promises';

import type { Cluster } from '../../cluster.js';
import type { Context } from '../context.js';
import { EXIT, untilAborted } from '../exit.js';
import { askStatus, type HostStatus } from '../host-status.js';
import { Screen } from '../screen.js';
import { formatStatus, formatStatusWithin, statusJson } from '../status-report.js';
import { positive, type Verb } from '../verb.js';

interface StatusOptions {
  readonly watch?: boolean;
  readonly interval: number;
}

/** How long a host may take to be up, in milliseconds, unless told. */
const DEFAULT_TIMEOUT = 2000;
const MAX_INTERVAL = 86_400;

/** `rb status` */
export const status: Verb<StatusOptions> = {
  name: 'status',
  summary: 'show the state of the hosts',
  details: `Prints a row for each host, totals, and the skew between hosts. A host that is down
has a row that says so, and the exit code is 1. Hosts have 2 seconds to answer,
unless --timeout or the config sets another limit.

HITS is the share of reads that found their key since the server was started. PING
is the round-trip time, the median of five.`,
  operands: '',
  options: [
    { flags: '-w, --watch', description: 'repeat until Ctrl-C, in place on a terminal' },
    {
      flags: '--interval <seconds>',
      description: 'the pause between two looks',
      default: 2,
      parse: positive(MAX_INTERVAL),
    },
  ],
  examples: [
    ['rb status', 'all hosts, once'],
    ['rb status --watch', 'until Ctrl-C, as top does'],
    ['rb status --on 0-3', 'some hosts'],
    ["rb status --json | jq '.totals.keys'", 'for a script'],
    ['rb status > /dev/null || echo trouble', 'the exit code alone'],
  ],
  takesHostIds: true,
  run: runStatus,
};

async function runStatus(
  context: Context,
  _operands: readonly string[],
  options: StatusOptions,
): Promise<number> {
  const cluster = await context.openCluster({ typeMapping: {}, defaultTimeout: DEFAULT_TIMEOUT });
  const hostIds = context.hostIdsOf(cluster);
  if (options.watch === true) return watch(context, cluster, hostIds, options.interval * 1000);
  const statuses = await askUnlessStopped(context, cluster, hostIds);
  await print(context, statuses);
  return statuses.every(({ state }) => state === 'up') ? EXIT.ok : EXIT.failed;
}

async function print({ output, isJson }: Context, statuses: readonly HostStatus[]): Promise<void> {
  if (isJson) await output.json(statusJson(statuses));
  else await output.line(formatStatus(statuses, output));
}

/** One look of many: JSON on one line, tables with a line between them. */
async function printLook(
  { output, isJson }: Context,
  statuses: readonly HostStatus[],
): Promise<void> {
  if (isJson) await output.jsonLine(statusJson(statuses));
  else await output.line(`${formatStatus(statuses, output)}\n`);
}

/** Ends only when it is stopped. */
async function watch(
  context: Context,
  cluster: Cluster,
  hostIds: readonly number[],
  intervalMs: number,
): Promise<never> {
  const { output, signal, isJson } = context;
  const screen = output.isTerminal && !isJson ? new Screen(output) : undefined;
  let last = '';
  await screen?.open();
  try {
    for (;;) {
      const statuses = await askUnlessStopped(context, cluster, hostIds);
      if (screen === undefined) await printLook(context, statuses);
      else {
        last = formatStatus(statuses, output);
        const look = formatStatusWithin(output.height - 1, statuses, output);
        const time = new Date().toTimeString().slice(0, 8);
        await screen.draw(`${look}\n${output.colors.dim(`${time}, Ctrl-C ends`)}`);
      }
      await delay(intervalMs, undefined, { signal });
    }
  } finally {
    screen?.close(last);
  }
}

/** A host may take long to say nothing. */
async function askUnlessStopped(
  { signal }: Context,
  cluster: Cluster,
  hostIds: readonly number[],
): Promise<HostStatus[]> {
  return untilAborted(askStatus(cluster, hostIds), signal);
}
