/** node-redis, as it comes but for the time limits. */

import type { DriverHost, Limits } from '../driver.js';
import type { Operation } from '../operation.js';
import { importPeer } from './peer.js';
import type { Peer, PeerClient } from './peer.js';

/** As much of it as is used here. */
interface RedisClient {
  on(event: 'error', listener: () => void): void;
  connect(): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  hSet(key: string, fields: Record<string, string>): Promise<unknown>;
  hGetAll(key: string): Promise<unknown>;
  incr(key: string): Promise<unknown>;
  rPush(key: string, value: string): Promise<unknown>;
  sAdd(key: string, value: string): Promise<unknown>;
  appendOne(key: string, value: string): Promise<unknown>;
  destroy(): void;
}

interface Parser {
  pushKey(key: string): void;
  push(value: string): void;
}

interface Module {
  createClient(options: object): RedisClient;
  defineScript(script: object): object;
  readonly ErrorReply: new () => Error;
}

export async function loadNodeRedis(): Promise<(Peer & { version: string }) | undefined> {
  const found = await importPeer('redis');
  if (found === undefined) return undefined;
  const { createClient, defineScript, ErrorReply } = found.module as Module;
  const appendOne = defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: "redis.call('RPUSH', KEYS[1], ARGV[1]); return ARGV[1]",
    parseCommand(parser: Parser, key: string, value: string) {
      parser.pushKey(key);
      parser.push(value);
    },
    transformReply: undefined,
  });
  return {
    name: 'node-redis',
    version: found.version,
    open: (host, limits) =>
      open(createClient({ ...optionsOf(host, limits), scripts: { appendOne } })),
    isReplyError: (error) => error instanceof ErrorReply,
  };
}

function optionsOf({ address, password, authority }: DriverHost, limits: Limits) {
  return {
    password,
    socket: {
      ...address,
      connectTimeout: limits.connectTimeout,
      reconnectStrategy: (retries: number) =>
        Math.min(limits.minPause * 2 ** retries, limits.maxPause),
      ...(authority !== undefined && { tls: true, ca: authority }),
    },
    // It limits how long a command may wait to be sent.
    commandOptions: { timeout: limits.commandTimeout },
  };
}

function open(client: RedisClient): PeerClient {
  client.on('error', () => {});
  // It goes on trying by itself; the commands tell what became of it.
  client.connect().catch(() => {});
  return {
    issue: (operation) => issue(client, operation),
    close: () => client.destroy(),
  };
}

function issue(client: RedisClient, { kind, key, nonce, value }: Operation): Promise<unknown> {
  switch (kind) {
    case 'set':
      return client.set(key, value);
    case 'get':
      return client.get(key);
    case 'setHash':
      return client.hSet(key, { nonce: String(nonce), value });
    case 'getHash':
      return client.hGetAll(key);
    case 'increment':
      return client.incr(key);
    case 'push':
      return client.rPush(key, value);
    case 'add':
      return client.sAdd(key, value);
    case 'script':
      return client.appendOne(key, value);
  }
}
