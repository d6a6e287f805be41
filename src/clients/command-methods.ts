/**
 * The types of the command methods: every command of `@redis/client` with its own arguments and
 * reply, in the promise that a kind of client answers with. `keyof` in a mapped type is what lets a
 * method show the doc comment of its command.
 */

import type {
  Command,
  CommandDefinitions,
  CommandReply,
  RedisFunctions,
  RedisModules,
  RedisScripts,
  ReplyWithTypeMapping,
  RespVersions,
  Tail,
  TypeMapping,
} from '../commands/upstream.js';
import type { RbPromise } from '../promise/rb-promise.js';

/** The arguments of a command. */
export type CommandArguments<C> = C extends Command ? Tail<Parameters<C['parseCommand']>> : never;

/** The reply of a command, as the client's protocol and type mapping make it. */
export type ReplyOf<C, RESP extends RespVersions, TM extends TypeMapping> = C extends Command
  ? ReplyWithTypeMapping<CommandReply<C, RESP>, TM>
  : never;

/** Every command, answering native promises. */
export type NativeCommands<RESP extends RespVersions, TM extends TypeMapping> = {
  -readonly [Name in keyof CommandDefinitions]: (
    ...args: CommandArguments<CommandDefinitions[Name]>
  ) => Promise<ReplyOf<CommandDefinitions[Name], RESP, TM>>;
};

/** Every command, answering an RbPromise of the one reply. */
export type MappedCommands<RESP extends RespVersions, TM extends TypeMapping> = {
  -readonly [Name in keyof CommandDefinitions]: (
    ...args: CommandArguments<CommandDefinitions[Name]>
  ) => RbPromise<ReplyOf<CommandDefinitions[Name], RESP, TM>>;
};

/** Every command, answering an RbPromise of the replies by host id. */
export type FannedCommands<RESP extends RespVersions, TM extends TypeMapping> = {
  -readonly [Name in keyof CommandDefinitions]: (
    ...args: CommandArguments<CommandDefinitions[Name]>
  ) => RbPromise<Map<number, ReplyOf<CommandDefinitions[Name], RESP, TM>>>;
};

/** Which promise a kind of client answers with. */
export type ClientKind = 'native' | 'mapped' | 'fanned';

type Answer<Kind extends ClientKind, Reply> = Kind extends 'native'
  ? Promise<Reply>
  : Kind extends 'mapped'
    ? RbPromise<Reply>
    : RbPromise<Map<number, Reply>>;

/** The commands that a user added to a cluster, with the types of its replies. */
export interface CommandTypes {
  readonly RESP: RespVersions;
  readonly TM: TypeMapping;
  readonly M: RedisModules;
  readonly F: RedisFunctions;
  readonly S: RedisScripts;
}

type Method<C, Kind extends ClientKind, T extends CommandTypes> = (
  ...args: CommandArguments<C>
) => Answer<Kind, ReplyOf<C, T['RESP'], T['TM']>>;

/** The methods for the modules, functions and scripts of a cluster's options. */
export type AddedCommands<Kind extends ClientKind, T extends CommandTypes> = {
  readonly [Name in keyof T['S']]: Method<T['S'][Name], Kind, T>;
} & {
  readonly [Name in keyof T['M']]: {
    readonly [C in keyof T['M'][Name]]: Method<T['M'][Name][C], Kind, T>;
  };
} & {
  readonly [Name in keyof T['F']]: {
    readonly [C in keyof T['F'][Name]]: Method<T['F'][Name][C], Kind, T>;
  };
};
