import { BadHostSetup } from '../errors.js';
import { Ring } from '../hash/ketama.js';
import type { Key } from '../util/key.js';
import { pythonRepr } from './python-repr.js';
import {
  BaseRouter,
  refuseRouterOptions,
  requireGaplessHosts,
  type HostInfoLike,
  type RouterCluster,
} from './router.js';

/**
 * Routes by consistent hashing (ketama), over the very ring that Python rb builds for these hosts.
 *
 * What a host puts on the ring is its `ringLabel`, or else a text made of its id, host, port, unix
 * socket, db, `ssl` and password: changing one of these moves keys. Labels are hashed and dropped,
 * so no password stays in here.
 *
 * @throws {@link BadHostSetup} if there are no hosts, if their ids are not gapless from 0, or if two
 * hosts have the same `ringLabel`.
 * @example
 * const cluster = new Cluster({
 *   hosts: { 0: { port: 7001, ringLabel: 'a' }, 1: { port: 7002, ringLabel: 'b' } },
 *   router: ConsistentHashingRouter,
 * });
 */
export class ConsistentHashingRouter extends BaseRouter {
  readonly #ring: Ring;

  /**
   * @param cluster - the hosts to choose from, with distinct ring labels.
   * @param options - none: the router has no options, and refuses any.
   */
  constructor(cluster: RouterCluster, options?: unknown) {
    super(cluster, options);
    refuseRouterOptions(options);
    this.#ring = new Ring(ringLabels(cluster.hosts).map((label) => ({ label })));
  }

  /** The id of the host that owns the next point of the ring after the key's hash. */
  override getHostForKey(key: Key): number {
    return this.#ring.ownerOf(key);
  }
}

/** The label of each host, at the index that is its id. */
function ringLabels(hosts: ReadonlyMap<number, HostInfoLike>): string[] {
  const hostIdByLabel = new Map<string, number>();
  for (const [hostId, host] of requireGaplessHosts(hosts).entries()) {
    const label = host.ringLabel ?? hostRepr(host);
    const twin = hostIdByLabel.get(label);
    if (twin !== undefined) {
      throw new BadHostSetup(`hosts ${twin} and ${hostId} have the same ringLabel`);
    }
    hostIdByLabel.set(label, hostId);
  }
  return [...hostIdByLabel.keys()];
}

/** How Python rb writes a host; its `ssl_options` cannot be written from here and are left None. */
function hostRepr(host: HostInfoLike): string {
  const fields = [
    `db=${pythonRepr(host.db)}`,
    `host=${pythonRepr(host.host)}`,
    `host_id=${pythonRepr(host.hostId)}`,
    `password=${pythonRepr(host.password)}`,
    `port=${pythonRepr(host.port)}`,
    `ssl=${pythonRepr(host.ssl)}`,
    'ssl_options=None',
    `unix_socket_path=${pythonRepr(host.unixSocketPath)}`,
  ];
  return `<HostInfo ${fields.join(' ')}>`;
}
