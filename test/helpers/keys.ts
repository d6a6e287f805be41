/** Keys that live on a certain host. */

import type { Cluster } from '../../src/cluster.js';

type AnyCluster = Pick<Cluster, 'getRouter'>;

/** So many keys in a row that live elsewhere mean that there is no such host. */
const MAX_MISSES = 100_000;

/** The first `count` keys `<prefix>0`, `<prefix>1`, … that live on the host. */
export function keysOn(
  cluster: AnyCluster,
  hostId: number,
  count: number,
  prefix = 'key',
): string[] {
  const router = cluster.getRouter();
  const keys: string[] = [];
  let misses = 0;
  for (let index = 0; keys.length < count; index++) {
    const key = `${prefix}${index}`;
    const isThere = router.getHostForKey(key) === hostId;
    if (isThere) keys.push(key);
    misses = isThere ? 0 : misses + 1;
    if (misses === MAX_MISSES) throw new Error(`no key lives on host ${hostId}`);
  }
  return keys;
}

/** One key of the host. */
export function keyOn(cluster: AnyCluster, hostId: number, prefix = 'key'): string {
  return keysOn(cluster, hostId, 1, prefix)[0] ?? '';
}
