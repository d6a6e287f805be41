/** The command line of the micro benches. Names no package: it is read before any is installed. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run bench:micro -- [options]

Takes the time, and the bytes allocated, of single parts of the library. Exits with 1 when one does
not do its work right.

  --filter TEXT    only benches with TEXT in their name, in any case
  --smoke          each bench runs once: shows that everything works, not how fast
  --json FILE      also write all figures to FILE
  --compare FILE   also print the ratio to the figures in FILE, which --json wrote
  --help           this text`;

/** The caller asked for something that the micro benches cannot do. */
export class UsageError extends Error {}

/** The options of the command line, or a UsageError that says what is wrong. */
export function readOptions() {
  const values = parse();
  if (values.smoke && values.compare !== undefined) {
    throw new UsageError('--smoke has no figures to --compare.');
  }
  return {
    help: values.help,
    filter: values.filter.toLowerCase(),
    smoke: values.smoke,
    json: readPath('json', values.json),
    former: readFormer(readPath('compare', values.compare)),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        filter: { type: 'string', default: '' },
        smoke: { type: 'boolean', default: false },
        json: { type: 'string' },
        compare: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function readPath(name, file) {
  if (file === undefined) return undefined;
  if (file === '') throw new UsageError(`--${name} needs the name of a file.`);
  // npm changes to the package's root; a path was typed where npm was called.
  return resolve(process.env.INIT_CWD ?? process.cwd(), file);
}

/** The figures of a former run. */
function readFormer(path) {
  if (path === undefined) return undefined;
  let former;
  try {
    former = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--compare: ${error.message}`, { cause: error });
  }
  if (Array.isArray(former?.benches) && former.machine !== undefined && !former.smoke)
    return former;
  throw new UsageError(`--compare: ${path} holds no figures of the micro benches.`);
}
