/** What every router is, and what a router needs of its cluster. */

import { commandForMessage, keyIndexes, type RawArgument } from '../commands/key-table.js';
import { refusal } from '../commands/refused.js';
import { BadHostSetup, MisuseError, UnroutableCommand } from '../errors.js';
import type { Key } from '../util/key.js';
import { describeType, quote } from '../util/validate.js';

/** What a router may know of a host; a `HostInfo` has all of it. */
export interface HostInfoLike {
  /** The id of the host in its cluster. */
  readonly hostId: number;
  /** The host name or IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** The path of the unix socket, if the host is reached over one. */
  readonly unixSocketPath?: string | undefined;
  /** The number of the database. */
  readonly db: number;
  /** The password, if one was given: the ring label of Python rb contains it. */
  readonly password?: string | undefined;
  /** Whether to connect over TLS. */
  readonly ssl: boolean;
  /** The ring label as it was given, if one was. */
  readonly ringLabel?: string | undefined;
}

/** What a router may know of its cluster. */
export interface RouterCluster {
  /** The hosts by id. A router is made anew after they change. */
  readonly hosts: ReadonlyMap<number, HostInfoLike>;
}

/**
 * A router class, as the `router` option of a cluster takes it. Its constructor may type the cluster,
 * also as `Cluster`, and its options.
 */
export type RouterClass = new (cluster: never, ...options: never[]) => BaseRouter;

/**
 * Decides which host a key lives on. Subclass it and implement `getHostForKey` for a placement of
 * your own, then hand the class to the cluster as `router`.
 *
 * Nothing here talks to a server.
 *
 * @example
 * ```ts
 * class ByFirstLetter extends BaseRouter {
 *   override getHostForKey(key: Key): number {
 *     const text = key instanceof Uint8Array ? Buffer.from(key).toString() : String(key);
 *     return (text.codePointAt(0) ?? 0) % this.cluster.hosts.size;
 *   }
 * }
 * ```
 */
export abstract class BaseRouter {
  /** The cluster that this router belongs to. */
  readonly cluster: RouterCluster;

  /** @param _options - The cluster's `routerOptions`: for subclasses, nothing here reads them. */
  constructor(cluster: RouterCluster, _options?: unknown) {
    this.cluster = cluster;
  }

  /**
   * The one key that a command operates on: the argument itself, as it was given.
   *
   * @param command - The command's name, in any case.
   * @param args - The arguments that follow the name.
   * @throws {@link UnroutableCommand} if the command is unknown, or names no key or several.
   * @throws {@link MisuseError} if the name is no string, or the arguments are no array.
   */
  getKey(command: string, args: readonly RawArgument[]): RawArgument {
    assertWords(command, args);
    const indexes = keyIndexes(command, args);
    if (indexes === undefined) throw unknownCommandError(command);
    if (indexes.length === 0) throw refusal(command, args[0]) ?? noKeyError(command);
    if (indexes.length > 1) throw severalKeysError(command, indexes.length);
    return args[indexes[0]!]!;
  }

  /**
   * The id of the host that a command goes to.
   *
   * @throws {@link UnroutableCommand} as `getKey`, and {@link MisuseError} as `getHostForKey`.
   */
  getHostForCommand(command: string, args: readonly RawArgument[]): number {
    return this.getHostForKey(this.getKey(command, args));
  }

  /**
   * The id of the host that a key lives on.
   *
   * @throws {@link MisuseError} for what is no key.
   */
  abstract getHostForKey(key: Key): number;
}

/**
 * Whether a router decides by the key alone: no subclass looks at the whole command.
 *
 * @internal
 */
export function routesByKey(router: BaseRouter): boolean {
  return (
    router.getHostForCommand === BaseRouter.prototype.getHostForCommand &&
    router.getKey === BaseRouter.prototype.getKey
  );
}

function assertWords(command: unknown, args: unknown): void {
  if (typeof command !== 'string') {
    const given = describeType(command);
    throw new MisuseError('RB_INVALID_ARGUMENT', `a command's name must be a string, not ${given}`);
  }
  if (!Array.isArray(args)) {
    const given = describeType(args);
    throw new MisuseError('RB_INVALID_ARGUMENT', `the arguments must be an array, not ${given}`);
  }
}

/** The error for a command that no table knows. */
export function unknownCommandError(command: string): UnroutableCommand {
  const hint = /\s/.test(command) ? ' (its name and its arguments are separate arguments)' : '';
  return new UnroutableCommand(
    `unknown command ${commandForMessage(command)}${hint}: where its key is, and so its host, ` +
      'cannot be told; send it with a fan-out (targetKey for the host of a key) or with the local ' +
      'client (getLocalClient)',
  );
}

/**
 * The error for a command without a key.
 *
 * @param isEmptyList - whether it was given a list of keys, with none in it.
 */
export function noKeyError(command: string, isEmptyList = false): UnroutableCommand {
  const name = commandForMessage(command);
  const problem = isEmptyList
    ? `${name} names no key: its list of keys is empty, so there is no host for it; what needs no key ` +
      'is sent'
    : `${name} names no key, so there is no host for it; send it`;
  return new UnroutableCommand(
    `${problem} with a fan-out (fanout, all, or targetKey for the host of a key) or with the local ` +
      'client (getLocalClient)',
  );
}

/** What does the same in a map as a command over several keys: to each key it does the same. */
const IN_A_MAP: ReadonlyMap<string, string> = new Map([
  ['MGET', 'mGet'],
  ['MSET', 'mSet'],
  ...['DEL', 'EXISTS', 'TOUCH', 'UNLINK'].map((name) => [name, 'a command for each key'] as const),
]);

/** The error for a command with more than one key, even where all are the same or on one host. */
export function severalKeysError(command: string, count: number): UnroutableCommand {
  const inMap = IN_A_MAP.get(command.toUpperCase());
  const way = inMap === undefined ? '' : `${inMap} in a map, `;
  return new UnroutableCommand(
    `${commandForMessage(command)} names ${count} keys, and only a command with exactly one is ` +
      `routed; use ${way}groupByHost to sort the keys by host, a fan-out with targetKey, or the ` +
      'local client (getLocalClient)',
  );
}

/**
 * The hosts in the order of their ids, which have to be 0, 1, 2, … without a gap.
 *
 * @throws {@link BadHostSetup} if there are no hosts, or one in between is missing.
 */
export function requireGaplessHosts<H extends HostInfoLike>(hosts: ReadonlyMap<number, H>): H[] {
  if (hosts.size === 0) throw new BadHostSetup('no hosts are configured');
  return Array.from({ length: hosts.size }, (_, hostId) => {
    const host = hosts.get(hostId);
    if (host !== undefined) return host;
    throw new BadHostSetup(
      `host ${hostId} is missing: this router needs ids without a gap, from 0 to ` +
        `${hosts.size - 1} for ${hosts.size} ${hosts.size === 1 ? 'host' : 'hosts'}`,
    );
  });
}

/**
 * For a router without options of its own: refuses whatever `routerOptions` holds.
 *
 * @throws {@link MisuseError} `RB_UNKNOWN_OPTION` that names the first one.
 */
export function refuseRouterOptions(options: unknown): void {
  if (options === undefined || options === null) return;
  const [name] = Object.keys(options);
  if (name === undefined) return;
  throw new MisuseError(
    'RB_UNKNOWN_OPTION',
    `unknown option ${quote(name)}: this router has no routerOptions`,
  );
}
