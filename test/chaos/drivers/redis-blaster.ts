/** Our library, in all the ways in which it takes commands. */

import { defineScript } from '@redis/client';
import type { CommandParser } from '@redis/client';

import { Cluster } from '../../../src/cluster.js';
import { MapError, RbError, ReplyError } from '../../../src/errors.js';
import type { RbPromise } from '../../../src/promise/rb-promise.js';
import { Script } from '../../../src/script.js';
import type { Driver, DriverHost, Limits, Settle } from '../driver.js';
import type { Operation, OperationKind, Outcome } from '../operation.js';

const APPEND = "redis.call('RPUSH', KEYS[1], ARGV[1]); return ARGV[1]";

const scripts = {
  /** Appends to a list and answers what it appended. */
  append: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: APPEND,
    parseCommand(parser: CommandParser, key: string, value: string) {
      parser.pushKey(key);
      parser.push(value);
    },
    transformReply: (reply: unknown) => reply as string,
  }),
};

function makeCluster(hosts: readonly DriverHost[], limits: Limits) {
  return new Cluster({
    hosts: new Map(hosts.map((host) => [host.hostId, configOf(host)])),
    poolOptions: {
      commandTimeout: limits.commandTimeout,
      connectTimeout: limits.connectTimeout,
      reconnect: { minDelay: limits.minPause, maxDelay: limits.maxPause },
      clientName: 'faults',
    },
    scripts,
  });
}

function configOf({ address, password, authority }: DriverHost) {
  return {
    ...('path' in address ? { unixSocketPath: address.path } : address),
    password,
    ...(authority !== undefined && { ssl: true, sslOptions: { ca: authority } }),
  };
}

type FaultCluster = ReturnType<typeof makeCluster>;
type MapClient = Parameters<Parameters<FaultCluster['map']>[0]>[0];
type Targeted = ReturnType<Parameters<Parameters<FaultCluster['fanout']>[0]>[0]['targetKey']>;

/** Runs the operations and settles those of which it hears. */
type Variant = (
  cluster: FaultCluster,
  operations: readonly Operation[],
  settle: Settle,
) => Promise<void>;

const mapWith =
  (options: { autoBatch: boolean; timeout?: number }): Variant =>
  async (cluster, operations, settle) => {
    await cluster.map((client) => {
      for (const [i, operation] of operations.entries()) {
        follow(issue(client, operation), i, operation, settle);
      }
    }, options);
  };

const fanOut: Variant = async (cluster, operations, settle) => {
  await cluster.fanout((client) => {
    for (const [i, operation] of operations.entries()) {
      follow(issue(client.targetKey(operation.key), operation), i, operation, settle);
    }
  });
};

/** Each command by itself, with a native promise. */
const route: Variant = async (cluster, operations, settle) => {
  const client = cluster.getRoutingClient();
  const follow = async (i: number, operation: Operation, promise: Promise<unknown>) => {
    try {
      settle(i, { value: await promise });
    } catch (error) {
      settle(i, failure(operation, error));
    }
  };
  const promises = operations.map((operation) => {
    const { kind, key, nonce, value } = operation;
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
        return client.append(key, value);
    }
  });
  await Promise.all(operations.map((operation, i) => follow(i, operation, promises[i]!)));
};

const append = new Script(APPEND);
const NAMES: Readonly<Partial<Record<OperationKind, string>>> = {
  set: 'SET',
  get: 'GET',
  increment: 'INCR',
  push: 'RPUSH',
  add: 'SADD',
};

/** A list for each key, so that each goes to the host where the workload has it. */
const listed: Variant = async (cluster, operations, settle) => {
  const lists = new Map<string, [ListedOperation, ...ListedOperation[]]>();
  for (const [index, operation] of operations.entries()) {
    const list = lists.get(operation.key);
    if (list === undefined) lists.set(operation.key, [{ index, operation }]);
    else list.push({ index, operation });
  }
  const commands = new Map(
    [...lists].map(([key, list]) => [key, list.map(({ operation }) => commandOf(operation))]),
  );
  const results = await cluster.executeCommands(commands).catch((error: unknown) => {
    if (error instanceof MapError) return error.results as Map<string, RbPromise<unknown>[]>;
    throw error;
  });
  const pairs = [...lists].flatMap(([key, list]) =>
    list.map((listedOperation, i) => ({ ...listedOperation, promise: results.get(key)![i]! })),
  );
  // A read that was sent again may have seen what a later write did that failed.
  pairs.sort((a, b) => Number(b.promise.isRejected) - Number(a.promise.isRejected));
  for (const { index, operation, promise } of pairs) {
    if (promise.isRejected) settle(index, failure(operation, promise.reason));
    else if (promise.isResolved) settle(index, { value: promise.value });
  }
};

