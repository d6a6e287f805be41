/** The command line of the benchmarks. Names no package: it is read before any is installed. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioNames } from './scenarios/names.mjs';

const MOST_HOSTS = 256;
const MOST_KEYS = 1_000_000;
const MOST_ROUNDS = 1_000;
const MOST_MINUTES = 24 * 60;
const TRANSPORTS = ['unix', 'tcp', 'tls'];

export const USAGE = `Usage: npm run bench -- [options]

Compares redis-blaster with other clients, which get the same routing, over real servers that are
started for each scenario and stopped after it. Every contender is a process of its own; they take
turns, first to warm up, then in the rounds that count. Every reply is checked, outside of the time
taken. Exits with 1 when one is wrong, or something failed.

  --scenario NAME    only this scenario; may be given several times:
                     ${wrap(scenarioNames)}
  --contender TEXT   only contenders with TEXT in their name; may be given several times
  --rounds N         rounds that count, 1 to ${MOST_ROUNDS} (7); some scenarios take more
  --keys N           keys of every scenario, 1 to ${MOST_KEYS}; some take fewer or have their own,
                     and say so
  --hosts N          hosts, 1 to ${MOST_HOSTS} (8), as databases of up to 4 servers; scenarios about the
                     number of hosts have their own
  --transport KIND   ${TRANSPORTS.join(', ')} (unix)
  --minutes N        how long the scenario soak lasts, 1 to ${MOST_MINUTES} (1)
  --baseline DIR     also measures the build of redis-blaster in DIR, as "baseline"
  --smoke            few keys, one round: shows that everything works, not how fast
  --profile          also the functions in which each contender in Node spent its time
  --json FILE        also write all figures to FILE
  --chart FILE       also draw the main results to FILE, an SVG
  --help             this text

The environment variable REDIS_BLASTER_DIST names another build's folder to measure in place of dist.`;

/** The caller asked for something that the benchmarks cannot do. */
export class UsageError extends Error {}

/** The options of the command line, or a UsageError that says what is wrong. */
export function readOptions(args = process.argv.slice(2)) {
  const values = parse(args);
  const { smoke } = values;
  return {
    help: values.help,
    scenarios: readChoices('scenario', values.scenario ?? scenarioNames, scenarioNames),
    contenders: values.contender ?? [],
    rounds: readInteger('rounds', values.rounds, MOST_ROUNDS) ?? (smoke ? 1 : 7),
    keys: readInteger('keys', values.keys, MOST_KEYS),
    hosts: readInteger('hosts', values.hosts, MOST_HOSTS) ?? 8,
    transport: readChoices('transport', [values.transport ?? TRANSPORTS[0]], TRANSPORTS)[0],
    minutes: readInteger('minutes', values.minutes, MOST_MINUTES) ?? 1,
    baseline: readPath('baseline', values.baseline),
    smoke,
    profile: values.profile,
    json: readPath('json', values.json),
    chart: readPath('chart', values.chart),
  };
}

function parse(args) {
  const text = { type: 'string' };
  const several = { type: 'string', multiple: true };
  const flag = { type: 'boolean', default: false };
  const options = {
    scenario: several,
    contender: several,
    rounds: text,
    keys: text,
    hosts: text,
    transport: text,
    minutes: text,
    baseline: text,
    smoke: flag,
    profile: flag,
    json: text,
    chart: text,
    help: flag,
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function readChoices(name, chosen, choices) {
  for (const choice of chosen) {
    if (choices.includes(choice)) continue;
    throw new UsageError(`There is no ${name} '${choice}'; there are ${choices.join(', ')}.`);
  }
  return [...new Set(chosen)];
}

function readInteger(name, text, most) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name} is a whole number from 1 to ${most}, not '${text}'.`);
}

function readPath(name, path) {
  if (path === undefined) return undefined;
  if (path === '') throw new UsageError(`--${name} needs a name.`);
  // npm changes to the package's root; a path was typed where npm was called.
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

function wrap(names) {
  const lines = [''];
  for (const name of names) {
    if (lines.at(-1).length + name.length > 70) lines.push('');
    lines[lines.length - 1] += `${name}, `;
  }
  return lines
    .map((line) => line.trimEnd())
    .join(`\n${' '.repeat(21)}`)
    .replace(/,$/, '');
}
