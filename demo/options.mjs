/** What the demo is asked to do: its command line and its text. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatCount } from './report.mjs';
import { splitWords } from './words.mjs';

const BOOK = fileURLToPath(new URL('data/moby-dick.txt', import.meta.url));
const LEAST_WORDS = 100_000;

export const USAGE = `Usage: npm run demo -- [FILE] [--servers N] [--databases N]

Counts the words of FILE (a text of at least ${formatCount(LEAST_WORDS)} words;
Moby-Dick unless told) over real Redis servers, started for the demo and stopped after it.

  --servers N     servers to start, 1 to 16 (4)
  --databases N   databases on each, every one a host, 1 to 64 (8)
  --help          this text`;

/** The caller asked for something that the demo cannot do. */
export class UsageError extends Error {}

// npm changes to the package's root; a path was typed where npm was called.
const invokedFrom = process.env.INIT_CWD ?? process.cwd();

/** The words of a file, at least as many as the demo needs. */
export function readWords(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${error.message}`, { cause: error });
  }
  const words = splitWords(text);
  if (words.length >= LEAST_WORDS) return words;
  const [found, needed] = [words.length, LEAST_WORDS].map(formatCount);
  throw new UsageError(`${file} is too small: it has ${found} words, the demo needs ${needed}.`);
}

/** The options of the command line, or a UsageError that says what is wrong. */
export function readOptions() {
  const { values, positionals } = parse();
  if (positionals.length > 1) {
    throw new UsageError(`One FILE at most, not ${positionals.length}.`);
  }
  return {
    file: positionals[0] === undefined ? BOOK : resolve(invokedFrom, positionals[0]),
    servers: readInteger('servers', values.servers, 16),
    databases: readInteger('databases', values.databases, 64),
    help: values.help,
  };
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        servers: { type: 'string', default: '4' },
        databases: { type: 'string', default: '8' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function readInteger(name, text, most) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name} is a whole number from 1 to ${most}, not '${text}'.`);
}
