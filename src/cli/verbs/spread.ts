/** `rb spread`: how keys are divided among hosts, and how they would be among others. */

import { Cluster, type ClusterOptions } from '../../cluster.js';
import { noClusterError, routerNamed } from '../cluster-options.js';
import type { Context } from '../context.js';
import { EXIT, UsageError } from '../exit.js';
import { openLines, readKeys } from '../lines.js';
import { Placement, withHostCount } from '../placement.js';
import { formatSpread, spreadJson } from '../spread-report.js';
import { integer, listOf, type Verb } from '../verb.js';

interface SpreadOptions {
  readonly hostsCount?: readonly number[];
  readonly routers?: readonly string[];
}

const MAX_HOSTS = 10_000;

/** `rb spread` */
export const spread: Verb<SpreadOptions> = {
  name: 'spread',
  summary: 'show how a list of keys spreads over hosts',
  details: `Reads keys, one on each line ('-' is stdin), and shows how many of them each host
has. With --hosts-count and --routers it compares that with other numbers of hosts
and other routers: how even they are, and how many of these keys would move.
It is computed here; no host is asked.

Fewer hosts are the first ones of the cluster; more are the cluster's and made-up
ones behind them. Without a cluster, the first of --hosts-count stands for it.`,
  operands: '<file>',
  options: [
    {
      flags: '--hosts-count <counts>',
      description: 'numbers of hosts to compare with: 8,16',
      parse: listOf(integer(1, MAX_HOSTS)),
    },
    {
      flags: '--routers <names>',
      description: "routers to compare with: partition,consistent-hashing (default: the cluster's)",
      parse: listOf((name) => {
        routerNamed(name);
        return name;
      }),
    },
  ],
  examples: [
    ['rb spread keys.txt', 'over the hosts as they are'],
    ['rb spread keys.txt --hosts-count 8,16', 'what would move, with 8 and with 16 hosts'],
    [
      'rb spread keys.txt --hosts-count 8 --routers partition,consistent-hashing',
      'both routers, with as many hosts as there are and with 8',
    ],
    ["rb keys --match 'user:*' | rb spread -", 'keys that are there'],
  ],
  run: runSpread,
};

async function runSpread(
  context: Context,
  operands: readonly string[],
  options: SpreadOptions,
): Promise<number> {
  const base = await baseOptions(context, options);
  const [now, ...others] = placements(base, options);
  const file = await openLines(operands[0] ?? '-', context.stdin);
  for await (const key of readKeys(file)) {
    context.signal.throwIfAborted();
    const host = now!.add(key);
    for (const other of others) other.add(key, host);
  }
  if (now!.total === 0) throw new UsageError('there are no keys: one is expected on each line');
  const { output } = context;
  if (context.isJson) await output.json(spreadJson(now!, others));
  else await output.line(formatSpread(now!, others, output));
  return EXIT.ok;
}

/** The cluster that the others are compared with. */
async function baseOptions(
  context: Context,
  { hostsCount }: SpreadOptions,
): Promise<ClusterOptions> {
  const found = await context.findOptions();
  if (found !== undefined) return found;
  const [count] = hostsCount ?? [];
  if (count === undefined) throw noClusterError();
  const router =
    context.routerName === undefined ? {} : { router: routerNamed(context.routerName) };
  return withHostCount({ hosts: {}, ...router }, count);
}

/** The one as it is, then each number of hosts with each router. */
function placements(base: ClusterOptions, options: SpreadOptions): Placement[] {
  const now = new Placement(new Cluster(base));
  const counts = [
    ...new Set([...(options.routers ? [now.hosts] : []), ...(options.hostsCount ?? [])]),
  ];
  const routers = options.routers?.map((name) => routerNamed(name)) ?? [undefined];
  const others = counts.flatMap((count) =>
    routers.map((router) => {
      const changed = router === undefined ? {} : { router, routerOptions: undefined };
      return new Placement(new Cluster({ ...withHostCount(base, count), ...changed }));
    }),
  );
  return [now, ...others.filter((other) => !other.isLike(now))];
}
