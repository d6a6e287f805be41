/** What `executeCommands` is given: lists of commands by routing key, checked as a whole. */

import { isMap, isUint8Array } from 'node:util/types';

import type { RawArgument } from '../commands/key-table.js';
import { refusal } from '../commands/refused.js';
import { MisuseError, type RbError } from '../errors.js';
import type { Key } from '../util/key.js';
import { isIterable, isList } from '../util/list.js';
import { isText } from '../util/text.js';
import { describeType, isRecord } from '../util/validate.js';
import { Script } from '../script.js';
import { refusedCommand } from './command-error.js';

/** A plain command of a list. */
export type PlainCommand = readonly [name: string, ...args: RawArgument[]];

/** A script of a list. */
export type ScriptCommand = readonly [
  script: Script,
  keys?: Iterable<RawArgument>,
  args?: Iterable<RawArgument>,
];

/** A command of a list of `executeCommands`. */
export type ListedCommand = PlainCommand | ScriptCommand;

/** A checked command: its words, or a script and what follows its hash. */
export type ListStep =
  | { readonly script: undefined; readonly name: string; readonly args: readonly RawArgument[] }
  | { readonly script: Script; readonly args: readonly RawArgument[] };

/** The list of one routing key. */
export interface CheckedList {
  readonly key: Key;
  readonly steps: readonly ListStep[];
}

/** Checks everything; throws before anything is sent. */
export function readLists(mapping: unknown): CheckedList[] {
  return entriesOf(mapping).map(([key, list], index) => ({
    key,
    steps: readList(list, `List ${index + 1}`),
  }));
}

function entriesOf(mapping: unknown): [Key, unknown][] {
  if (isMap(mapping)) return [...(mapping as Map<Key, unknown>)];
  if (isRecord(mapping)) return Object.entries(mapping);
  throw invalid(
    `executeCommands takes a record or Map of routing key to commands, not ${describeType(mapping)}`,
  );
}

function readList(list: unknown, where: string): ListStep[] {
  if (!isIterable(list)) {
    throw invalid(`${where} must be a list of commands, not ${describeType(list)}`);
  }
  let waits = false;
  return Array.from(list, (command, index) => {
    const step = readStep(command, `${where}, command ${index + 1}`);
    waits ||= step.script !== undefined;
    // Sent later than the call, when the caller may have other use for the bytes.
    return waits ? { ...step, args: step.args.map(copyOf) } : step;
  });
}

function copyOf(argument: RawArgument): RawArgument {
  return isUint8Array(argument) ? new Uint8Array(argument) : argument;
}

function readStep(command: unknown, where: string): ListStep {
  if (!Array.isArray(command)) {
    throw invalid(`${where} must be [name, ...args] or [script, keys, args]`);
  }
  const [first, ...rest] = command as unknown[];
  if (first instanceof Script) return readScript(first, rest, where);
  if (typeof first !== 'string' || first === '') {
    throw invalid(`${where} must begin with a command's name or a Script`);
  }
  const args = rest.map((argument, index) =>
    readArgument(argument, `${where}: argument ${index + 1}`),
  );
  const refused = refusal(first, args[0]);
  if (refused !== undefined) throw located(refused, where, first);
  return { script: undefined, name: first, args };
}

function readScript(script: Script, rest: unknown[], where: string): ListStep {
  const [keys = [], args = [], ...more] = rest;
  if (more.length > 0 || !isList(keys) || !isList(args)) {
    throw invalid(`${where} must be [script, keys, args] with two lists`);
  }
  // Both lists are read before their members are checked: to read one may run the caller's code.
  const listed = { key: [...keys], argument: [...args] };
  const read = (kind: keyof typeof listed): RawArgument[] =>
    listed[kind].map((member, index) => readArgument(member, `${where}: ${kind} ${index + 1}`));
  return { script, args: [String(listed.key.length), ...read('key'), ...read('argument')] };
}

function readArgument(argument: unknown, where: string): RawArgument {
  const isNumber = typeof argument === 'bigint' || Number.isFinite(argument);
  if (isText(argument) || isNumber) return argument as RawArgument;
  throw invalid(`${where} must be a string, a number or bytes, not ${describeType(argument)}`);
}

function invalid(message: string): MisuseError {
  return new MisuseError('RB_INVALID_ARGUMENT', message);
}

function located(error: RbError, where: string, name: string): unknown {
  error.message = `${where}: ${error.message}`;
  return refusedCommand(error, name);
}
