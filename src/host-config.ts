/** The configuration of one host: its options, their rules, and which of them exclude each other. */
import type { ConnectionOptions } from 'node:tls';

import { BadHostSetup } from './errors.js';
import {
  booleanRule,
  hostNameRule,
  integerRule,
  isRecord,
  readOptions,
  socketPathRule,
  stringRule,
  type OptionProblem,
  type OptionRules,
  type OtherNames,
} from './util/validate.js';

/** What a host's `credentials` function answers: the login for the connection that is made. */
export interface HostCredentials {
  /** The ACL user; left out, the server's default user. */
  username?: string | undefined;
  /** The password of that user. */
  password: string;
}

/**
 * How to reach one host. What is left out, or `undefined`, is taken from `hostDefaults`, then from
 * the defaults named here.
 *
 * @example
 * const hosts = { 0: { port: 6380, db: 1 }, 1: { unixSocketPath: '/run/redis/1.sock' } };
 */
export interface HostConfig {
  /** A host name or an IP address, IPv6 without brackets. Default: `'localhost'`. */
  host?: string | undefined;
  /** 1 to 65535. Default: 6379. */
  port?: number | undefined;
  /** The path of a unix socket; used in place of `host` and `port`, also if those are given. */
  unixSocketPath?: string | undefined;
  /** The number of the database. Default: 0. */
  db?: number | undefined;
  /** The ACL user. */
  username?: string | undefined;
  /** The password; it never shows in errors, JSON or `util.inspect`. */
  password?: string | undefined;
  /**
   * Asked for the login at each connect, in place of `username` and `password`.
   *
   * @example
   * const config: HostConfig = { credentials: async () => ({ password: await readSecret() }) };
   */
  credentials?: (() => HostCredentials | PromiseLike<HostCredentials>) | undefined;
  /** Whether to connect over TLS. Default: false. */
  ssl?: boolean | undefined;
  /**
   * Node's TLS connect options, used where `ssl` is true. Refused over a unix socket. A host's own
   * options replace those of `hostDefaults` as a whole.
   */
  sslOptions?: ConnectionOptions | undefined;
  /**
   * The text that stands for this host on a consistent-hash ring. Left out, it is the one that
   * Python rb would put there, in which the password is contained and `ssl_options` is None.
   */
  ringLabel?: string | undefined;
}

/** What {@link readHostConfig} reads: the id may stand among the options. */
type HostConfigWithId = HostConfig & { hostId: number };

/** A host's options as they were given, checked. */
export type GivenHostConfig = Partial<HostConfig>;

/** The rule of a host id wherever it is given as a number. */
export const hostIdRule = integerRule(0);

const hostRules: OptionRules<HostConfig> = {
  host: hostNameRule,
  port: integerRule(1, 65535),
  unixSocketPath: socketPathRule,
  db: integerRule(0),
  username: stringRule,
  password: { ...stringRule, isSecret: true },
  credentials: {
    expected: 'a function that answers { username?, password }',
    accepts: (value) => typeof value === 'function',
    isSecret: true,
  },
  ssl: booleanRule,
  sslOptions: { expected: "an object of Node's TLS options", accepts: isRecord, isSecret: true },
  ringLabel: { ...stringRule, isSecret: true },
};

const hostRulesWithId: OptionRules<HostConfigWithId> = {
  hostId: hostIdRule,
  ...hostRules,
};

const otherNames: OtherNames = { database: 'db', path: 'unixSocketPath', tls: 'ssl' };

/** The pairs of options that cannot stand together in what a host ends up with. */
const exclusions: readonly {
  readonly names: readonly [keyof HostConfig, keyof HostConfig];
  readonly why: string;
}[] = [
  { names: ['username', 'credentials'], why: 'credentials answers the username' },
  { names: ['password', 'credentials'], why: 'credentials answers the password' },
  { names: ['unixSocketPath', 'sslOptions'], why: 'there is no TLS over a unix socket' },
  { names: ['unixSocketPath', 'ssl'], why: 'there is no TLS over a unix socket' },
];

/**
 * A problem of one host.
 *
 * @param where - what the message begins with: `host 3`, `hostDefaults`.
 */
export function badHost(where: string, problem: string, hostId?: number): BadHostSetup {
  const error = new BadHostSetup(`${where}: ${problem}`);
  if (hostId !== undefined) error.hostId = hostId;
  return error;
}

/** Checks the `hostDefaults` of a cluster. */
export function readHostDefaults(defaults: unknown): GivenHostConfig {
  if (defaults === undefined) return {};
  const where = 'hostDefaults';
  const refuse = ({ message }: OptionProblem) => badHost(where, message);
  const read = readOptions<HostConfig>(defaults, hostRules, refuse, otherNames);
  checkExclusions(read, {}, where);
  return read;
}

/**
 * Checks a host's options and fills what they leave out from the (checked) defaults.
 *
 * A `hostId` among them is let through where it is the host's id.
 */
export function readHostConfig(
  config: unknown,
  hostId: number,
  defaults: GivenHostConfig,
): GivenHostConfig {
  const where = `host ${hostId}`;
  const { hostId: ownId = hostId, ...own } = readOptions<HostConfigWithId>(
    config,
    hostRulesWithId,
    ({ message }) => badHost(where, message, hostId),
    otherNames,
  );
  if (ownId !== hostId) {
    throw badHost(where, `hostId is ${ownId}, which contradicts its key`, hostId);
  }
  checkExclusions(own, defaults, where, hostId);
  return { ...defaults, ...own };
}

function checkExclusions(
  own: GivenHostConfig,
  defaults: GivenHostConfig,
  where: string,
  hostId?: number,
): void {
  const merged = { ...defaults, ...own };
  const describe = (name: keyof HostConfig) =>
    `${name}${name === 'ssl' ? ': true' : ''}${own[name] === undefined ? ' (of hostDefaults)' : ''}`;
  for (const { names, why } of exclusions) {
    // `ssl: false` is the one value that is as good as none.
    if (names.some((name) => merged[name] === undefined || merged[name] === false)) continue;
    const [one, other] = names.map(describe);
    throw badHost(where, `${one} cannot be combined with ${other}: ${why}`, hostId);
  }
}
