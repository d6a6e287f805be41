/**
 * The commands that a connection shared by many callers cannot carry: they change its state for
 * everyone, or answer other than once, after which replies would reach the wrong callers.
 */

import { isUint8Array } from 'node:util/types';

import { UnroutableCommand } from '../errors.js';
import { wordOf, type RawArgument } from './key-table.js';

/** Refused whatever their arguments are. */
const REFUSED_COMMANDS: ReadonlySet<string> = new Set([
  // A transaction belongs to one caller.
  'MULTI',
  'EXEC',
  'DISCARD',
  'WATCH',
  'UNWATCH',
  // State of the connection.
  'SELECT',
  'AUTH',
  'HELLO',
  'RESET',
  'QUIT',
  'READONLY',
  'READWRITE',
  'ASKING',
  // Its prepared fieldsets live in one connection.
  'HIMPORT',
  // Answers that go on, or never come.
  'MONITOR',
  'SYNC',
  'PSYNC',
  'REPLCONF',
  'SUBSCRIBE',
  'PSUBSCRIBE',
  'SSUBSCRIBE',
  'UNSUBSCRIBE',
  'PUNSUBSCRIBE',
  'SUNSUBSCRIBE',
]);

/** Refused with one of these as the first argument. CAPA and IMPORT-SOURCE are Valkey's. */
const REFUSED_SUBCOMMANDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'CLIENT',
    new Set([
      'REPLY',
      'TRACKING',
      'CACHING',
      'SETNAME',
      'NO-EVICT',
      'NO-TOUCH',
      'CAPA',
      'IMPORT-SOURCE',
    ]),
  ],
  ['SCRIPT', new Set(['DEBUG'])],
]);

/**
 * Why a command cannot go over a shared connection; undefined if it can.
 *
 * @param name - The command's name, in any case, as text or bytes.
 * @param firstArg - The argument after it, which may be a subcommand.
 */
export function refusal(
  name: RawArgument,
  firstArg: RawArgument | undefined,
): UnroutableCommand | undefined {
  if (holdsNul(name)) return nulError();
  const command = nameOf(name);
  if (REFUSED_COMMANDS.has(command)) return refusalOf(command);
  const refused = REFUSED_SUBCOMMANDS.get(command);
  if (refused === undefined) return undefined;
  const subcommand = nameOf(firstArg);
  return refused.has(subcommand) ? refusalOf(`${command} ${subcommand}`) : undefined;
}

/** More than the longest name above: what is longer is none of them, unless a NUL ends it. */
const LONGEST_NAME = 32;

/**
 * A server may compare a name up to its first NUL only, by chance even that of a command which is
 * refused here, or of one that blocks.
 */
function holdsNul(name: RawArgument): boolean {
  if (typeof name === 'string') return name.includes('\0');
  return isUint8Array(name) && name.includes(0);
}

function nulError(): UnroutableCommand {
  return new UnroutableCommand('The name of a command cannot hold a NUL');
}

/** A name in upper case; that of a subcommand counts up to its first NUL as well. */
function nameOf(arg: RawArgument | undefined): string {
  const isText = typeof arg === 'string' || isUint8Array(arg);
  const [name = ''] = wordOf(isText ? arg.slice(0, LONGEST_NAME) : arg).split('\0', 1);
  return name;
}

function refusalOf(command: string): UnroutableCommand {
  return new UnroutableCommand(
    `${command} cannot be sent over a connection that is shared by all callers, because it changes ` +
      'the state of the connection or does not answer exactly once; use the local client of one ' +
      'host (getLocalClient)',
  );
}

/** Whether {@link refusal} may refuse some form of a command, given in upper case. */
export function mayBeRefused(name: string): boolean {
  return REFUSED_COMMANDS.has(name) || REFUSED_SUBCOMMANDS.has(name) || holdsNul(name);
}
