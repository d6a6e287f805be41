/** Where keys are in a cluster, or would be. */

import { Cluster, type ClusterOptions } from '../cluster.js';
import type { HostConfig } from '../hosts.js';
import type { BaseRouter } from '../routers/router.js';

/** Counts keys by the host that a router puts them on. */
export class Placement {
  /** The name of the router. */
  readonly router: string;
  /** The number of hosts. */
  readonly hosts: number;
  /** The keys of each host, by its id. */
  readonly counts: Map<number, number>;
  /** Of how many keys the host is another than the one that they were compared with. */
  moved = 0;
  readonly #router: BaseRouter;

  constructor(cluster: Cluster) {
    this.#router = cluster.getRouter();
    this.router = this.#router.constructor.name;
    this.hosts = cluster.hosts.size;
    const ids = [...cluster.hosts.keys()].sort((a, b) => a - b);
    this.counts = new Map(ids.map((id) => [id, 0]));
  }

  /** How many keys were added. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Adds a key, compares its host with another, and answers it. */
  add(key: string | Buffer, before?: number): number {
    const host = this.#router.getHostForKey(key);
    this.counts.set(host, (this.counts.get(host) ?? 0) + 1);
    if (before !== undefined && before !== host) this.moved += 1;
    return host;
  }

  /** Whether both have the same router and number of hosts. */
  isLike(other: Placement): boolean {
    return this.router === other.router && this.hosts === other.hosts;
  }
}

/** The options of a like cluster with the first hosts of this one, and made-up ones if it has fewer. */
export function withHostCount(options: ClusterOptions, count: number): ClusterOptions {
  const known = new Cluster(options).hosts;
  const hosts = new Map<number, HostConfig>();
  for (let id = 0; id < count; id++) {
    const host = known.get(id);
    // What a ring depends on, all of it; other options are of no use where nothing connects.
    hosts.set(
      id,
      host === undefined
        ? { host: `new-host-${id}` }
        : {
            ...{ host: host.host, port: host.port, db: host.db, ssl: host.ssl },
            ...{ unixSocketPath: host.unixSocketPath, password: host.password },
            ringLabel: host.ringLabel,
          },
    );
  }
  const { router, routerOptions } = options;
  return { hosts, router, routerOptions };
}
