/** Reading of the recorded answers in `data`. */

import { readFileSync } from 'node:fs';

import type { HostInfoLike, RouterCluster } from '../../src/routers/router.js';
import type { Key } from '../../src/util/key.js';

/** A key as the files write it. */
export type RecordedKey = string | number | { readonly base64: string };

/** The content of a file; its shape is for the test to say. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8')) as unknown;
}

export function keyOf(recorded: RecordedKey): Key {
  return typeof recorded === 'object' ? Buffer.from(recorded.base64, 'base64') : recorded;
}

/** A cluster of hosts with the defaults of a host, as far as a router looks at it. */
export function clusterOf(hosts: Iterable<[number, Partial<HostInfoLike>]>): RouterCluster {
  const entries = [...hosts].map(([hostId, host]): [number, HostInfoLike] => [
    hostId,
    { host: 'localhost', port: 6379, db: 0, ssl: false, ...host, hostId },
  ]);
  return { hosts: new Map(entries) };
}
