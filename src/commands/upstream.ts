/**
 * The one file that knows the inside of `@redis/client`: where its table of command definitions is
 * and what a definition looks like. A contract test holds it against the installed version.
 */

import imported from '@redis/client/dist/lib/commands/index.js';
import type { CommandParser } from '@redis/client';
import type { Tail } from '@redis/client/dist/lib/commands/generic-transformers.js';
import type {
  Command,
  CommandReply,
  RedisFunction,
  RedisScript,
  ReplyWithTypeMapping,
  RespVersions,
  TransformReply,
  TypeMapping,
} from '@redis/client/dist/lib/RESP/types.js';

export type {
  RedisArgument,
  RedisFunctions,
  RedisModules,
  RedisScripts,
} from '@redis/client/dist/lib/RESP/types.js';
export type {
  Command,
  CommandParser,
  CommandReply,
  RedisFunction,
  RedisScript,
  ReplyWithTypeMapping,
  RespVersions,
  Tail,
  TransformReply,
  TypeMapping,
};

/**
 * The table of all definitions. Node's own resolution wraps the CommonJS default export once more
 * than bundlers do, in types and at run time alike.
 */
export type AllDefinitions = typeof imported extends { default: infer Table }
  ? Table
  : typeof imported;

/** The definitions by camelCase name; the table has each of them in upper case too. */
export type CommandDefinitions = {
  [
    Name in keyof AllDefinitions as Name extends Uppercase<Name & string> ? never : Name
  ]: AllDefinitions[Name];
};

/** A method's name: `get`, `hGetAll`, … */
export type CommandName = keyof CommandDefinitions;

function camelCased(): ReadonlyMap<string, Command> {
  const module: unknown = imported;
  const table = (
    (module as { default?: unknown }).default !== undefined
      ? (module as { default: unknown }).default
      : module
  ) as Record<string, Command>;
  return new Map(Object.entries(table).filter(([name]) => name !== name.toUpperCase()));
}

/** Every command definition by its camelCase name. */
export const COMMAND_DEFINITIONS: ReadonlyMap<string, Command> = camelCased();

/** The function that makes the reply of a definition what users get; undefined for none. */
export function transformOf(
  definition: Pick<Command, 'transformReply'>,
  protocol: RespVersions,
): TransformReply | undefined {
  const transform: unknown = definition.transformReply;
  if (typeof transform === 'function') return transform as TransformReply;
  return (transform as Partial<Record<RespVersions, TransformReply>> | undefined)?.[protocol];
}
