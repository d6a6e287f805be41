/** ioredis, as it comes but for the time limits. */

import type { DriverHost, Limits } from '../driver.js';
import type { Operation } from '../operation.js';
import { importPeer } from './peer.js';
import type { Peer, PeerClient } from './peer.js';

/** As much of it as is used here. */
interface Redis {
  on(event: 'error', listener: () => void): void;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  hset(key: string, fields: Record<string, string>): Promise<unknown>;
  hgetall(key: string): Promise<unknown>;
  incr(key: string): Promise<unknown>;
  rpush(key: string, value: string): Promise<unknown>;
  sadd(key: string, value: string): Promise<unknown>;
  appendOne(key: string, value: string): Promise<unknown>;
  disconnect(): void;
}

interface Module {
  readonly Redis: new (options: object) => Redis;
}

const APPEND = "redis.call('RPUSH', KEYS[1], ARGV[1]); return ARGV[1]";

export async function loadIoredis(): Promise<(Peer & { version: string }) | undefined> {
  const found = await importPeer('ioredis');
  if (found === undefined) return undefined;
  const { Redis } = found.module as Module;
  return {
    name: 'ioredis',
    version: found.version,
    open: (host, limits) => open(new Redis(optionsOf(host, limits))),
    isReplyError: (error) => error.name === 'ReplyError',
  };
}

function optionsOf({ address, password, authority }: DriverHost, limits: Limits) {
  return {
    ...address,
    password,
    commandTimeout: limits.commandTimeout,
    connectTimeout: limits.connectTimeout,
    retryStrategy: (times: number) => Math.min(limits.minPause * 2 ** times, limits.maxPause),
    ...(authority !== undefined && { tls: { ca: authority } }),
  };
}

function open(redis: Redis): PeerClient {
  redis.on('error', () => {});
  redis.defineCommand('appendOne', { numberOfKeys: 1, lua: APPEND });
  return {
    issue: (operation) => issue(redis, operation),
    close: () => redis.disconnect(),
  };
}

function issue(redis: Redis, { kind, key, nonce, value }: Operation): Promise<unknown> {
  switch (kind) {
    case 'set':
      return redis.set(key, value);
    case 'get':
      return redis.get(key);
    case 'setHash':
      return redis.hset(key, { nonce: String(nonce), value });
    case 'getHash':
      return redis.hgetall(key);
    case 'increment':
      return redis.incr(key);
    case 'push':
      return redis.rpush(key, value);
    case 'add':
      return redis.sadd(key, value);
    case 'script':
      return redis.appendOne(key, value);
  }
}
