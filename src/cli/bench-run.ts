/** What `rb bench` does: it fills its keys, runs its load, removes its keys, and tells of the load. */

import { benchJson, formatBench } from './bench-report.js';
import type { Context } from './context.js';
import { EXIT, Stopped, UsageError } from './exit.js';
import { jsonText } from './json.js';
import { Load, type LoadOptions, type LoadResult } from './load.js';
import { Progress } from './progress.js';
import { note, noteErrorOfHost } from './report.js';
import { formatCount } from './text.js';

/** The options of `rb bench`. */
export interface BenchOptions extends Omit<LoadOptions, 'seconds' | 'commands'> {
  readonly seconds?: number;
  readonly commands?: number;
}

/** How long the load goes on unless told. */
const DEFAULT_SECONDS = 10;
/** How long a command may take, in milliseconds, unless told: a silent host must not hold up the end. */
const DEFAULT_TIMEOUT = 10_000;

/** Runs the load; answers the exit code. */
export async function runBench(context: Context, given: BenchOptions): Promise<number> {
  const { commands = Infinity } = given;
  const { seconds = commands === Infinity ? DEFAULT_SECONDS : Infinity } = given;
  const options: LoadOptions = { ...given, seconds, commands };
  if (given.pipeline === 1 && !given.autoBatch) {
    throw new UsageError('--no-auto-batch is about maps: give --pipeline above 1');
  }
  const cluster = await context.openCluster({ defaultTimeout: DEFAULT_TIMEOUT });
  const load = new Load(cluster, options, context.signal);
  const { result, isClean } = await cleaningUp(context, load, async () => {
    await fill(context, load);
    return run(context, load, options);
  });
  await print(context, options, result);
  context.signal.throwIfAborted();
  return isClean && result.failures.size === 0 ? EXIT.ok : EXIT.failed;
}

/** Removes the keys whatever happens; answers whether none is left. */
async function cleaningUp(
  context: Context,
  load: Load,
  work: () => Promise<LoadResult>,
): Promise<{ readonly result: LoadResult; readonly isClean: boolean }> {
  let result: LoadResult;
  try {
    result = await work();
  } catch (error) {
    await clean(context, load);
    throw error;
  }
  return { result, isClean: await clean(context, load) };
}

async function fill(context: Context, load: Load): Promise<void> {
  const progress = new Progress(context.output, 'writing keys {bar} {percentage}%', 1);
  try {
    await load.fill((share) => {
      context.signal.throwIfAborted();
      progress.update(share);
    });
  } finally {
    progress.stop();
  }
}

async function run(
  { output }: Context,
  load: Load,
  { seconds, commands }: LoadOptions,
): Promise<LoadResult> {
  const start = performance.now();
  const format = 'running {bar} {percentage}% | {rate} commands per second';
  const progress = new Progress(output, format, 1, { rate: '0' });
  const timer = setInterval(() => {
    const elapsed = (performance.now() - start) / 1000;
    const rate = formatCount(load.ended / elapsed);
    progress.update(Math.max(elapsed / seconds, load.ended / commands), { rate });
  }, 200);
  try {
    return await load.run();
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}

/** Answers whether no key is left. */
async function clean(context: Context, load: Load): Promise<boolean> {
  const { output } = context;
  const howToList = `listed by: rb keys --match '${load.prefix}*'`;
  // A second interruption would end it at once.
  if (isInterrupted(context)) {
    note(context, `removing its keys; should that be stopped, what is left is ${howToList}`);
  }
  const progress = new Progress(output, 'removing keys {bar} {percentage}%', 1);
  try {
    const failures = await load.clean((share) => progress.update(share));
    if (failures.size === 0) return true;
    for (const [hostId, error] of failures) {
      noteErrorOfHost(context, hostId, error, 'keys were not removed: ');
    }
    note(context, `what may be left is ${howToList}`);
    return false;
  } finally {
    progress.stop();
  }
}

/** Whether it was interrupted by somebody who is still there to read. */
function isInterrupted({ signal }: Context): boolean {
  return signal.reason instanceof Stopped && signal.reason.exitCode !== EXIT.ok;
}

/** Prints what was measured, also up to an interruption. */
async function print(context: Context, options: LoadOptions, result: LoadResult): Promise<void> {
  const { output, isJson, signal } = context;
  const text = isJson
    ? jsonText(benchJson(options, result), 2)
    : formatBench(options, result, output);
  if (!signal.aborted) await output.line(text);
  else if (isInterrupted(context)) output.writeLast(`${text}\n`);
}
