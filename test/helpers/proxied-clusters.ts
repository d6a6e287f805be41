/** A proxy before the first server of a file, and the clusters of a test: all of it ends with the test. */

import { afterEach, beforeEach } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { FaultProxy } from './fault-proxy.js';
import type { FileServers } from './servers.js';

/**
 * Starts a proxy before each test, and tells it to `onStart`. Answers a function that takes a cluster,
 * to be disconnected behind the test, and answers it.
 */
export function useProxy(
  file: FileServers,
  onStart: (proxy: FaultProxy) => void,
): (cluster: Cluster) => Cluster {
  let proxy: FaultProxy;
  const clusters: Cluster[] = [];
  beforeEach(async () => {
    proxy = await FaultProxy.start({ target: { path: file.servers[0]!.socketPath! } });
    onStart(proxy);
  });
  afterEach(async () => {
    await Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools()));
    await proxy.close();
  });
  return (cluster) => {
    clusters.push(cluster);
    return cluster;
  };
}
