/** The command line's grammar: the verbs with their options, as commander reads them. */

import { Command, CommanderError, Option } from 'commander';

import { MAX_DELAY } from '../util/validate.js';
import { findClusterOptions } from './cluster-options.js';
import { Context } from './context.js';
import { isRedisCommand } from './destructive.js';
import { EXIT, UsageError } from './exit.js';
import { type HostList, readHostList, readIds } from './host-list.js';
import type { Output } from './output.js';
import { reportError } from './report.js';
import { hideLogin } from './text.js';
import { positive, type Verb, type VerbOption } from './verb.js';
import { all } from './verbs/all.js';
import { bench } from './verbs/bench.js';
import { exec } from './verbs/exec.js';
import { fanout } from './verbs/fanout.js';
import { keys } from './verbs/keys.js';
import { spread } from './verbs/spread.js';
import { status } from './verbs/status.js';
import { where } from './verbs/where.js';

/** What a call runs in. */
export interface Surroundings {
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly version: string;
}

/** The options that every verb has, and that may stand before it, too. */
interface SharedOptions {
  readonly hosts?: readonly string[];
  readonly config?: string;
  readonly router?: string;
  readonly timeout?: number;
  readonly json?: boolean;
  readonly on?: readonly number[];
}

const SHARED: readonly VerbOption[] = [
  {
    flags: '--hosts <urls>',
    description: 'the hosts by their URLs, with commas or repeated: redis://h:6379,unix:///s.sock',
    isRepeatable: true,
  },
  { flags: '--config <file>', description: 'a config file (default: rb.config.* of this folder)' },
  { flags: '--router <name>', description: 'partition or consistent-hashing' },
  {
    flags: '--timeout <ms>',
    description: 'limits connecting and each command, but not how long BLPOP and its like block',
    parse: positive(MAX_DELAY),
  },
  { flags: '--json', description: 'print JSON' },
];

const HOST_IDS: VerbOption = {
  flags: '--on <ids>',
  description: 'the hosts by their ids: 0,3 or 0-3 (--hosts takes ids here, too)',
  parse: readIds,
};

const EXIT_CODES = `Exit codes:
    0  success
    1  a command, a host or a server failed
    2  wrong usage; nothing was done
  130  interrupted`;

const INTRODUCTION = `Talks to a cluster of Redis hosts among which keys are divided by the client.

Which cluster: --hosts, --config, RB_HOSTS (URLs with commas), or else the
rb.config.json (.js, .ts) of the current folder, in this order.`;

const EXAMPLES = `Examples:
  $ rb exec SET user:1 ada              on the host that user:1 lives on
  $ rb all DBSIZE                       on every host
  $ rb where user:1 user:2              which hosts these keys live on
  $ rb --hosts redis://a:6379,redis://b:6379 status
  $ rb exec --help                      more about a verb, with examples`;

/** Runs the command line, tells of what fails, and answers the exit code. */
export async function runProgram(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  let isJson = args.includes('--json');
  let misplaced: string | undefined;
  const program = newProgram(surroundings);
  const add = <O extends object>(verb: Verb<O>): void => {
    const command = addVerb(program, verb);
    command.action(async () => {
      const shared = mergeShared(program.opts<SharedOptions>(), command.opts<SharedOptions>());
      // Now it is known which of them are ours, and not those of a command of Redis.
      isJson = shared.json === true;
      if (verb.takesCommand === true) misplaced = misplacedOption(command);
      const context = makeContext(shared, verb.takesHostIds === true, surroundings);
      try {
        exitCode = await verb.run(context, command.args, command.opts<O>());
      } finally {
        await context.close();
      }
    });
  };
  add(where);
  add(exec);
  add(all);
  add(fanout);
  add(status);
  add(keys);
  add(spread);
  add(bench);
  addHelp(program);
  if (args.length === 0) {
    program.outputHelp({ error: true });
    return EXIT.misuse;
  }
  const { signal, output } = surroundings;
  try {
    assertText(args);
    await program.parseAsync(args, { from: 'user' });
    await output.flush();
  } catch (error) {
    if (error instanceof CommanderError) return reportGrammar(error, output, isJson);
    exitCode = reportError(signal.aborted ? signal.reason : error, output, isJson);
  }
  if (exitCode !== EXIT.ok && misplaced !== undefined && !isJson && !signal.aborted) {
    output.note(
      `rb: ${misplaced} was taken for a part of the Redis command: options of rb stand before it`,
    );
  }
  return exitCode;
}

/** Node puts U+FFFD for bytes that are no text: the call would be about another key than was given. */
function assertText(args: readonly string[]): void {
  const index = args.findIndex((arg) => arg.includes('\uFFFD'));
  if (index === -1) return;
  throw new UsageError(
    `argument ${index + 1} is not UTF-8, or has U+FFFD, which stands for what is not: give bytes on ` +
      'stdin, keys to rb where - or rb spread -, the last argument of a command to rb exec -x',
  );
}

/** An option of rb behind the command of Redis, which is where people like to put them. */
function misplacedOption({ args, options }: Command): string | undefined {
  return args.slice(1).find((arg) => options.some(({ long }) => long === arg.split('=', 1)[0]));
}

