/** `rb bench`: a load of commands, and how long they take. */

import type { BenchOptions } from '../bench-run.js';
import { integer, positive, type Verb } from '../verb.js';
import { OPERATION_NAMES, parseMix } from '../workload.js';

const MAX_SECONDS = 86_400;
const MAX_VALUE = 64 * 1024 * 1024;

/** `rb bench` */
export const bench: Verb<BenchOptions> = {
  name: 'bench',
  summary: 'put a load on the hosts and measure it',
  details: `Sends a mix of commands to the hosts and shows their round-trip times as percentiles
and a histogram. Each of --concurrency senders waits for its answers before it goes
on.

It writes only keys of its own, which begin with rb-bench: and a random text, and
removes them at the end, even after Ctrl-C. Keys that the mix reads are written
beforehand. The load is real: the hosts' other clients will notice it.

Commands for --mix: ${OPERATION_NAMES.join(', ')}.`,
  operands: '',
  options: [
    {
      flags: '--mix <shares>',
      description: 'the commands and how often each comes',
      default: parseMix('get=80,set=20'),
      defaultText: 'get=80,set=20',
      parse: parseMix,
    },
    {
      flags: '--keys <count>',
      description: 'how many keys it uses',
      default: 10_000,
      parse: integer(1, 100_000_000),
    },
    {
      flags: '--value-size <bytes>',
      description: 'the size of a value',
      default: 100,
      parse: integer(1, MAX_VALUE),
    },
    {
      flags: '--seconds <seconds>',
      description: 'how long it runs (default: 10, or until --commands)',
      parse: positive(MAX_SECONDS),
    },
    { flags: '--commands <count>', description: 'how many commands it sends', parse: integer(1) },
    {
      flags: '--concurrency <count>',
      description: 'how many senders there are',
      default: 50,
      parse: integer(1, 10_000),
    },
    {
      flags: '--pipeline <count>',
      description: 'how many commands each sends at once, in a map; 1 is the routing client',
      default: 1,
      parse: integer(1, 1_000_000),
    },
    { flags: '--no-auto-batch', description: 'do not let maps merge GETs and SETs' },
  ],
  examples: [
    ['rb bench', '80% GET and 20% SET for 10 seconds'],
    ['rb bench --pipeline 100 --concurrency 8', 'maps of 100 commands'],
    ['rb bench --mix hget=3,hset=1 --value-size 1000', 'hashes with longer values'],
    ['rb bench --commands 100000 --json', 'for a script'],
  ],
  // Loaded only now: the histograms take longer to load than all the rest.
  run: async (context, _operands, options) =>
    (await import('../bench-run.js')).runBench(context, options),
};
