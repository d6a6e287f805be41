/**
 * The short way of a plain `GET` or `SET`: no definition, no writer, straight from a method's
 * arguments to the lane of its host.
 */

import { type CommandSpec, rawSpec } from '../commands/command-spec.js';
import { MisuseError } from '../errors.js';
import { traceCommand } from '../telemetry/command-tracer.js';
import { type Key, keyText } from '../util/key.js';
import { isText, type Text } from '../util/text.js';
import type { Backend } from './backend.js';
import { type CommandClient, defineMethod } from './command-client.js';
import type { Lane } from './lane.js';
import { ISSUE_PLAIN } from './members.js';
import type { CommandSink } from './sinks.js';
import { writeKey } from './written-key.js';

const GET = rawSpec('GET', []);
const SET = rawSpec('SET', []);

/** The value of a SET as it is sent; undefined if it is none. */
export function plainValue(value: unknown): Text | undefined {
  if (isText(value)) return value;
  return typeof value === 'number' && !Number.isNaN(value) ? String(value) : undefined;
}

/** A client that has the short way. */
interface PlainClient extends CommandClient {
  get: (...args: never[]) => unknown;
  set: (...args: never[]) => unknown;
  /** Sends a plain GET, or a plain SET if there is a value, and answers its promise. */
  [ISSUE_PLAIN](spec: CommandSpec, key: Text, value?: Text): unknown;
}

/** Lets the `get` and `set` of a client go the short way where they are plain. */
export function shortenPlainMethods(prototype: PlainClient): void {
  const { get, set } = prototype;
  /* eslint-disable prefer-rest-params -- an array for each call would cost as much as its promise */
  defineMethod(prototype, 'get', function (this: PlainClient, key: unknown) {
    if (arguments.length === 1 && isText(key)) return this[ISSUE_PLAIN](GET, key);
    return Reflect.apply(get, this, arguments);
  });
  defineMethod(
    prototype,
    'set',
    function (this: PlainClient, key: unknown, value: unknown, options: unknown) {
      const plain = options === undefined ? plainValue(value) : undefined;
      if (plain !== undefined && isText(key)) return this[ISSUE_PLAIN](SET, key, plain);
      return Reflect.apply(set, this, arguments);
    },
  );
  /* eslint-enable prefer-rest-params */
}

/**
 * The host of a plain GET, or of a plain SET if there is a value.
 *
 * @throws MisuseError for text with a lone surrogate; and what the router throws.
 */
export function hostOfPlain(
  backend: Backend,
  spec: CommandSpec,
  key: Text,
  value: Text | undefined,
): number {
  const { router, routesByKey, partitionRouter } = backend.getRouting();
  if (partitionRouter !== undefined && typeof key === 'string') {
    const hostId = writeKey(partitionRouter, key);
    if (hostId !== undefined) return hostId;
  }
  assertKey(spec.name, 1, key);
  return routesByKey
    ? router.getHostForKey(key)
    : router.getHostForCommand(spec.name, value === undefined ? [key] : [key, value]);
}

/** Puts a plain GET, or a plain SET if there is a value, on its way to a host. */
export function sendPlain(lane: Lane, sink: CommandSink, key: Text, value: Text | undefined): void {
  if (lane.isTraced) appendTraced(lane, sink, key, value);
  else append(lane, sink, key, value);
}

function append(lane: Lane, sink: CommandSink, key: Text, value: Text | undefined): void {
  if (value === undefined) lane.appendGet(key, sink);
  else lane.appendSet(key, value, sink);
}

function appendTraced(lane: Lane, sink: CommandSink, key: Text, value: Text | undefined): void {
  const traced = {
    host: lane.pool.host,
    command: sink.spec.name,
    argumentCount: value === undefined ? 1 : 2,
    keys: [key],
    map: lane.map,
  };
  traceCommand(traced, sink, (tracing) => {
    append(lane, tracing, key, value);
  });
}

/** @throws MisuseError for what is no key; it says which argument of which command. */
export function assertKey(command: string, index: number, key: unknown): void {
  try {
    keyText(key as Key);
  } catch (error) {
    if (!(error instanceof MisuseError)) throw error;
    throw wrongArgument(command, index, error.message);
  }
}

export function wrongArgument(command: string, index: number, problem: string): MisuseError {
  return new MisuseError('RB_INVALID_ARGUMENT', `Argument ${index} of ${command}: ${problem}`);
}
