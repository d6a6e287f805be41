/** `rb all`: one command on every host. */

import { HOST_REPLY_OPTIONS, type HostReplyOptions, runOnHosts } from '../host-replies.js';
import type { Verb } from '../verb.js';

/** `rb all` */
export const all: Verb<HostReplyOptions> = {
  name: 'all',
  summary: 'run a command on every host',
  details: `Runs a command on every host at once, whatever its keys are, and prints a row for
each host. Hosts that fail do not keep the others from answering; the exit code
is then 1.

Commands that remove the data of a whole database, stop a server or change how it
works (FLUSHALL, SHUTDOWN, CONFIG SET, ...) are asked about first; --yes answers.
Options of rb stand before the command.`,
  operands: '<command> [args...]',
  options: HOST_REPLY_OPTIONS,
  examples: [
    ['rb all DBSIZE', 'how many keys each host has'],
    ['rb all --json CONFIG GET maxmemory', 'for a script'],
    ['rb all --yes FLUSHDB', 'empties every host without asking'],
    ['rb all --raw INFO server', 'the replies alone'],
  ],
  takesCommand: true,
  run: runOnHosts,
};
