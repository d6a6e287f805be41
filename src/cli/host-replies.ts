/** One command on several hosts, and a row for each of them. */

import type { Cluster } from '../cluster.js';
import { ConnectionError, FanoutError } from '../errors.js';
import {
  assertSendable,
  CONFIRM_OPTION,
  confirmDestructive,
  type ConfirmOptions,
} from './confirm-destructive.js';
import { type Context, shortList } from './context.js';
import { EXIT } from './exit.js';
import { JSON_TYPES, replyBytes, replyJson, replyLines, SHOWN_TYPES } from './reply.js';
import { describeError, describeErrorOfHost, errorJson } from './report.js';
import { formatTable } from './table.js';
import { plural } from './text.js';

/** The options of a verb that sends a command to several hosts. */
export interface HostReplyOptions extends ConfirmOptions {
  readonly raw?: boolean;
}

/** Those options as the grammar has them. */
export const HOST_REPLY_OPTIONS = [
  { flags: '--raw', description: 'print the replies alone, as bytes, each with a line end' },
  CONFIRM_OPTION,
];

/** What a host answered, or why it did not. */
type Outcome = { readonly reply: unknown } | { readonly error: unknown };

/** Sends the command to the hosts, and prints what each of them says. */
export async function runOnHosts(
  context: Context,
  operands: readonly string[],
  options: HostReplyOptions,
): Promise<number> {
  const [command = ''] = operands;
  assertSendable(operands);
  const cluster = await context.openCluster({
    typeMapping: context.isJson ? JSON_TYPES : SHOWN_TYPES,
  });
  const hostIds = context.hostIdsOf(cluster);
  const hosts = `${plural(hostIds.length, 'host')} (${shortList(hostIds)})`;
  if (!(await confirmDestructive(context, operands, hosts, options))) return EXIT.failed;
  const outcomes = await askHosts(cluster, hostIds, operands, context.signal);
  if (/^shutdown$/i.test(command)) acceptEnds(outcomes);
  await printOutcomes(context, cluster, outcomes, options.raw === true);
  return [...outcomes.values()].some((outcome) => 'error' in outcome) ? EXIT.failed : EXIT.ok;
}

/** By host id, in the order of the ids. */
async function askHosts(
  cluster: Cluster,
  hosts: readonly number[],
  [command = '', ...args]: readonly string[],
  signal: AbortSignal,
): Promise<Map<number, Outcome>> {
  const { values, errors }: Pick<FanoutError, 'values' | 'errors'> = await cluster.fanout(
    async (client) => {
      try {
        const values = await client.executeCommand(command, ...args);
        return { values, errors: new Map<number, unknown>() };
      } catch (error) {
        if (error instanceof FanoutError) return error;
        throw error;
      }
    },
    { hosts, signal },
  );
  return new Map(
    hosts.map((id) => [id, errors.has(id) ? { error: errors.get(id) } : { reply: values.get(id) }]),
  );
}

/** A server that ends does not answer: its connection closing is the answer. */
function acceptEnds(outcomes: Map<number, Outcome>): void {
  const ended = new Set<string | undefined>();
  const lost = [...outcomes].flatMap(([id, outcome]) => {
    const error = 'error' in outcome ? outcome.error : undefined;
    return error instanceof ConnectionError ? [{ id, error }] : [];
  });
  for (const { error } of lost) if (error.maybeExecuted === true) ended.add(error.address);
  // Of several databases of one server, one has ended it for all.
  for (const { id, error } of lost) {
    if (ended.has(error.address)) outcomes.set(id, { reply: 'the server has ended' });
  }
}

async function printOutcomes(
  context: Context,
  cluster: Cluster,
  outcomes: ReadonlyMap<number, Outcome>,
  isRaw: boolean,
): Promise<void> {
  const { output } = context;
  const rows = [...outcomes].map(([id, outcome]) => ({ host: cluster.hosts.get(id)!, outcome }));
  if (context.isJson) {
    const list = rows.map(({ host: { hostId, address, db }, outcome }) => ({
      ...{ host: hostId, address, db },
      ...('error' in outcome
        ? { error: errorJson(outcome.error) }
        : { reply: replyJson(outcome.reply) }),
    }));
    await output.json(list);
    return;
  }
  if (isRaw) {
    for (const { outcome } of rows) {
      if ('error' in outcome) output.note(`rb: ${describeError(outcome.error)}`);
      else await output.write(Buffer.concat([replyBytes(outcome.reply), Buffer.from('\n')]));
    }
    return;
  }
  const { red, bold } = output.colors;
  const columns = ['HOST', 'ADDRESS', 'DB', 'REPLY'].map((title) => ({ title: bold(title) }));
  const cells = rows.map(({ host: { hostId, address, db }, outcome }) => [
    ...[`${hostId}`, address, `${db}`],
    'error' in outcome
      ? red(describeErrorOfHost(outcome.error))
      : replyLines(outcome.reply).join('\n'),
  ]);
  await output.line(formatTable(columns, cells));
}
