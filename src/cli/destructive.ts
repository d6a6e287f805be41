/** Commands of Redis: which there are, and which are asked about before they run on several hosts. */

import { exists, getKeyIndexes, hasFlag } from '@ioredis/commands';

/** Commands that the table flags `admin`, but that neither remove data nor stop anything. */
const HARMLESS = new Set(['bgrewriteaof', 'bgsave', 'pfselftest', 'save']);

/** Of commands whose flags stand with their subcommands, where the table does not show them. */
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  acl: ['deluser', 'load', 'save', 'setuser'],
  client: ['kill', 'pause'],
  cluster: ['addslots', 'delslots', 'failover', 'flushslots', 'forget', 'reset'],
  config: ['resetstat', 'rewrite', 'set'],
  function: ['delete', 'flush', 'kill', 'restore'],
  module: ['load', 'loadex', 'unload'],
  script: ['flush', 'kill'],
};

/** Whether Redis has a command of that name. */
export function isRedisCommand(name: string): boolean {
  return exists(name.toLowerCase());
}

/** Enough arguments to have a key wherever a command can have its first one. */
const ARGUMENTS = ['', '', '', ''];

/**
 * Whether a command removes data of a whole database, stops a server or changes how it works. Such a
 * command is flagged `admin`, or it is flagged `write` and names no key, or its subcommand is one
 * of those that are listed here. A script counts if its source has the name of such a command as a
 * literal.
 */
export function isDestructive(command: string, args: readonly string[]): boolean {
  const name = command.toLowerCase();
  if (!exists(name)) return false;
  if (name === 'eval') return callsDestructive(args[0] ?? '');
  if (hasFlag(name, 'write') && !hasFlag(name, 'movablekeys')) {
    return getKeyIndexes(name, ARGUMENTS).length === 0;
  }
  if (hasFlag(name, 'admin')) return !HARMLESS.has(name);
  return SUBCOMMANDS[name]?.includes(args[0]?.toLowerCase() ?? '') === true;
}

/** A word as a literal of Lua: `'word'`, `"word"`, `[[word]]`, `[=[word]=]`. */
const LITERAL = /(['"])([a-z]+)\1|\[(=*)\[\r?\n?([a-z]+)\]\3\]/gi;

function callsDestructive(source: string): boolean {
  const words = [...source.matchAll(LITERAL)].map(
    ([, , quoted, , bracketed]) => quoted ?? bracketed!,
  );
  return words.some((word, index) => isDestructive(word, words.slice(index + 1, index + 2)));
}

/** What the user is asked about: the command, with its subcommand if that is what matters. */
export function actionOf(command: string, args: readonly string[]): string {
  const isTold = SUBCOMMANDS[command.toLowerCase()] !== undefined;
  return (isTold ? [command, args[0] ?? ''] : [command]).join(' ').toUpperCase();
}
