/** `rb fanout`: one command on some hosts. */

import type { Context } from '../context.js';
import { UsageError } from '../exit.js';
import { HOST_REPLY_OPTIONS, type HostReplyOptions, runOnHosts } from '../host-replies.js';
import type { Verb } from '../verb.js';

/** `rb fanout` */
export const fanout: Verb<HostReplyOptions> = {
  name: 'fanout',
  summary: 'run a command on some hosts',
  details: `Runs a command on the hosts with these ids at once, whatever its keys are, and
prints a row for each of them. It is 'rb all' for some hosts.

The ids are given by --on or by --hosts: a URL names a host of the cluster, a number
is the id of one of them, so the two cannot be taken for each other.
Options of rb stand before the command.`,
  operands: '<command> [args...]',
  options: HOST_REPLY_OPTIONS,
  examples: [
    ['rb fanout --on 0,3 DBSIZE', 'two hosts'],
    ['rb fanout --hosts 0-3 PING', 'four hosts'],
    ['rb --hosts redis://a,redis://b fanout --on 1 GET k', 'URLs and ids together'],
    ['rb fanout --on 2 SET local:flag 1', 'a key on a host that is not its own'],
  ],
  takesCommand: true,
  takesHostIds: true,
  run: runFanout,
};

function runFanout(
  context: Context,
  operands: readonly string[],
  options: HostReplyOptions,
): Promise<number> {
  if (!context.hasHostIds) {
    throw new UsageError("no host is named: give ids, as in --on 0,3 ('rb all' is for all hosts)");
  }
  return runOnHosts(context, operands, options);
}
