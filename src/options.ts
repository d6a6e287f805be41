/** The options of pools and calls: their defaults, and the one place where they are checked. */
import { BadHostSetup } from './errors.js';
import { optionError } from './util/option-error.js';
import {
  booleanRule,
  boundRule,
  delayRule,
  describeType,
  findUnknownName,
  integerRule,
  isDelay,
  isRecord,
  readOptions,
  type OptionProblem,
  type OptionRule,
  type OptionRules,
  type OtherNames,
} from './util/validate.js';

/** The pause between two attempts to connect: doubling from one bound to the other. */
export interface ReconnectOptions {
  /** The first pause, in milliseconds. Default: 50. */
  minDelay?: number | undefined;
  /** The longest pause, in milliseconds. Default: 2000. */
  maxDelay?: number | undefined;
}

/**
 * How the connections to each host behave. What is left out, or `undefined`, has its default.
 *
 * @example
 * const cluster = new Cluster({ hosts, poolOptions: { commandTimeout: 500, retries: 0 } });
 */
export interface PoolOptions {
  /** Connections to each host; with more than one, a call keeps to one of them. Default: 1. */
  connectionsPerHost?: number | undefined;
  /** How long connecting may take, in milliseconds. Default: 5000. */
  connectTimeout?: number | undefined;
  /** How long the answer to a command may take, in milliseconds. Default: no limit. */
  commandTimeout?: number | undefined;
  /** Idle milliseconds before TCP keep-alive probes; false is off. Default: 5000. */
  keepAlive?: number | false | undefined;
  /** The pauses between failed attempts to connect, and before a try after `LOADING`. */
  reconnect?: ReconnectOptions | undefined;
  /**
   * How often a command is sent again that is safe to repeat: it was not sent, only reads, or was
   * answered `LOADING`. 0 is off. Default: 1.
   */
  retries?: number | undefined;
  /** Bytes that may wait for each host; `Infinity` for no bound. Default: 256 MiB. */
  maxPendingBytes?: number | undefined;
  /** Commands that may wait for each host; `Infinity` for no bound. Default: 1,000,000. */
  maxPendingCommands?: number | undefined;
  /** What happens to a command above those bounds. Default: `'reject'`. */
  onOverload?: 'reject' | 'wait' | undefined;
  /** The name of the connections in `CLIENT LIST`: printable ASCII, no spaces. Default: none. */
  clientName?: string | undefined;
  /**
   * Whether the event loop may be kept turning, for at most some 60 us, while nothing but a single
   * reply is awaited. That is done only where measuring shows that the reply comes sooner by it, as
   * from a server on the same machine. Default: true.
   */
  busyPoll?: boolean | undefined;
}

/** {@link PoolOptions} with every default filled in. */
export interface ResolvedPoolOptions {
  /** Connections to each host. */
  readonly connectionsPerHost: number;
  /** How long connecting may take, in milliseconds. */
  readonly connectTimeout: number;
  /** How long the answer to a command may take, in milliseconds; undefined for no limit. */
  readonly commandTimeout: number | undefined;
  /** Idle milliseconds before TCP keep-alive probes; false is off. */
  readonly keepAlive: number | false;
  /** The shortest and the longest pause between attempts to connect, in milliseconds. */
  readonly reconnect: Readonly<Record<keyof ReconnectOptions, number>>;
  /** How often a command is sent again that is safe to repeat. */
  readonly retries: number;
  /** Bytes that may wait for each host. */
  readonly maxPendingBytes: number;
  /** Commands that may wait for each host. */
  readonly maxPendingCommands: number;
  /** What happens to a command above those bounds. */
  readonly onOverload: 'reject' | 'wait';
  /** The name of the connections in `CLIENT LIST`; undefined for none. */
  readonly clientName: string | undefined;
  /** Whether the event loop may be kept turning while a single reply is awaited. */
  readonly busyPoll: boolean;
}

/**
 * The options of a call: a map, a fan-out, a list of commands, a join. Not every call takes all.
 *
 * @example
 * await cluster.map((client) => client.get('key'), { timeout: 1000, maxConcurrency: Infinity });
 */
export interface CallOptions {
  /** How long the call may take, in milliseconds, its callback included. Default: no limit. */
  timeout?: number | undefined;
  /** Cancels the call when it is aborted. */
  signal?: AbortSignal | undefined;
  /** On how many hosts the call may have commands unanswered at a time. Default: 64. */
  maxConcurrency?: number | undefined;
  /** Whether neighbouring `GET`s and `SET`s are merged. Default: that of the client, or true. */
  autoBatch?: boolean | undefined;
}

/** {@link CallOptions} after their check; `autoBatch` has its default from the client. */
export interface ResolvedCallOptions {
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly maxConcurrency: number;
  readonly autoBatch: boolean | undefined;
}

const poolDefaults: ResolvedPoolOptions = Object.freeze({
  connectionsPerHost: 1,
  connectTimeout: 5000,
  commandTimeout: undefined,
  keepAlive: 5000,
  reconnect: Object.freeze({ minDelay: 50, maxDelay: 2000 }),
  retries: 1,
  maxPendingBytes: 256 * 1024 * 1024,
  maxPendingCommands: 1_000_000,
  onOverload: 'reject',
  clientName: undefined,
  busyPoll: true,
});

