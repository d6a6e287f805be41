/** What is published on the tracing channels: never a value, and no password. */

import type { Key } from '../util/key.js';

/** Where something goes. */
export interface HostTrace {
  /** The id of the host. */
  readonly hostId: number;
  /** `host:port` or the path of the unix socket. */
  readonly address: string;
  /** The host name or IP address, or the path of the unix socket. */
  readonly serverAddress: string;
  /** Undefined for a unix socket. */
  readonly serverPort: number | undefined;
  /** The number of the database. */
  readonly db: number;
}

/**
 * A command for one host, from when it is issued to its answer; published on the tracing channel
 * `redis-blaster:command`. A fan-out has one for each host. What is refused before it has a host is
 * not traced.
 */
export interface CommandTrace extends HostTrace {
  /** Its first word, in upper case; cut short where that is no name. */
  readonly command: string;
  /** How many arguments are behind that. */
  readonly argumentCount: number;
  /** The keys among them. Not enumerable: who does not ask for them by name does not get them. */
  readonly keys: readonly Key[];
  /** The map or fan-out that it was issued in; undefined for others. */
  readonly map: MapTrace | undefined;
  /**
   * How many commands of callers went out merged into one with it, itself included; 1 for one that
   * went out as it is. Known from `asyncStart` on.
   */
  readonly mergedCount: number;
  /** Why it failed: the server's error, or why there is no answer. */
  readonly error?: unknown;
}

/**
 * A batch: commands that go to one host in one piece, from when they leave their buffer to the last
 * answer; published on the tracing channel `redis-blaster:batch`. It is traced whether it is one
 * command or thousands.
 */
export interface BatchTrace extends HostTrace {
  /** How many commands of callers it is made of. */
  readonly commands: number;
  /** How many commands are sent for them: fewer where some were merged. */
  readonly requests: number;
  /** The name of the commands that are sent, if it is the same for all: `GET`, `MGET`, … */
  readonly command: string | undefined;
  /** How many bytes are sent. */
  readonly bytes: number;
  /** Whether it is a command that may block, on a connection of its own. */
  readonly isBlocking: boolean;
  /** The map or fan-out whose commands they are; undefined for others. */
  readonly map: MapTrace | undefined;
  /** How many commands of callers have failed. Known from `asyncStart` on. */
  readonly failed: number;
  /** The first failure, if there was one. */
  readonly error?: unknown;
}

/** The methods that are traced as a map. */
export type MapOperation = 'map' | 'fanout' | 'all' | 'executeCommands';

/**
 * A map, a fan-out or a call of `executeCommands`, from its beginning to the end of its join;
 * published on the tracing channel `redis-blaster:map`. Its callback runs between `start` and `end`.
 */
export interface MapTrace {
  /** Which of the methods was called. */
  readonly operation: MapOperation;
  /** How many commands were issued in it. Known from `asyncStart` on. */
  readonly commands: number;
  /** What the call is rejected with. */
  readonly error?: unknown;
  /**
   * Has the callback run inside `runner`, which must call what it is given and answer what that
   * answers. For listeners to `start` that have a context to run it in, and no `AsyncLocalStorage`
   * for `bindStore`.
   */
  runIn(runner: <T>(fn: () => T) => T): void;
}

/**
 * A connection, from when it is opened to when it can be used or has failed; published on the tracing
 * channel `redis-blaster:connection`. When one that could be used has ended, the same object is
 * published once more, on the channel `redis-blaster:connection-closed`.
 */
export interface ConnectionTrace extends HostTrace {
  /** Whether it is one of those that blocking commands have for themselves. */
  readonly isBlocking: boolean;
  /** How many requests were handed to it and are not answered, at the moment at which it is read. */
  readonly pending: number;
  /**
   * Why it could not be opened; on `redis-blaster:connection-closed`, why it was lost. Left out for a
   * connection that was ended on purpose.
   */
  readonly error?: unknown;
}
