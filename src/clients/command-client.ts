/** What all clients share: from a method's arguments to an encoded, checked command. */

import { type CommandSpec, rawSpec, TypedCommand } from '../commands/command-spec.js';
import {
  commandForMessage,
  isBlocking,
  keyIndexes,
  type RawArgument,
} from '../commands/key-table.js';
import { refusal } from '../commands/refused.js';
import { COMMAND_NAMES, definitionOf } from '../commands/upstream.js';
import { MisuseError, RbError, UnroutableCommand } from '../errors.js';
import { noKeyError, severalKeysError } from '../routers/router.js';
import { traceCommand } from '../telemetry/command-tracer.js';
import { isInstance, textOf } from '../util/foreign.js';
import { holdsText } from '../util/holds-text.js';
import type { Key } from '../util/key.js';
import { optionError } from '../util/option-error.js';
import { describeType } from '../util/validate.js';
import type { Backend } from './backend.js';
import { blockingTime } from './blocking-time.js';
import { borrowWriter, type CommandWriter, returnWriter } from './command-writer.js';
import type { Lane } from './lane.js';
import { ISSUE, REFUSE, RUN_RAW, RUN_TYPED } from './members.js';
import { ScriptSink } from './script-sink.js';
import type { CommandSink } from './sinks.js';

export abstract class CommandClient {
  /**
   * Sends an encoded command to where it belongs and answers its promise. May throw: then the
   * command is refused.
   *
   * @internal
   */
  protected abstract [ISSUE](command: CommandWriter, spec: CommandSpec): unknown;

  /**
   * Answers a rejected promise.
   *
   * @internal
   */
  protected abstract [REFUSE](error: unknown, command: string | undefined): unknown;

  /** @internal */
  [RUN_TYPED](command: TypedCommand, args: readonly unknown[]): unknown {
    const writer = borrowWriter();
    try {
      parseArguments(command, writer, args);
      // A user's own definition may make any text it likes.
      if (writer.converted !== undefined && !command.isAdded) checkConverted(writer, args);
      const { signature } = command;
      // What a definition would ignore without a word is refused.
      if (signature !== undefined && args.length >= signature.least) {
        const ignored = signature.problemOf(args, encode);
        if (ignored !== undefined) throw optionError(ignored, writer.name);
      }
      let spec = command.spec(writer.name, writer);
      if (spec.mayBeRefused) throwRefusal(writer);
      if (writer.preserve !== undefined) spec = withPreserved(spec, writer.preserve);
      return this[ISSUE](writer, spec);
    } catch (error) {
      return this[REFUSE](error, writer.name);
    } finally {
      returnWriter(writer);
    }
  }

  /** @internal */
  [RUN_RAW](name: string, args: readonly RawArgument[]): unknown {
    const writer = borrowWriter();
    try {
      assertCommandName(name);
      writer.push(name);
      for (const argument of args) writer.pushRaw(argument);
      const spec = rawSpec(name.toUpperCase(), args);
      if (spec.mayBeRefused) throwRefusal(writer);
      writer.rawArgs = args;
      return this[ISSUE](writer, spec);
    } catch (error) {
      return this[REFUSE](error, typeof name === 'string' ? name.toUpperCase() : undefined);
    } finally {
      returnWriter(writer);
    }
  }
}

/** Refuses what is no name of a raw command. */
export function assertCommandName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '') return;
  const problem = name === '' ? 'not be empty' : `be a string, got ${describeType(name)}`;
  throw new MisuseError('RB_INVALID_ARGUMENT', `The name of a command must ${problem}`);
}

/** As a call with `...args`, which V8 does not inline. */
function parseWith(
  definition: TypedCommand['definition'],
  writer: CommandWriter,
  args: readonly unknown[],
): void {
  switch (args.length) {
    case 1:
      definition.parseCommand(writer, args[0]);
      break;
    case 2:
      definition.parseCommand(writer, args[0], args[1]);
      break;
    case 3:
      definition.parseCommand(writer, args[0], args[1], args[2]);
      break;
    default:
      definition.parseCommand(writer, ...args);
  }
}

/** The bytes of the command that a definition makes of arguments; undefined where they make none. */
function encode(
  definition: TypedCommand['definition'],
  args: readonly unknown[],
): Uint8Array | undefined {
  const writer = borrowWriter();
  try {
    parseWith(definition, writer, args);
    return writer.toBytes();
  } catch {
    return undefined;
  } finally {
    returnWriter(writer);
  }
}

function parseArguments(
  command: TypedCommand,
  writer: CommandWriter,
  args: readonly unknown[],
): void {
  try {
    if (command.prefix.length > 0) writer.push(...command.prefix);
    parseWith(command.definition, writer, args);
  } catch (error) {
    // What a definition throws at an argument that it cannot use says nothing of where it was.
    if (isInstance(error, RbError) || isInstance(error, MisuseError)) throw error;
    const name = writer.name === '' ? 'The command' : writer.name;
    throw Object.assign(
      new MisuseError(
        'RB_INVALID_ARGUMENT',
        `${name} cannot use its arguments (${describeTypes(args)}) after number ` +
          `${Math.max(writer.count - 1, 0)}: ${textOf(error)}`,
      ),
      { cause: error },
    );
  }
}

