/** Checked by tsc alone: the typed commands of the routing and the mapping client. */

import { RESP_TYPES } from '@redis/client';

import type { MappingClient } from '../../src/clients/mapping-client.js';
import type { RoutingClient } from '../../src/clients/routing-client.js';
import type {
  AllDefinitions,
  CommandReply,
  ReplyWithTypeMapping,
} from '../../src/commands/upstream.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { type Equal, exactly, type HasAny, type IsAny, isTrue } from './exact.types-test.js';

declare const routing: RoutingClient;
declare const routing2: RoutingClient<2>;
declare const mapping: MappingClient;
declare const mapping2: MappingClient<2>;

const asBytes = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** `Value` answered by both kinds of client. */
type Text = string | null;

export async function replies(): Promise<void> {
  exactly<Promise<Text>>()(routing.get('k'));
  exactly<RbPromise<Text>>()(mapping.get('k'));
  exactly<Text>()(await routing.get('k'));
  exactly<Text>()(await mapping.get('k'));
  exactly<Text | undefined>()(mapping.get('k').value);

  exactly<Promise<Text>>()(routing.set('k', 'v'));
  exactly<RbPromise<Text>>()(mapping.set('k', 5, { EX: 10, NX: true }));
  exactly<RbPromise<Text>>()(
    mapping.set('k', Buffer.from('v'), { expiration: { type: 'PX', value: 1 }, condition: 'XX' }),
  );

  exactly<Promise<Record<string, string>>>()(routing.hGetAll('k'));
  exactly<RbPromise<Record<string, string>>>()(mapping.hGetAll('k'));
  exactly<Promise<{ value: string; score: number }[]>>()(routing.zRangeWithScores('k', 0, -1));
  exactly<RbPromise<{ value: string; score: number }[]>>()(mapping.zRangeWithScores('k', 0, -1));
  exactly<Promise<number | null>>()(routing.zScore('k', 'm'));
  exactly<Promise<number>>()(routing.incr('k'));
  exactly<RbPromise<(string | null)[]>>()(mapping.mGet(['a', 'b']));
  exactly<RbPromise<string[]>>()(mapping.sMembers('k'));
  exactly<Promise<{ key: string; element: string } | null>>()(routing.blPop('k', 1));
  exactly<Promise<unknown>>()(routing.executeCommand('GET', 'k'));
  exactly<RbPromise<unknown>>()(mapping.executeCommand('GET', 'k', 1, 2n, Buffer.from('x')));
}

export function repliesOfProtocol2(): void {
  exactly<Promise<Text>>()(routing2.get('k'));
  exactly<RbPromise<Record<string, string>>>()(mapping2.hGetAll('k'));
  exactly<RbPromise<{ value: string; score: number }[]>>()(mapping2.zRangeWithScores('k', 0, -1));
  exactly<Promise<number | null>>()(routing2.zScore('k', 'm'));
}

export function mappedReplies(): void {
  const routingBytes = routing.withTypeMapping(asBytes);
  const mappingBytes = mapping.withTypeMapping(asBytes);
  exactly<Promise<Buffer | null>>()(routingBytes.get('k'));
  exactly<RbPromise<Buffer | null>>()(mappingBytes.get('k'));
  exactly<RbPromise<Record<string, Buffer>>>()(mappingBytes.hGetAll('k'));
  exactly<RbPromise<{ value: Buffer; score: number }[]>>()(
    mappingBytes.zRangeWithScores('k', 0, -1),
  );
  exactly<RbPromise<(Buffer | null)[]>>()(mappingBytes.mGet(['k']));
  exactly<RbPromise<Buffer | 'OK' | null>>()(mappingBytes.set('k', 'v'));
  exactly<RbPromise<string | null>>()(mappingBytes.withTypeMapping({}).get('k'));

  const asMap = { [RESP_TYPES.MAP]: Map } as const;
  exactly<Promise<Map<string, string>>>()(routing.withTypeMapping(asMap).hGetAll('k'));
  const asText = { [RESP_TYPES.DOUBLE]: String, [RESP_TYPES.NUMBER]: String } as const;
  exactly<Promise<`${number}` | null>>()(routing.withTypeMapping(asText).zScore('k', 'm'));
  exactly<RbPromise<`${number}`>>()(mapping.withTypeMapping(asText).incr('k'));
}