/** Tells of a call that is not one of ours, and answers the exit code. */
function reportGrammar(error: CommanderError, output: Output, isJson: boolean): number {
  // The help was asked for, or is all that there is to say.
  if (error.exitCode === EXIT.ok) return EXIT.ok;
  if (error.code !== 'commander.help') {
    reportError(new UsageError(grammarMessage(error)), output, isJson);
    if (!isJson) output.note("Run 'rb --help' or 'rb <verb> --help' for help.");
  }
  return EXIT.misuse;
}

/** What commander says is wrong, on one line. */
function grammarMessage({ code, message }: CommanderError): string {
  const text = message
    .replace(/^error: /, '')
    .replace(
      /^(unknown command) '(.*)'/s,
      (_, what, verb: string) => `${what} '${hideLogin(verb)}'`,
    )
    // The value of an option that there is not may be anything, also where it has no `=`: -psecret.
    .replace(/^(unknown option '--[^=]*)=.*'/s, "$1'")
    .replace(/^(unknown option '-[^-]).*'/su, "$1'")
    .replaceAll('\n', ' ');
  const [, verb = ''] = /^unknown command '([^']*)'/.exec(text) ?? [];
  if (code !== 'commander.unknownCommand' || !isRedisCommand(verb)) return text;
  return `${verb} is a command of Redis: rb exec ${verb} ... sends it to the host of its key, rb all to every host`;
}

function newProgram({ output, version }: Surroundings): Command {
  const program = new Command('rb')
    .description(unwrap(INTRODUCTION))
    .usage('[options] <verb> ...')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => output.note(text.replace(/\n$/, '')),
      // Said where the error arrives, as JSON if that was asked for.
      outputError: () => {},
    })
    .showSuggestionAfterError();
  addOptions(program, SHARED);
  program.commandsGroup('Verbs:').helpCommand(false);
  program.addHelpText('after', `\n${EXIT_CODES}\n\n${EXAMPLES}`);
  return program;
}

function addVerb<O extends object>(program: Command, verb: Verb<O>): Command {
  const command = program
    .command(verb.name)
    .summary(verb.summary)
    .description(unwrap(verb.details))
    .helpOption('-h, --help', 'print this help')
    .passThroughOptions(verb.takesCommand ?? false);
  if (verb.operands !== '') command.arguments(verb.operands);
  addOptions(command, verb.takesHostIds === true ? [HOST_IDS, ...verb.options] : verb.options);
  command.optionsGroup('Options of all verbs:');
  addOptions(command, SHARED);
  command.addHelpText('after', `\n${formatExamples(verb.examples)}`);
  return command;
}

/** That of commander answers a verb that there is not with the help of all. */
function addHelp(program: Command): void {
  program
    .command('help [verb]')
    .summary('print the help of a verb')
    .helpOption('-h, --help', 'print this help')
    .allowUnknownOption()
    .allowExcessArguments()
    .action((name?: string) => {
      if (name === undefined) program.help();
      const verb = program.commands.find((command) => command.name() === name);
      if (verb === undefined) throw new UsageError(`unknown verb '${hideLogin(name)}'`);
      verb.help();
    });
}

/** Paragraphs on one line each: commander breaks them where the terminal ends. */
function unwrap(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ');
}

function formatExamples(examples: Verb<object>['examples']): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, meaning]) =>
    // A long command has the meaning below it.
    command.length > 44
      ? `  $ ${command}\n      ${meaning}`
      : `  $ ${command.padEnd(Math.min(width, 44))}  ${meaning}`,
  );
  return `Examples:\n${lines.join('\n')}`;
}

function addOptions(command: Command, options: readonly VerbOption[]): void {
  for (const spec of options) {
    const { flags, description, default: value, defaultText, parse, isRepeatable = false } = spec;
    const option = new Option(flags, description);
    if (value !== undefined) option.default(value, defaultText);
    if (parse !== undefined) option.argParser((text) => parseNaming(option, parse, text));
    else if (isRepeatable) option.argParser(append);
    command.addOption(option);
  }
}

function append(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function parseNaming(option: Option, parse: (value: string) => unknown, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${option.long ?? option.flags} ${hideLogin(text)}: ${error.message}`);
  }
}

function mergeShared(before: SharedOptions, after: SharedOptions): SharedOptions {
  const hosts = [...(before.hosts ?? []), ...(after.hosts ?? [])];
  return { ...before, ...after, hosts };
}

function makeContext(
  shared: SharedOptions,
  takesHostIds: boolean,
  { output, stdin, signal, env, folder }: Surroundings,
): Context {
  const { config, router, timeout } = shared;
  const { urls, ids } = readHosts(shared.hosts ?? [], takesHostIds);
  const hostIds = [...new Set([...ids, ...(shared.on ?? [])])];
  return new Context({
    output,
    stdin,
    signal,
    isJson: shared.json === true,
    timeout,
    hostIds: hostIds.length === 0 ? undefined : hostIds,
    routerName: router,
    findOptions: () => findClusterOptions({ config, urls, router, folder, env, signal }),
  });
}

function readHosts(values: readonly string[], takesHostIds: boolean): HostList {
  const list = readHostList(values);
  if (takesHostIds || list.ids.length === 0) return list;
  throw new UsageError(
    '--hosts takes the URLs of a cluster here; ids of its hosts are for fanout, keys and status',
  );
}
