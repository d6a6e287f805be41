/**
 * The one file that knows the inside of `@redis/client`: where its table of command definitions is
 * and what a definition looks like. A contract test holds it against the installed version.
 */

import imported from '@redis/client/dist/lib/commands/index.js';
import type { CommandParser, defineScript as DefineScript, RedisClientType } from '@redis/client';
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
import { RESP_TYPES as types } from '@redis/client/dist/lib/RESP/decoder.js';
import { loadDefineScript } from '../util/load-module.js';

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
  RedisClientType,
  RedisFunction,
  RedisScript,
  ReplyWithTypeMapping,
  RespVersions,
  Tail,
  TransformReply,
  TypeMapping,
};

/**
 * The types of replies that a type mapping can have: `{ [RESP_TYPES.BLOB_STRING]: Buffer }` reads
 * values as bytes.
 */
export const RESP_TYPES = types;

/**
 * The table of all definitions. Node's own resolution wraps the CommonJS default export once more
 * than bundlers do, in types and at run time alike.
 */
export type AllDefinitions = typeof imported extends { default: infer Table }
  ? Table
  : typeof imported;

/** The camelCase ones of names: the table has each definition in upper case too. */
type CamelCase<Name> = Name extends Uppercase<Name & string> ? never : Name;

/** A method's name: `get`, `hGetAll`, … */
export type CommandName = CamelCase<keyof AllDefinitions>;

/** The definitions by camelCase name. `Pick` keeps their doc comments, which renaming keys loses. */
export type CommandDefinitions = Pick<AllDefinitions, CommandName>;

/** May load each definition when it is first read: whoever needs only the names, reads no more. */
const table = tableOf(imported) as Readonly<Record<string, Command>>;

function tableOf(module: object): object {
  return (module as { default?: object }).default ?? module;
}

/** The camelCase name of every command. */
export const COMMAND_NAMES: readonly string[] = Object.keys(table).filter(
  (name) => name !== name.toUpperCase(),
);

/** The definition of a command by its camelCase name. */
export function definitionOf(name: string): Command {
  return table[name]!;
}

/**
 * Defines a typed Lua script: `createClient`'s `scripts` and a cluster's are records of them. The
 * script becomes a method of every client, with the arguments that `parseCommand` takes behind the
 * parser, and the reply that `transformReply` makes.
 *
 * @example
 * const half = defineScript({
 *   NUMBER_OF_KEYS: 1,
 *   SCRIPT: "return math.floor(tonumber(redis.call('GET', KEYS[1]) or 0) / 2)",
 *   parseCommand(parser: CommandParser, key: string) {
 *     parser.pushKey(key);
 *   },
 *   transformReply: (reply: number) => reply,
 * });
 * const cluster = new Cluster({ hosts, scripts: { half } });
 * const visits = await cluster.getRoutingClient().half('visits'); // number
 */
export function defineScript<S extends Parameters<typeof DefineScript>[0]>(
  script: S,
): S & { SHA1: string } {
  return loadDefineScript()(script);
}

/** The function that makes the reply of a definition what users get; undefined for none. */
export function transformOf(
  definition: Pick<Command, 'transformReply'>,
  protocol: RespVersions,
): TransformReply | undefined {
  const transform: unknown = definition.transformReply;
  if (typeof transform === 'function') return transform as TransformReply;
  return (transform as Partial<Record<RespVersions, TransformReply>> | undefined)?.[protocol];
}
