import { crc32, crc32OfString, writeSummed } from '../hash/crc32.js';
import { keyBytes, type Key } from '../util/key.js';
import {
  BaseRouter,
  refuseRouterOptions,
  requireGaplessHosts,
  routesByKey,
  type RouterCluster,
} from './router.js';

/**
 * The default router: the CRC-32 of the key, read as a signed number, modulo the number of hosts.
 *
 * Nearly every key changes its host when the number of hosts changes.
 *
 * @throws {@link BadHostSetup} if there are no hosts, or if their ids are not gapless from 0.
 * @example
 * const router = new PartitionRouter({ hosts: cluster.hosts });
 * router.getHostForKey('user:1'); // the same as cluster.getRouter() answers by default
 */
export class PartitionRouter extends BaseRouter {
  readonly #hostCount: number;

  /**
   * @param cluster - the hosts to choose from.
   * @param options - none: the router has no options, and refuses any.
   */
  constructor(cluster: RouterCluster, options?: unknown) {
    super(cluster, options);
    refuseRouterOptions(options);
    this.#hostCount = requireGaplessHosts(cluster.hosts).length;
  }

  /** The id of the host that the key's checksum falls on. */
  override getHostForKey(key: Key): number {
    return this.#hostOf(typeof key === 'string' ? crc32OfString(key) : crc32(keyBytes(key)));
  }

  /**
   * The same for a key of which there are bytes already, from `start` to `end`.
   *
   * @internal
   */
  getHostForBytes(bytes: Uint8Array, start: number, end: number): number {
    return this.#hostOf(crc32(bytes, start, end));
  }

  /**
   * The same for a key of ASCII, which is written into `target` in one go with that; undefined for
   * any other text, of which a part may be written then.
   *
   * @internal
   */
  writeAndGetHost(text: string, target: DataView): number | undefined {
    const crc = writeSummed(text, target);
    return crc === undefined ? undefined : this.#hostOf(crc);
  }

  #hostOf(crc: number): number {
    const count = this.#hostCount;
    // As Python's modulo, which is never negative. Of two numbers that are not negative, V8 takes it
    // in integers.
    return crc < 0 ? count - 1 - (~crc % count) : crc % count;
  }
}

/**
 * The router itself, if it is a {@link PartitionRouter} of which no subclass has changed where keys
 * go.
 *
 * @internal
 */
export function asPartitionRouter(router: BaseRouter): PartitionRouter | undefined {
  if (!(router instanceof PartitionRouter) || !routesByKey(router)) return undefined;
  const isOriginal = router.getHostForKey === PartitionRouter.prototype.getHostForKey;
  return isOriginal ? router : undefined;
}
