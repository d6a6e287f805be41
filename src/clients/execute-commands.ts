/** `cluster.executeCommands`: lists of commands by routing key, answered in the same shape. */

import { isMap } from 'node:util/types';

import { MapError } from '../errors.js';
import { CALL_OPTIONS, type CallOptions, resolveCallOptions } from '../options.js';
import { type RbPromise, sequenceOf } from '../promise/rb-promise.js';
import type { Key } from '../util/key.js';
import type { Backend } from './backend.js';
import { type ListedCommand, readLists } from './command-list.js';
import { executeLists } from './list-runner.js';
import { ReplyMapping } from './reply-mapping.js';
import { Session } from './session.js';

type CommandList = Iterable<ListedCommand>;

/** Lists of commands by routing key: a record, or a Map for keys that are no strings. */
export type CommandLists = Readonly<Record<string, CommandList>> | ReadonlyMap<Key, CommandList>;

/** The same shape, with a promise of the raw reply for each command. */
export type ListResults<C> =
  C extends ReadonlyMap<infer K, unknown>
    ? Map<K, RbPromise<unknown>[]>
    : { [K in keyof C]: RbPromise<unknown>[] };

export async function executeCommands(
  backend: Backend,
  mapping: CommandLists,
  options: CallOptions | undefined,
): Promise<unknown> {
  const resolved = resolveCallOptions(options, CALL_OPTIONS);
  const lists = readLists(mapping);
  const { maxConcurrency, autoBatch = true } = resolved;
  const session = new Session(backend, { maxConcurrency, autoBatch });
  const replies = new ReplyMapping(backend.protocol, backend.typeMapping);
  return executeLists(session, { mapping: replies, lists }, resolved, (promises) => {
    const entries = lists.map(({ key }, index) => [key, promises[index]!] as const);
    const results: unknown = isMap(mapping) ? new Map(entries) : Object.fromEntries(entries);
    assertNoneFailed(promises.flat(), results);
    return results;
  });
}

function assertNoneFailed(all: readonly RbPromise<unknown>[], results: unknown): void {
  const failed = all.filter((promise) => promise.isRejected);
  if (failed.length === 0) return;
  failed.sort((a, b) => sequenceOf(a) - sequenceOf(b));
  throw new MapError({
    reasons: failed.map((promise) => promise.reason),
    total: all.length,
    results,
  });
}
