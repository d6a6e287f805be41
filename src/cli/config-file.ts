/** The config file: where it is, and what it says. */

import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { nothingGoesOn, untilAborted, UsageError } from './exit.js';
import { unreadable } from './lines.js';
import { hideLogin } from './text.js';

/** The names that are looked for in the current folder. */
const NAMES = ['json', 'js', 'mjs', 'ts', 'mts'].map((extension) => `rb.config.${extension}`);

/** The config file of a folder; undefined if it has none. */
export function findConfigFile(folder: string): string | undefined {
  const found = NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    throw new UsageError(`${found.join(' and ')} are both here: name one of them with --config`);
  }
  return found[0];
}

/** The extensions of modules. Node knows them in lower case only. */
const MODULES = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

/**
 * What a config file holds. Whether those are options of a cluster is the cluster's to say.
 *
 * @param signal - ends the waiting for it.
 */
export async function readConfigFile(
  path: string,
  folder: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const absolute = resolve(folder, path);
  const stats = await stat(absolute).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (stats.isDirectory()) throw unreadable(path, { code: 'EISDIR' });
  const isJson = extname(path).toLowerCase() === '.json';
  if (!isJson && !MODULES.includes(extname(path))) throw notConfig(path);
  signal.throwIfAborted();
  const reading = isJson ? readJson(path, absolute) : loadModule(path, absolute);
  const content = await untilAborted(reading, signal);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    const where = isJson ? 'hold' : 'export, as its default,';
    throw new UsageError(`${path} must ${where} an object: the options of the cluster`);
  }
  const options: Record<string, unknown> = { ...content };
  delete options['$schema'];
  return options;
}

function notConfig(path: string): UsageError {
  const others = MODULES.join(', ');
  return new UsageError(
    `${hideLogin(path)} is no config file: its name must end with .json or, in lower case, one of ${others}`,
  );
}

async function readJson(path: string, absolute: string): Promise<unknown> {
  let text: string;
  try {
    // Editors of Windows may put a byte order mark in front.
    text = (await readFile(absolute, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no JSON${placeOf((error as Error).message, text)}`);
  }
}

/** Where the mistake is. The message itself is not shown: it repeats a part of the file. */
function placeOf(message: string, text: string): string {
  if (message.includes('Unexpected end')) return ': it ends too early';
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  const at = position === undefined ? placeOfExcerpt(message, text) : Number(position);
  return at === -1 ? '' : `: see line ${text.slice(0, at).split('\n').length}`;
}

/** Where Node says no position, it repeats the file from ten characters before the mistake on. */
function placeOfExcerpt(message: string, text: string): number {
  const [, token = '', dots = '', excerpt = ''] =
    /^Unexpected token '(.*?)', (\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  if (token === '') return -1;
  const [sought, offset] = dots === '' ? [token, 0] : [excerpt, 10];
  const at = text.indexOf(sought);
  // Which of several it is about, is not said.
  return at === -1 || at !== text.lastIndexOf(sought) ? -1 : at + offset;
}

async function loadModule(path: string, absolute: string): Promise<unknown> {
  if (/^\.[cm]?ts$/.test(extname(path))) assertTypeScript(path);
  try {
    const { href } = pathToFileURL(absolute);
    return await withoutWarnings(() => Promise.race([importDefault(href), neverLoaded(path)]));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof SyntaxError && ES_SYNTAX.test(error.message)) throw readAsCommonJs(path);
    throw new UsageError(`${path} cannot be loaded: ${reasonOf(error, path)}`);
  }
}

/** What a module exports as its default, which may be a promise. */
async function importDefault(url: string): Promise<unknown> {
  const module = (await import(url)) as { default?: unknown };
  return await module.default;
}

/** Rejects where nothing is left that could settle what the module awaits, or exports. */
async function neverLoaded(path: string): Promise<never> {
  await nothingGoesOn();
  throw new UsageError(`${path} cannot be loaded: it waits for a promise that never settles`);
}

/** Why a module cannot be loaded. */
function reasonOf(error: unknown, path: string): string {
  if (typeof error === 'string') return error;
  if (!(error instanceof Error)) {
    return `what it throws is no Error (${error === null ? 'null' : typeof error})`;
  }
  const { name, message } = error;
  return QUOTING.some((kind) => error instanceof kind)
    ? name + lineOf(path, error)
    : `${name}: ${message}`;
}

/** Errors whose messages repeat parts of the file, which may have passwords. */
const QUOTING = [ReferenceError, SyntaxError, TypeError];

/** Which line of the file the error is from, if it says so. */
function lineOf(path: string, { stack = '' }: Error): string {
  const [, behind = ''] = stack.split(`/${basename(path)}:`);
  const [line] = /^\d+/.exec(behind) ?? [];
  return line === undefined ? '' : `, see line ${line}`;
}

/** What Node says of the first `import` or `export` in a file that it takes for CommonJS. */
const ES_SYNTAX = /^Unexpected token 'export'|^Cannot use import statement/;

function readAsCommonJs(path: string): UsageError {
  const isTypeScript = extname(path).endsWith('ts');
  const name = `rb.config.${isTypeScript ? 'mts' : 'mjs'}`;
  return new UsageError(
    `${path} is an ES module, but Node reads it as CommonJS here: call it ${name}, or put ` +
      '"type": "module" into the package.json beside it',
  );
}

/** Node warns of modules whose package does not say that it has some; there it is no news. */
async function withoutWarnings<T>(load: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  try {
    return await load();
  } finally {
    // They come a tick later.
    await new Promise(setImmediate);
    for (const listener of listeners) process.on('warning', listener);
  }
}

function assertTypeScript(path: string): void {
  const { typescript } = process.features as { typescript?: unknown };
  if (typeof typescript === 'string') return;
  throw new UsageError(
    `${basename(path)} is TypeScript, which Node ${process.versions.node} does not run: take ` +
      '22.18 or later, or write the config as .js or .json',
  );
}