const poolRules: OptionRules<PoolOptions> = {
  connectionsPerHost: integerRule(1),
  connectTimeout: delayRule,
  commandTimeout: delayRule,
  keepAlive: {
    expected: `${delayRule.expected}, or false`,
    accepts: (value) => value === false || isDelay(value),
  },
  reconnect: { expected: 'an object with minDelay and maxDelay', accepts: isRecord },
  retries: integerRule(0),
  maxPendingBytes: boundRule,
  maxPendingCommands: boundRule,
  onOverload: {
    expected: "'reject' or 'wait'",
    accepts: (value) => value === 'reject' || value === 'wait',
  },
  clientName: {
    expected: 'printable ASCII without spaces',
    accepts: (value) => typeof value === 'string' && /^[!-~]+$/.test(value),
  },
  busyPoll: booleanRule,
};

const reconnectRules: OptionRules<ReconnectOptions> = { minDelay: delayRule, maxDelay: delayRule };

const callDefaults: ResolvedCallOptions = Object.freeze({
  timeout: undefined,
  signal: undefined,
  maxConcurrency: 64,
  autoBatch: undefined,
});

const callRules: OptionRules<CallOptions> = {
  timeout: delayRule,
  signal: { expected: 'an AbortSignal', accepts: isAbortSignal },
  maxConcurrency: boundRule,
  autoBatch: booleanRule,
};

/** Stands for an option that its owner checks. */
const anyRule: OptionRule = { expected: 'anything', accepts: () => true };

/**
 * Checks the `poolOptions` of a cluster and fills in the defaults.
 *
 * @throws BadHostSetup that names the option, what it must be, and what it is.
 */
export function resolvePoolOptions(options: PoolOptions | undefined): ResolvedPoolOptions {
  if (options === undefined) return poolDefaults;
  const given = readOptions<PoolOptions>(options, poolRules, refuseAs('poolOptions'));
  const reconnect = resolveReconnect(given.reconnect);
  // The rules have dropped every `undefined`, so that only values replace the defaults.
  return Object.freeze({ ...poolDefaults, ...given, reconnect } as ResolvedPoolOptions);
}

function resolveReconnect(options: ReconnectOptions = {}): ResolvedPoolOptions['reconnect'] {
  const where = 'poolOptions.reconnect';
  const given = readOptions<ReconnectOptions>(options, reconnectRules, refuseAs(where));
  const { minDelay = poolDefaults.reconnect.minDelay, maxDelay = poolDefaults.reconnect.maxDelay } =
    given;
  if (minDelay > maxDelay) {
    throw new BadHostSetup(`${where}: minDelay (${minDelay}) is above maxDelay (${maxDelay})`);
  }
  return Object.freeze({ minDelay, maxDelay });
}

function refuseAs(where: string): (problem: OptionProblem) => BadHostSetup {
  return ({ message }) => new BadHostSetup(`${where}: ${message}`);
}

/** What a kind of call takes: made once, since small maps are called often. */
export type CallRules = OptionRules<Record<string, unknown>>;

function callTakes(...names: (keyof CallOptions)[]): CallRules {
  return Object.fromEntries(names.map((name) => [name, callRules[name]]));
}

export const CALL_OPTIONS = callTakes('timeout', 'signal', 'maxConcurrency', 'autoBatch');
/** `hosts` is let through unread: its owner checks it. */
export const FANOUT_OPTIONS: CallRules = { hosts: anyRule, ...CALL_OPTIONS };
export const CLIENT_OPTIONS = callTakes('maxConcurrency', 'autoBatch');
export const ROUTING_OPTIONS = callTakes('autoBatch');
export const JOIN_OPTIONS = callTakes('timeout', 'signal');

/**
 * Checks the options of a call and fills in the defaults.
 *
 * @param rules - those of what this call takes.
 * @throws MisuseError RB_UNKNOWN_OPTION for any other name, RB_INVALID_ARGUMENT for a bad value.
 */
export function resolveCallOptions(
  options: CallOptions | undefined,
  rules: CallRules,
): ResolvedCallOptions {
  if (options === undefined) return callDefaults;
  const given: CallOptions = readOptions(options, rules, (problem) => optionError(problem));
  return {
    timeout: given.timeout,
    signal: given.signal,
    maxConcurrency: given.maxConcurrency ?? callDefaults.maxConcurrency,
    autoBatch: given.autoBatch,
  };
}

/** By its shape: a signal may come from another realm or library. */
function isAbortSignal(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function' &&
    'removeEventListener' in value &&
    typeof value.removeEventListener === 'function'
  );
}

/** What others call an option of a cluster. */
const otherNames: OtherNames = { nodes: 'hosts', rootNodes: 'hosts', url: 'hosts', urls: 'hosts' };

/**
 * Checks that the `options` of a cluster are an object and hold no name but `known` ones.
 *
 * @param describe - what the options are of; the message begins with it.
 * @throws BadHostSetup that names the first unknown one, and the one that was likely meant.
 *
 * @example
 * checkOptionNames({ hots: {} }, ['hosts', 'router'], 'Cluster');
 * // BadHostSetup: Cluster: unknown option 'hots' (did you mean 'hosts'?); the options are …
 */
export function checkOptionNames(
  options: unknown,
  known: readonly string[],
  describe: string,
): void {
  if (!isRecord(options)) {
    throw new BadHostSetup(`${describe}: options must be an object, not ${describeType(options)}`);
  }
  const unknown = findUnknownName(options, known, { otherNames });
  if (unknown !== undefined) throw new BadHostSetup(`${describe}: ${unknown}`);
}
