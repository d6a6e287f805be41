/** From the `hosts` of a cluster to one checked, immutable {@link HostInfo} for each host. */
import type { ConnectionOptions } from 'node:tls';
import { inspect, types, type InspectOptionsStylized } from 'node:util';

import { BadHostSetup } from './errors.js';
import {
  badHost,
  hostIdRule,
  readHostConfig,
  readHostDefaults,
  type GivenHostConfig,
  type HostConfig,
} from './host-config.js';
import { parseHostUrl } from './host-url.js';
import { isIterable } from './util/list.js';
import { describeBadValue, describeType, isRecord, parseDecimal, quote } from './util/validate.js';

export type { HostConfig, HostCredentials } from './host-config.js';

/**
 * The hosts of a cluster: a record or Map of host id to {@link HostConfig}, an iterable of configs
 * with their `hostId`, or an array of URLs, whose index is the host id.
 *
 * @example
 * const asRecord: HostsInput = { 0: { port: 6379 }, 1: { port: 6380 } };
 * const asList: HostsInput = [{ hostId: 0, port: 6379 }, { hostId: 1, port: 6380 }];
 * const asUrls: HostsInput = ['redis://localhost:6379', 'unix:///run/redis/1.sock?db=2'];
 */
export type HostsInput =
  | (Readonly<Record<number, HostConfig>> & { readonly [Symbol.iterator]?: never })
  | ReadonlyMap<number, HostConfig>
  | Iterable<HostConfig & { readonly hostId: number }>
  | readonly string[];

/**
 * One host of a cluster, with the names of its {@link HostConfig} and every default filled in.
 * Immutable. What is secret is readable, but not enumerable, and absent from JSON and
 * `util.inspect`.
 *
 * @example
 * console.log(cluster.hosts.get(0)?.address); // 'localhost:6379'
 */
export class HostInfo {
  /** The id of the host in its cluster. */
  readonly hostId: number;
  /** The host name or IP address; of no effect where there is a `unixSocketPath`. */
  readonly host: string;
  /** The port; of no effect where there is a `unixSocketPath`. */
  readonly port: number;
  /** The path of the unix socket, if the host is reached over one. */
  readonly unixSocketPath: string | undefined;
  /** The number of the database. */
  readonly db: number;
  /** The ACL user, if one was given. */
  readonly username: string | undefined;
  /** Whether to connect over TLS. */
  readonly ssl: boolean;

  readonly #password: string | undefined;
  readonly #credentials: HostConfig['credentials'];
  readonly #sslOptions: Readonly<ConnectionOptions> | undefined;
  readonly #ringLabel: string | undefined;

  /** @param config - checked options; those of `hostDefaults` are already among them. */
  constructor(hostId: number, config: HostConfig) {
    this.hostId = hostId;
    this.host = config.host ?? 'localhost';
    this.port = config.port ?? 6379;
    this.unixSocketPath = config.unixSocketPath;
    this.db = config.db ?? 0;
    this.username = config.username;
    this.ssl = config.ssl ?? false;
    this.#password = config.password;
    this.#credentials = config.credentials;
    this.#sslOptions = config.sslOptions && Object.freeze({ ...config.sslOptions });
    this.#ringLabel = config.ringLabel;
    Object.freeze(this);
  }

  /** The password, if one was given. Not enumerable. */
  get password(): string | undefined {
    return this.#password;
  }

  /** The function to ask for the login at each connect, if one was given. Not enumerable. */
  get credentials(): HostConfig['credentials'] {
    return this.#credentials;
  }

  /** Node's TLS connect options, if some were given: a frozen copy. Not enumerable. */
  get sslOptions(): Readonly<ConnectionOptions> | undefined {
    return this.#sslOptions;
  }

  /** The ring label as it was given, `undefined` if none was. Not enumerable. */
  get ringLabel(): string | undefined {
    return this.#ringLabel;
  }

