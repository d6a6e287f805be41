/** A client of a single host: that of `@redis/client` itself, with all that it can do. */

import type { RedisClientOptions, RedisClientType } from '@redis/client';
import type { RawArgument } from '../commands/key-table.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { assertCommandName } from './command-client.js';
import { borrowWriter, returnWriter } from './command-writer.js';

/* eslint-disable @typescript-eslint/no-empty-object-type -- {} is "none", as in @redis/client */

/**
 * A client of one host, which is a client of `@redis/client`: MULTI, WATCH, Pub/Sub, blocking
 * commands and iterators work on it as there. It connects by itself; `duplicate()` answers another
 * client, connecting too, for whatever occupies a connection. The cluster closes both.
 */
export type LocalClient<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> = LocalMembers<RESP, TM, M, F, S> & RedisClientType<M, F, S, RESP, TM>;

/** What a local client has beside the members of a client of `@redis/client`. */
export interface LocalMembers<
  RESP extends RespVersions,
  TM extends TypeMapping,
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
> {
  /**
   * Sends any command, by its name; the reply is what the decoder makes of it. The same as
   * `sendCommand`, with the arguments that the other clients take.
   *
   * @example
   * await cluster.getLocalClient(0).executeCommand('OBJECT', 'FREQ', 'key');
   */
  executeCommand(name: string, ...args: RawArgument[]): Promise<unknown>;
  /** Another client of the same host, connecting too, that is the caller's own. */
  duplicate<
    M2 extends RedisModules = M,
    F2 extends RedisFunctions = F,
    S2 extends RedisScripts = S,
    RESP2 extends RespVersions = RESP,
    TM2 extends TypeMapping = TM,
  >(
    overrides?: Partial<RedisClientOptions<M2, F2, S2, RESP2, TM2>>,
  ): LocalClient<RESP2, TM2, M2, F2, S2>;
  /** The same client with replies of other types. */
  withTypeMapping<T extends TypeMapping>(typeMapping: T): LocalClient<RESP, T, M, F, S>;
}

/**
 * `executeCommand` of a local client: checked as that of the others, and what is wrong rejects its
 * promise.
 */
export async function executeCommand(
  client: { sendCommand(words: readonly (string | Buffer)[]): Promise<unknown> },
  name: string,
  ...args: readonly RawArgument[]
): Promise<unknown> {
  return client.sendCommand(wordsOf(name, args));
}

function wordsOf(name: string, args: readonly RawArgument[]): (string | Buffer)[] {
  const writer = borrowWriter();
  try {
    assertCommandName(name);
    writer.push(name);
    for (const argument of args) writer.pushRaw(argument);
    return writer.redisArgs;
  } finally {
    returnWriter(writer);
  }
}
