/** Keys that live on a certain host. */

import type { Cluster } from '../../src/cluster.js';

type AnyCluster = Pick<Cluster, 'getRouter'>;

/** The first `count` keys `<prefix>0`, `<prefix>1`, … that live on the host. */
export function keysOn(
  cluster: AnyCluster,
  hostId: number,
  count: number,
  prefix = 'key',
): string[] {
  const router = cluster.getRouter();
  const keys: string[] = [];
  for (let index = 0; keys.length < count; index++) {
    const key = `${prefix}${index}`;
    if (router.getHostForKey(key) === hostId) keys.push(key);
  }
  return keys;
}

/** One key of the host. */
export function keyOn(cluster: AnyCluster, hostId: number, prefix = 'key'): string {
  return keysOn(cluster, hostId, 1, prefix)[0] ?? '';
}
