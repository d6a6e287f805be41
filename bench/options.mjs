/** The command line of the benchmarks. Names no package: it is read before any is installed. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { caseNames } from './cases/names.mjs';

const MOST_HOSTS = 64;
const MOST_KEYS = 1_000_000;
const MOST_ROUNDS = 1_000;

export const USAGE = `Usage: npm run bench -- [options]

Compares redis-blaster with ioredis and node-redis, which get the same routing, over real servers
that are started for each case and stopped after it. Every case is one process, in which the
contenders take turns: one round to warm up, then the rounds that count. Every reply is checked,
outside of the time taken. Exits with 1 when one is wrong, or something failed.

  --case NAME        only this case; may be given several times:
                     ${caseNames.join(', ')}
  --contender TEXT   only contenders with TEXT in their name; may be given several times
  --rounds N         rounds that count, 1 to ${MOST_ROUNDS} (7)
  --keys N           keys of every case, 1 to ${MOST_KEYS}; a case may take fewer, and says so
  --hosts N          hosts, 1 to ${MOST_HOSTS} (8), as databases of up to 4 servers
  --smoke            few keys, one round: shows that everything works, not how fast
  --profile          also the functions in which each contender's process spent its time
  --json FILE        also write all figures to FILE
  --help             this text`;

/** The caller asked for something that the benchmarks cannot do. */
export class UsageError extends Error {}

/** The options of the command line, or a UsageError that says what is wrong. */
export function readOptions() {
  const values = parse();
  return {
    help: values.help,
    cases: readCases(values.case),
    contenders: values.contender ?? [],
    rounds: readInteger('rounds', values.rounds, MOST_ROUNDS) ?? (values.smoke ? 1 : 7),
    keys: readInteger('keys', values.keys, MOST_KEYS),
    hosts: readInteger('hosts', values.hosts, MOST_HOSTS) ?? 8,
    smoke: values.smoke,
    profile: values.profile,
    json: readPath(values.json),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        case: { type: 'string', multiple: true },
        contender: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        keys: { type: 'string' },
        hosts: { type: 'string' },
        smoke: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function readCases(names = caseNames) {
  for (const name of names) {
    if (!caseNames.includes(name)) {
      throw new UsageError(`There is no case '${name}'; there are ${caseNames.join(', ')}.`);
    }
  }
  return [...new Set(names)];
}

function readInteger(name, text, most) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name} is a whole number from 1 to ${most}, not '${text}'.`);
}

function readPath(file) {
  if (file === undefined) return undefined;
  if (file === '') throw new UsageError('--json needs the name of a file.');
  // npm changes to the package's root; a path was typed where npm was called.
  return resolve(process.env.INIT_CWD ?? process.cwd(), file);
}
