/**
 * Every error class of the library, each with a `name` and a `code`.
 *
 * No message here ever holds a password, a key, a value or a command's arguments, but for what the
 * server says.
 */

import { isInstance, textOf } from './util/foreign.js';

/** What a rejected command's error says about where it was going. */
export interface CommandErrorFields {
  /** The host that the command was for. */
  hostId?: number;
  /** `host:port` or the path of the unix socket. */
  address?: string;
  /** The command's name, never its arguments. */
  command?: string;
  /**
   * Whether the server may have executed the command. Left out where the server itself answered:
   * then the answer says it.
   */
  maybeExecuted?: boolean;
}

/**
 * The base of every error class of the library but {@link MapError} and {@link MisuseError}.
 *
 * @example
 * try {
 *   await client.incr('visits');
 * } catch (error) {
 *   if (error instanceof RbError && error.maybeExecuted === false) await client.incr('visits');
 * }
 */
export abstract class RbError extends Error implements CommandErrorFields {
  /** A stable identifier of the kind of error, `RB_…`. */
  abstract readonly code: string;
  declare hostId?: number;
  declare address?: string;
  declare command?: string;
  declare maybeExecuted?: boolean;

  static {
    this.prototype.name = 'RbError';
  }
}

/**
 * A command that cannot be sent to one host over the shared connection: it is unknown, names no
 * key or more than one, or would change the state of the connection. The message names the way out.
 *
 * @example
 * await client.del(['a', 'b']); // rejects: two keys may be on two hosts
 */
export class UnroutableCommand extends RbError {
  override readonly code = 'RB_UNROUTABLE';
  static {
    this.prototype.name = 'UnroutableCommand';
  }
}

/** The hosts of a cluster, or a value in their configuration, cannot be used. */
export class BadHostSetup extends RbError {
  override readonly code = 'RB_BAD_HOST_SETUP';
  static {
    this.prototype.name = 'BadHostSetup';
  }
}

/**
 * A connection could not be made, or was lost. `cause` is what the socket or the server said, where
 * they did; `maybeExecuted` tells whether the command may have run.
 */
export class ConnectionError extends RbError {
  override readonly code: 'RB_CONNECTION' | 'RB_PROTOCOL' = 'RB_CONNECTION';
  static {
    this.prototype.name = 'ConnectionError';
  }
}

/**
 * The server broke the protocol or one of the decoder's limits; the connection is closed. For a value
 * that is only longer than a string can be, it goes on.
 */
export class ProtocolError extends ConnectionError {
  override readonly code = 'RB_PROTOCOL';
  static {
    this.prototype.name = 'ProtocolError';
  }
}

/**
 * A connect, command, join or call timeout.
 *
 * @example
 * try {
 *   await cluster.map((c) => c.get('key'), { timeout: 100 });
 * } catch (error) {
 *   if (error instanceof TimeoutError) console.log('silent hosts:', error.hosts);
 * }
 */
export class TimeoutError extends RbError {
  override readonly code = 'RB_TIMEOUT';
  /** The ids of the hosts that had not answered, where a whole call timed out. */
  declare hosts?: readonly number[];
  static {
    this.prototype.name = 'TimeoutError';
  }
}

/** The command was given up: by `cancel()`, by an abort signal, or because the callback threw. */
export class CancelledError extends RbError {
  override readonly code = 'RB_CANCELLED';
  static {
    this.prototype.name = 'CancelledError';
  }
}

/** A client used after its call has ended, or a cluster while it closes. */
export class ClosedError extends RbError {
  override readonly code = 'RB_CLOSED';
  static {
    this.prototype.name = 'ClosedError';
  }
}

/**
 * A host has as many commands or bytes waiting as `maxPendingCommands` and `maxPendingBytes` of
 * `poolOptions` allow. The command was not sent.
 */
export class OverloadError extends RbError {
  override readonly code = 'RB_OVERLOAD';
  static {
    this.prototype.name = 'OverloadError';
  }
}

/**
 * The server answered with an error. The message is the server's own.
 *
 * @example
 * const error = await client.incr('text').catch((reason) => reason);
 * if (error instanceof ReplyError && error.kind === 'WRONGTYPE') console.log(error.hostId);
 */
export class ReplyError extends RbError {
  override readonly code = 'RB_REPLY';
  static {
    this.prototype.name = 'ReplyError';
  }

  /** The first word of the answer: `ERR`, `WRONGTYPE`, `OOM`, … */
  get kind(): string {
    const space = this.message.indexOf(' ');
    return space === -1 ? this.message : this.message.slice(0, space);
  }
}

/**
 * Misuse of the library by its caller: a `TypeError` with a {@link MisuseCode}. Methods of commands
 * do not throw it, they reject with it.
 */
export class MisuseError extends TypeError implements CommandErrorFields {
  /** Which misuse it is. */
  readonly code: MisuseCode;
  declare hostId?: number;
  declare address?: string;
  declare command?: string;
  declare maybeExecuted?: boolean;