// Every command, not only those above.

/** The table has each command in upper case, too. */
type CommandName = {
  [Name in keyof AllDefinitions]: Name extends Uppercase<Name & string> ? never : Name;
}[keyof AllDefinitions];

type Methods<Client> = {
  [Name in CommandName]: Name extends keyof Client ? Client[Name] : never;
};
type Reply<Method> = Method extends (...args: infer _Args) => PromiseLike<infer R>
  ? R
  : 'no method';
type Expected<
  Name extends CommandName,
  RESP extends 2 | 3,
  TM extends object,
> = ReplyWithTypeMapping<CommandReply<AllDefinitions[Name], RESP>, TM>;

/** The commands of a client whose reply is another than that of `@redis/client`. */
type Differing<Client, RESP extends 2 | 3, TM extends object> = {
  [Name in CommandName]: Equal<Reply<Methods<Client>[Name]>, Expected<Name, RESP, TM>> extends true
    ? never
    : Name;
}[CommandName];

/** The commands of a client with an `any` in their reply. */
type WithAny<Client> = {
  [Name in CommandName]: HasAny<Reply<Methods<Client>[Name]>> extends true ? Name : never;
}[CommandName];

type Bytes = typeof asBytes;
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- as the clients have it
type None = {};

export function everyCommand(): void {
  isTrue<Equal<Differing<RoutingClient, 3, None>, never>>();
  isTrue<Equal<Differing<MappingClient<2, Bytes>, 2, Bytes>, never>>();
  isTrue<Equal<WithAny<RoutingClient>, never>>();
  isTrue<Equal<WithAny<MappingClient<2, Bytes>>, never>>();
  isTrue<Equal<IsAny<AllDefinitions>, false>>();
  isTrue<Equal<IsAny<CommandName>, false>>();
  isTrue<string extends CommandName ? false : true>();
}

/** No client has these: unknown commands, names in upper case, what is for the local client. */
type Absent =
  'getAll' | 'GET' | 'HGETALL' | 'multi' | 'watch' | 'subscribe' | 'select' | 'duplicate';

export function absent(): void {
  isTrue<Equal<Extract<keyof RoutingClient, Absent>, never>>();
  isTrue<Equal<Extract<keyof MappingClient, Absent>, never>>();
}

export function refused(): void {
  // @ts-expect-error a key is missing
  void routing.get();
  // @ts-expect-error null is no key
  void routing.get(null);
  // @ts-expect-error a boolean is no key
  void mapping.get(true);
  // @ts-expect-error an object is no key
  void mapping.get({});
  // @ts-expect-error one key too many
  void routing.get('a', 'b');
  // @ts-expect-error an object is no value
  void mapping.set('k', {});
  // @ts-expect-error a value is missing
  void routing.set('k');
  // @ts-expect-error no such option
  void routing.set('k', 'v', { EXX: 1 });
  // @ts-expect-error the score is a number
  void mapping.zAdd('k', { score: 'x', value: 'm' });
  // @ts-expect-error the start is a number or a text
  void routing.zRange('k', {}, 1);
  // @ts-expect-error null is no argument
  void routing.executeCommand('GET', null);
  // @ts-expect-error the name comes first
  void mapping.executeCommand();
  // @ts-expect-error an array has no place in a raw command
  void mapping.executeCommand('MGET', ['a', 'b']);
  // @ts-expect-error a reply is no plain value
  const text: string = mapping.get('k').value;
  // @ts-expect-error an RbPromise is no native one
  const native: Promise<string | null> = mapping.get('k');
  // @ts-expect-error no such option
  void mapping.join({ maxConcurrency: 1 });
  // @ts-expect-error a type mapping maps to constructors
  void routing.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: 'Buffer' });
  console.log(text, native);
}