/** More than this many arguments are too many to be told one by one. */
const SHOWN_TYPES = 8;

/** The types of arguments for a message, without anything of their values. */
function describeTypes(args: readonly unknown[]): string {
  const types = args.slice(0, SHOWN_TYPES).map(describeType);
  if (args.length > SHOWN_TYPES) types.push('…');
  return types.length === 0 ? 'none' : types.join(', ');
}

/**
 * Definitions turn numbers into text, and so anything else in their place: refuses what came of
 * that, unless the caller gave that very text.
 */
function checkConverted(writer: CommandWriter, args: readonly unknown[]): void {
  const converted = writer.converted!;
  if (holdsText(args, converted.text)) return;
  throw new MisuseError(
    'RB_INVALID_ARGUMENT',
    `Argument ${converted.index} of ${writer.name} came out as ${JSON.stringify(converted.text)}: ` +
      'a value of a wrong type was given for it',
  );
}

function throwRefusal(writer: CommandWriter): void {
  const refused = refusal(writer.name, writer.redisArgs[1]);
  if (refused !== undefined) throw refused;
}

/** A spec for one command whose reply transform depends on its arguments. */
function withPreserved(spec: CommandSpec, preserve: unknown): CommandSpec {
  const { transform2, transform3 } = spec;
  return {
    ...spec,
    isShared: false,
    transform2: transform2 && ((reply, _, types) => transform2(reply, preserve, types) as unknown),
    transform3: transform3 && ((reply, _, types) => transform3(reply, preserve, types) as unknown),
  };
}

/** The host of a command that is routed by its one key. */
export function hostOf(backend: Backend, command: CommandWriter, spec: CommandSpec): number {
  const { router, routesByKey, partitionRouter } = backend.getRouting();
  if (command.rawArgs !== undefined) return router.getHostForCommand(spec.name, command.rawArgs);
  if (command.keyCount !== 1) {
    throw command.keyCount === 0
      ? noKeyError(spec.name, command.hasEmptyKeys)
      : severalKeysError(spec.name, command.keyCount);
  }
  if (partitionRouter !== undefined) return command.hostOfKey(partitionRouter);
  return routesByKey
    ? router.getHostForKey(command.key!)
    : router.getHostForCommand(spec.name, command.redisArgs.slice(1));
}

/** Puts a command on its way to a host. */
export function sendTo(lane: Lane, command: CommandWriter, sink: CommandSink): void {
  if (lane.isTraced) sendTraced(lane, command, sink);
  else send(lane, command, sink);
}

function sendTraced(lane: Lane, command: CommandWriter, sink: CommandSink): void {
  const traced = {
    host: lane.pool.host,
    command: commandForMessage(sink.spec.name),
    argumentCount: command.count - 1,
    keys: keysOf(command, sink.spec.name),
    map: lane.map,
  };
  traceCommand(traced, sink, (tracing) => {
    send(lane, command, tracing);
  });
}

/** All keys of a command, as far as its arguments say which they are. */
function keysOf(command: CommandWriter, name: string): readonly Key[] {
  if (command.keyCount === 1) return [command.key!];
  const args = command.rawArgs ?? command.redisArgs.slice(1);
  try {
    return (keyIndexes(name, args) ?? []).map((index) => args[index]!);
  } catch (error) {
    if (error instanceof UnroutableCommand) return [];
    throw error;
  }
}

function send(lane: Lane, command: CommandWriter, sink: CommandSink): void {
  const { spec } = sink;
  if (lane.merges && spec.plainCount === command.count && command.rawArgs === undefined) {
    const [, key, value] = command.redisArgs;
    if (value === undefined) lane.appendGet(key!, sink);
    else lane.appendSet(key!, value, sink);
  } else if (spec.source !== undefined) {
    lane.append(command, new ScriptSink(sink, lane, command.redisArgs.slice(2)));
  } else if (!spec.mayBlock || !appendBlocking(lane, command, sink)) {
    lane.append(command, sink);
  }
}

function appendBlocking(lane: Lane, command: CommandWriter, sink: CommandSink): boolean {
  const { name } = sink.spec;
  const args = command.redisArgs.slice(1);
  if (!isBlocking(name, args)) return false;
  lane.appendBlocking(command, sink, blockingTime(name, args));
  return true;
}

/**
 * A method for each command, made of its definition at the first call: most programs use few. They
 * are on an object of their own, which without a prototype is a hash table from the start: to give
 * hundreds of properties to the prototype of a class one by one takes ten times as long.
 */
const commandMethods = Object.create(null) as object;
for (const name of COMMAND_NAMES) {
  let command: TypedCommand | undefined;
  defineMethod(commandMethods, name, function (this: CommandClient, ...args: unknown[]) {
    return this[RUN_TYPED]((command ??= new TypedCommand(definitionOf(name))), args);
  });
}
Object.setPrototypeOf(commandMethods, Object.prototype);
Object.setPrototypeOf(CommandClient.prototype, commandMethods);

/** Defines a method the way a class body does. */
export function defineMethod(
  prototype: object,
  name: string,
  method: (...args: never[]) => unknown,
): void {
  Object.defineProperty(method, 'name', { value: name, configurable: true });
  Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true });
}
