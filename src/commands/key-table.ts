/**
 * Where the keys of a raw command are, and what kind of command it is.
 *
 * Fixed positions come from the table of `@ioredis/commands`. Commands whose arguments say where
 * their keys are get read here, the way the server reads them: the table's own reading takes SORT's
 * patterns for keys, compares bytes with words, and believes any number of keys.
 */

import { isUint8Array } from 'node:util/types';

import { getKeyIndexes, hasFlag, list } from '@ioredis/commands';

import { UnroutableCommand } from '../errors.js';

/** An argument of a raw command: text, sent as UTF-8, a number as its decimal text, or bytes. */
export type RawArgument = string | number | bigint | Uint8Array;

/** What is known of a command by its name alone. */
export interface CommandFlags {
  /** Redis flags it `readonly`, and it is no module's: running it twice does no harm. */
  readonly readonly: boolean;
  /** It always may hold up its connection (BLPOP and its kin); see also {@link isBlocking}. */
  readonly blocking: boolean;
  /** It is in the table. */
  readonly known: boolean;
}

interface Entry {
  /** The name as the table spells it, in lower case. */
  readonly name: string;
  readonly flags: CommandFlags;
  readonly isMovable: boolean;
}

const UNKNOWN: CommandFlags = { readonly: false, blocking: false, known: false };

/** Flagged as blocking, but WAIT and WAITAOF speak about their connection, and XREAD may not block. */
const NOT_ALWAYS_BLOCKING = new Set(['wait', 'waitaof', 'xread', 'xreadgroup']);

const NAMES: ReadonlySet<string> = new Set(list);

/** What is known of the commands that were asked for, by their names in upper case. */
const entries = new Map<string, Entry>();

function entryOf(command: string): Entry | undefined {
  const upperCase = command.toUpperCase();
  const entry = entries.get(upperCase) ?? readEntry(upperCase);
  // Some letters outside ASCII have a case form inside it, but never both forms.
  return entry?.name === command.toLowerCase() ? entry : undefined;
}

/** Reads a command's entry when it is first asked for: most programs use few. */
function readEntry(upperCase: string): Entry | undefined {
  const name = upperCase.toLowerCase();
  if (!NAMES.has(name) || name.toUpperCase() !== upperCase) return undefined;
  const flags = {
    readonly: hasFlag(name, 'readonly') && !hasFlag(name, 'module'),
    blocking: hasFlag(name, 'blocking') && !NOT_ALWAYS_BLOCKING.has(name),
    known: true,
  };
  const entry = { name, flags, isMovable: hasFlag(name, 'movablekeys') };
  entries.set(upperCase, entry);
  return entry;
}

/** The flags of a command by its name, in any case. */
export function commandFlags(command: string): CommandFlags {
  return entryOf(command)?.flags ?? UNKNOWN;
}

/** Subcommands that Redis flags `readonly`, of commands that by themselves have no such flag. */
const READONLY_SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  memory: ['USAGE'],
  object: ['ENCODING', 'FREQ', 'IDLETIME', 'REFCOUNT'],
  xinfo: ['CONSUMERS', 'GROUPS', 'STREAM'],
};

/** Whether Redis flags this command, or the subcommand that its first argument names, `readonly`. */
export function isReadonly(command: string, args: readonly RawArgument[]): boolean {
  const entry = entryOf(command);
  if (entry === undefined) return false;
  return (
    entry.flags.readonly || READONLY_SUBCOMMANDS[entry.name]?.includes(wordOf(args[0])) === true
  );
}

/** Whether this command may hold up its connection: BLPOP and its kin, XREAD with BLOCK. */
export function isBlocking(command: string, args: readonly RawArgument[]): boolean {
  const entry = entryOf(command);
  if (entry === undefined) return false;
  const isStreamRead = entry.name === 'xread' || entry.name === 'xreadgroup';
  return isStreamRead ? streamBlockIndex(args) !== undefined : entry.flags.blocking;
}

/**
 * The indexes in `args` of the command's keys, in ascending order; undefined for an unknown command.
 *
 * A position beyond the arguments is no key: how many there must be is the server's to say.
 *
 * @param command - The command's name, in any case.
 * @param args - The arguments that follow the name. None of them is changed or kept.
 * @throws {@link UnroutableCommand} if the arguments do not say how many keys there are, or say more
 * than there is room for.
 */
export function keyIndexes(command: string, args: readonly RawArgument[]): number[] | undefined {
  const entry = entryOf(command);
  if (entry === undefined) return undefined;
  const indexes = entry.isMovable ? movableKeys(entry.name, args) : fixedKeys(entry.name, args);
  return indexes.filter((index) => index < args.length);
}

function fixedKeys(name: string, args: readonly RawArgument[]): number[] {
  // All that the table reads are the number of arguments and the word of a subcommand.
  const shape = new Array<string>(args.length).fill('');
  if (shape.length > 0) shape[0] = wordOf(args[0]);
  return getKeyIndexes(name, shape);
}

/** Where a command says how many keys it has. */
interface KeyCount {
  /** The index of the number; the keys follow it. */
  readonly at: number;
  /** How far it is from one key to the next: 1 unless told. */
  readonly step?: number;
  /** Whether the first argument is a key too, the destination. */
  readonly hasDestination?: boolean;
}