interface ListedOperation {
  readonly index: number;
  readonly operation: Operation;
}

type ListedCommand = [string, ...string[]] | [Script, string[], string[]];

function commandOf({ kind, key, nonce, value }: Operation): ListedCommand {
  if (kind === 'script') return [append, [key], [value]];
  if (kind === 'setHash') return ['HSET', key, 'nonce', String(nonce), 'value', value];
  if (kind === 'getHash') return ['HGETALL', key];
  return value === '' ? [NAMES[kind]!, key] : [NAMES[kind]!, key, value];
}

/** Most calls are maps. */
const VARIANTS: readonly Variant[] = [
  mapWith({ autoBatch: true }),
  mapWith({ autoBatch: false }),
  mapWith({ autoBatch: true }),
  mapWith({ autoBatch: true, timeout: 300 }),
  mapWith({ autoBatch: false }),
  mapWith({ autoBatch: true }),
  listed,
  mapWith({ autoBatch: true }),
  fanOut,
  mapWith({ autoBatch: false }),
  route,
  mapWith({ autoBatch: true }),
];

/** Issues a command of a map, or of a fan-out that targets its key. */
function issue(client: MapClient | Targeted, operation: Operation): RbPromise<unknown> {
  const { kind, key, nonce, value } = operation;
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
      return client.append(key, value);
  }
}

function follow(
  promise: RbPromise<unknown>,
  index: number,
  operation: Operation,
  settle: Settle,
): void {
  promise.done(
    (value) => settle(index, { value }),
    (error) => settle(index, failure(operation, error)),
  );
}

function failure(operation: Operation, reason: unknown): Outcome {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const breach = breachOf(operation, error);
  if (error instanceof ReplyError) return { error, verdict: 'answered', breach };
  const isNotRun = error instanceof RbError && error.maybeExecuted === false;
  return { error, verdict: isNotRun ? 'not run' : 'maybe', breach };
}

/** What servers answer because of a fault; all else they answer because something went wrong. */
const EXPECTED_ANSWERS = ['OOM', 'READONLY', 'MASTERDOWN', 'LOADING'];

/** What is wrong with the error of a rejected command, beside that it was rejected. */
function breachOf({ hostId }: Operation, error: Error): string | undefined {
  if (!(error instanceof RbError)) return `an error of another kind: ${error.stack}`;
  if (error instanceof ReplyError && !EXPECTED_ANSWERS.includes(error.kind)) {
    return `an answer that no fault explains: ${error.message}`;
  }
  const isLabelled =
    error.hostId === hostId && error.command !== undefined && error.address !== undefined;
  const says = error instanceof ReplyError || typeof error.maybeExecuted === 'boolean';
  if (isLabelled && says) return undefined;
  const { name, message, command, maybeExecuted } = error;
  return `an error that lacks its labels: ${name}: ${message} (${command}, ${maybeExecuted})`;
}

/** Opens a cluster of the hosts. */
export function driveRedisBlaster(hosts: readonly DriverHost[], limits: Limits): Driver {
  const cluster = makeCluster(hosts, limits);
  const router = cluster.getRouter();
  return {
    name: 'redis-blaster',
    hostOf: (key) => router.getHostForKey(key),
    run: async (operations, settle, variant) => {
      try {
        await VARIANTS[variant % VARIANTS.length]!(cluster, operations, settle);
      } catch (error) {
        // What failed was handled one by one; the deadline of a call is told on top of that.
        if (!(error instanceof RbError)) throw error;
      }
    },
    pending: (hostId) => cluster.getPoolForHost(hostId).pending,
    close: () => cluster.disconnectPools(),
  };
}