  /** `host:port`, an IPv6 address in brackets, or the path of the unix socket. */
  get address(): string {
    if (this.unixSocketPath !== undefined) return this.unixSocketPath;
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`;
  }

  /** What may be shown: everything but the secrets, without what was not given. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).filter(([, value]) => value !== undefined));
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    if (depth < 0) return options.stylize('[HostInfo]', 'special');
    return `HostInfo ${inspect(this.toJSON(), options)}`;
  }
}

/**
 * Checks all hosts of a cluster and fills in the defaults.
 *
 * @returns the hosts by id, in the order given; none for `{}`.
 * @throws BadHostSetup that names the host, the option and what is wrong with it, or the id that two
 * hosts have.
 */
export function parseHosts(input: HostsInput, defaults?: HostConfig): Map<number, HostInfo> {
  const checkedDefaults = readHostDefaults(defaults);
  const hosts = new Map<number, HostInfo>();
  for (const [hostId, config] of readEntries(input)) {
    if (hosts.has(hostId)) {
      throw badHost(`host ${hostId}`, 'two hosts have this id', hostId);
    }
    hosts.set(hostId, makeHost(hostId, config, checkedDefaults));
  }
  return hosts;
}

/**
 * Checks a single host, one that is added to a cluster, and fills in the defaults.
 *
 * @throws BadHostSetup that names the host, the option and what is wrong with it.
 */
export function createHost(
  config: HostConfig & { readonly hostId: number },
  defaults?: HostConfig,
): HostInfo {
  const [hostId] = readEntryWithId(config, 'the host to add');
  return makeHost(hostId, config, readHostDefaults(defaults));
}

function makeHost(hostId: number, config: unknown, defaults: GivenHostConfig): HostInfo {
  return new HostInfo(hostId, readHostConfig(config, hostId, defaults));
}

/** A host id that is checked, with a config that is not. */
type Entry = readonly [hostId: number, config: unknown];

function readEntries(input: unknown): Iterable<Entry> {
  if (types.isMap(input)) return readMap(input);
  if (Array.isArray(input) && input.some((entry) => typeof entry === 'string')) {
    return readUrls(input);
  }
  if (isIterable(input)) return readList(input);
  if (isRecord(input)) return readRecord(input);
  throw new BadHostSetup(
    'hosts must be a record or Map of host id to config, an iterable of configs with hostId, ' +
      `or an array of URLs, not ${describeType(input)}`,
  );
}

function* readRecord(record: Record<string, unknown>): Generator<Entry> {
  for (const [key, config] of Object.entries(record)) {
    const hostId = parseDecimal(key);
    if (hostId === undefined) {
      throw new BadHostSetup(
        `hosts: a host id must be a decimal integer of 0 or more, not ${quote(key)}`,
      );
    }
    yield [hostId, config];
  }
}

function* readMap(map: ReadonlyMap<unknown, unknown>): Generator<Entry> {
  for (const [key, config] of map) {
    yield [readHostId(key, 'hosts', 'a host id'), config];
  }
}

function* readUrls(urls: readonly unknown[]): Generator<Entry> {
  for (const [index, url] of urls.entries()) {
    if (typeof url !== 'string') {
      throw new BadHostSetup(
        `hosts[${index}] must be a URL string, as others are, not ${describeType(url)}: ` +
          'URLs and configs cannot be mixed',
      );
    }
    yield [index, readUrl(url, index)];
  }
}

function* readList(list: Iterable<unknown>): Generator<Entry> {
  let index = 0;
  for (const config of list) yield readEntryWithId(config, `hosts[${index++}]`);
}

function readEntryWithId(config: unknown, where: string): Entry {
  if (!isRecord(config)) {
    throw new BadHostSetup(`${where} must be a config with hostId, not ${describeType(config)}`);
  }
  return [readHostId(config['hostId'], where, 'hostId'), config];
}

function readHostId(value: unknown, where: string, name: string): number {
  if (typeof value === 'number' && hostIdRule.accepts(value)) return value === 0 ? 0 : value;
  throw new BadHostSetup(`${where}: ${describeBadValue(name, value, hostIdRule)}`);
}

function readUrl(url: string, hostId: number): HostConfig {
  try {
    return parseHostUrl(url);
  } catch (error) {
    if (!(error instanceof BadHostSetup)) throw error;
    throw badHost(`host ${hostId}`, error.message, hostId);
  }
}