const KEY_COUNTS: Readonly<Record<string, KeyCount>> = {
  blmpop: { at: 1 },
  bzmpop: { at: 1 },
  eval: { at: 1 },
  eval_ro: { at: 1 },
  evalsha: { at: 1 },
  evalsha_ro: { at: 1 },
  fcall: { at: 1 },
  fcall_ro: { at: 1 },
  lmpop: { at: 0 },
  msetex: { at: 0, step: 2 },
  sdiffcard: { at: 0 },
  sintercard: { at: 0 },
  sunioncard: { at: 0 },
  zdiff: { at: 0 },
  zdiffstore: { at: 1, hasDestination: true },
  zinter: { at: 0 },
  zintercard: { at: 0 },
  zinterstore: { at: 1, hasDestination: true },
  zmpop: { at: 0 },
  zunion: { at: 0 },
  zunionstore: { at: 1, hasDestination: true },
};

/** Commands whose option words say where the keys are. */
const KEY_WORDS: Readonly<Record<string, (args: readonly RawArgument[]) => number[]>> = {
  georadius: (args) => [0, ...storeKeys(args, 5, { COUNT: 1 }, ['STORE', 'STOREDIST'])],
  georadiusbymember: (args) => [0, ...storeKeys(args, 4, { COUNT: 1 }, ['STORE', 'STOREDIST'])],
  migrate: migrateKeys,
  sort: (args) => [0, ...storeKeys(args, 1, { BY: 1, GET: 1, LIMIT: 2 }, ['STORE'])],
  sort_ro: () => [0],
  xread: streamKeys,
  xreadgroup: streamKeys,
};

function movableKeys(name: string, args: readonly RawArgument[]): number[] {
  const count = KEY_COUNTS[name];
  if (count !== undefined) return countedKeys(name, args, count);
  const find = KEY_WORDS[name];
  if (find !== undefined) return find(args);
  throw new UnroutableCommand(
    `${commandForMessage(name)} says in its arguments where its keys are, in a way not known here; ` +
      'send it with a fan-out and targetKey or with the local client (getLocalClient)',
  );
}

function countedKeys(name: string, args: readonly RawArgument[], spec: KeyCount): number[] {
  const { at, step = 1, hasDestination = false } = spec;
  const text = wordOf(args[at]);
  const count = /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
  // Also keeps a huge number from being counted up to.
  if (!(count * step <= args.length - at - 1)) {
    throw new UnroutableCommand(
      `${commandForMessage(name)} needs its number of keys as argument ${at + 1}: an integer, 0 or ` +
        'more, and not more than the arguments that follow have room for',
    );
  }
  const keys = Array.from({ length: count }, (_, i) => at + 1 + i * step);
  return hasDestination ? [0, ...keys] : keys;
}

/** The destinations that follow a word like STORE; `skips` has the options that take arguments. */
function storeKeys(
  args: readonly RawArgument[],
  start: number,
  skips: Readonly<Record<string, number>>,
  storeWords: readonly string[],
): number[] {
  const keys: number[] = [];
  for (let i = start; i < args.length; i++) {
    const word = wordOf(args[i]);
    if (storeWords.includes(word)) keys.push(++i);
    else i += skipOf(skips, word);
  }
  return keys;
}

/** One key, or an empty text in its place and then any number of keys after KEYS. */
function migrateKeys(args: readonly RawArgument[]): number[] {
  const key = args[2];
  const isEmpty = typeof key === 'string' || isUint8Array(key) ? key.length === 0 : false;
  if (!isEmpty) return [2];
  for (let i = 5; i < args.length; i++) {
    const word = wordOf(args[i]);
    if (word === 'KEYS') return Array.from(args.keys()).slice(i + 1);
    i += skipOf({ AUTH: 1, AUTH2: 2 }, word);
  }
  return [2];
}

/** The first half of what follows STREAMS. */
function streamKeys(args: readonly RawArgument[]): number[] {
  const { keysAt } = readStreamOptions(args);
  const count = Math.floor((args.length - keysAt) / 2);
  return Array.from({ length: count }, (_, i) => keysAt + i);
}

/** The index of the time that XREAD or XREADGROUP may block for; undefined if it does not block. */
export function streamBlockIndex(args: readonly RawArgument[]): number | undefined {
  return readStreamOptions(args).blockAt;
}

interface StreamOptions {
  readonly keysAt: number;
  readonly blockAt: number | undefined;
}

function readStreamOptions(args: readonly RawArgument[]): StreamOptions {
  let blockAt: number | undefined;
  for (let i = 0; i < args.length; i++) {
    const word = wordOf(args[i]);
    if (word === 'STREAMS') return { keysAt: i + 1, blockAt };
    if (word === 'BLOCK') blockAt = i + 1;
    i += skipOf({ BLOCK: 1, CLAIM: 1, COUNT: 1, GROUP: 2 }, word);
  }
  return { keysAt: args.length, blockAt };
}

function skipOf(skips: Readonly<Record<string, number>>, word: string): number {
  return Object.hasOwn(skips, word) ? skips[word]! : 0;
}

/** Longer arguments are no words, and too long to be worth converting. */
const LONGEST_WORD = 64;

/**
 * An argument as a word of the command's grammar, in upper case; '' for what cannot be one.
 */
export function wordOf(arg: RawArgument | undefined): string {
  if (typeof arg === 'string') return arg.length > LONGEST_WORD ? '' : arg.toUpperCase();
  if (typeof arg === 'number' || typeof arg === 'bigint') return String(arg);
  if (!isUint8Array(arg) || arg.length > LONGEST_WORD) return '';
  return String.fromCharCode(...arg).toUpperCase();
}

/** The longest name that a message repeats. */
const LONGEST_NAME = 48;

/**
 * A command's name as a message may show it: in upper case, and cut where it stops being a name, for
 * whole commands with their values get passed as a name by mistake.
 */
export function commandForMessage(command: string): string {
  const name = /^[\w.|-]*/.exec(command)![0].slice(0, LONGEST_NAME);
  return name.length === command.length && name !== '' ? name.toUpperCase() : `"${name}…"`;
}