  /**
   * @param code - which misuse it is.
   * @param message - what was wrong, and what was expected.
   */
  constructor(code: MisuseCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The kinds of misuse: a wrong argument, an option that there is not, a client targeted twice, a
 * promise settled twice, a promise resolved with itself.
 */
export type MisuseCode =
  | 'RB_INVALID_ARGUMENT'
  | 'RB_UNKNOWN_OPTION'
  | 'RB_ALREADY_TARGETED'
  | 'RB_ALREADY_SETTLED'
  | 'RB_SELF_RESOLUTION';

/** What a {@link MapError} is made of. */
export interface MapErrorDetails {
  /** Why, in the order of issue; one object may stand for several commands. */
  readonly reasons: readonly unknown[];
  /** How many commands failed; as many as there are reasons unless told. */
  readonly failed?: number;
  /** How many commands the call had. */
  readonly total: number;
  /** The results of `executeCommands`, every promise settled. */
  readonly results?: unknown;
}

/**
 * Several commands of a join failed. `errors` holds each error object once, in order of issue.
 * Commands that were struck by one cause may share one object.
 *
 * @example
 * try {
 *   await cluster.map((c) => keys.forEach((key) => void c.incr(key)));
 * } catch (error) {
 *   if (error instanceof MapError) console.log(`${error.failed} of ${error.total}`, error.errors);
 * }
 */
export class MapError extends AggregateError {
  /** A stable identifier of the kind of error. */
  readonly code = 'RB_MAP';
  /** How many commands failed, or a callback of them: one that fails in several ways counts once. */
  readonly failed: number;
  /** How many commands the call had. */
  readonly total: number;
  /** Of `executeCommands`: the whole result, with every promise settled. Not enumerable. */
  declare readonly results?: unknown;
  static {
    this.prototype.name = 'MapError';
  }

  /** @param details - what failed, of how much; see {@link MapErrorDetails}. */
  constructor({ reasons, failed = reasons.length, total, results }: MapErrorDetails) {
    super(
      [...new Set(reasons)],
      `${failed} of ${total} commands failed (${firstOfEachHost(reasons)})`,
    );
    this.failed = failed;
    this.total = total;
    if (results !== undefined) {
      Object.defineProperty(this, 'results', { value: results, configurable: true });
    }
  }
}

function firstOfEachHost(reasons: readonly unknown[]): string {
  const firstByHost = new Map<number | undefined, unknown>();
  for (const [hostId, reason] of reasons.flatMap(byHost)) {
    if (!firstByHost.has(hostId)) firstByHost.set(hostId, reason);
  }
  return describeReasons(firstByHost);
}

function describeReasons(byHostId: ReadonlyMap<number | undefined, unknown>): string {
  const parts = [...byHostId].map(([hostId, reason]) => {
    const text = withCommand(reason);
    return hostId === undefined ? text : `host ${hostId}: ${text}`;
  });
  return parts.join('; ');
}

/** The text of a reason, and in front of it the command, where it is known and not in the text. */
function withCommand(reason: unknown): string {
  const text = textOf(reason);
  const command = commandOf(reason);
  const isTold = command === undefined || text.split(/[^\w.|-]+/).includes(command);
  return isTold ? text : `${command}: ${text}`;
}

/** Of our own errors only, where it is a name alone: what others call so may be a whole command. */
function commandOf(reason: unknown): string | undefined {
  if (!isInstance(reason, RbError) && !isInstance(reason, MisuseError)) return undefined;
  try {
    return reason.command;
  } catch {
    return undefined;
  }
}

/** A reason with its host, if it has one; that of a fanned-out command comes from each of its hosts. */
function byHost(reason: unknown): [hostId: number | undefined, reason: unknown][] {
  if (isInstance(reason, FanoutError)) return [...reason.errors];
  return [[hostOf(reason), reason]];
}

/** A reason that callers made may have anything there, or throw. */
function hostOf(reason: unknown): number | undefined {
  try {
    const hostId: unknown = (reason as CommandErrorFields | undefined | null)?.hostId;
    return typeof hostId === 'number' ? hostId : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A fanned-out command failed on some hosts; `values` has the answers of the others.
 *
 * @example
 * try {
 *   await cluster.all((c) => c.ping());
 * } catch (error) {
 *   if (error instanceof FanoutError) console.log('failed:', [...error.errors.keys()]);
 * }
 */
export class FanoutError<T = unknown> extends RbError {
  override readonly code = 'RB_FANOUT';
  static {
    this.prototype.name = 'FanoutError';
  }

  /** The answer of each host that did not fail. Not enumerable, so that nothing shows the values. */
  declare readonly values: ReadonlyMap<number, T>;

  /**
   * @param errors - the reason of each host that failed, by host id.
   * @param values - the answer of each other host, by host id.
   */
  constructor(
    /** The reason of each host that failed. */
    readonly errors: ReadonlyMap<number, unknown>,
    values: ReadonlyMap<number, T>,
  ) {
    const total = errors.size + values.size;
    super(`failed on ${errors.size} of ${total} hosts (${describeReasons(errors)})`);
    Object.defineProperty(this, 'values', { value: values, configurable: true });
  }
}
