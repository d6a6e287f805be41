import { describe, expect, it } from 'vitest';

import { BadHostSetup, MisuseError } from '../../src/errors.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import type { Key } from '../../src/util/key.js';
import { clusterOf, keyOf, readVectors, type RecordedKey } from './vectors.js';

interface PartitionVectors {
  readonly clusters: readonly {
    readonly hosts: number;
    readonly cases: readonly (readonly [RecordedKey, number])[];
  }[];
  readonly odd: readonly { readonly hosts: number; readonly key: unknown }[];
  readonly bad_setups: readonly {
    readonly router: 'PartitionRouter' | 'ConsistentHashingRouter';
    readonly hosts: Readonly<Record<string, object>>;
    readonly error: { readonly class: string };
  }[];
}

const vectors = readVectors('rb-partition.json') as PartitionVectors;
const routers = { PartitionRouter, ConsistentHashingRouter };

function clusterOfSize(size: number) {
  return clusterOf(Array.from({ length: size }, (_, hostId) => [hostId, {}]));
}

describe('PartitionRouter answers as Python rb', () => {
  it.each(vectors.clusters)('for $cases.length keys on $hosts hosts', ({ hosts, cases }) => {
    const router = new PartitionRouter(clusterOfSize(hosts));
    const answers = cases.map(([key]) => [key, router.getHostForKey(keyOf(key))]);
    expect(answers).toEqual(cases);
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(vectors.odd)('but refuses $key, which is no key', ({ hosts, key }) => {
    const router = new PartitionRouter(clusterOfSize(hosts));
    expect(() => router.getHostForKey(key as Key)).toThrow(MisuseError);
  });

  it.each(vectors.bad_setups)('$router refuses the hosts $hosts', ({ router, hosts, error }) => {
    const entries = Object.keys(hosts).map((id): [number, object] => [Number(id), {}]);
    const act = () => new routers[router](clusterOf(entries));
    expect(error.class).toBe('BadHostSetup');
    expect(act).toThrow(BadHostSetup);
  });

  const keys = vectors.clusters.reduce((sum, { cases }) => sum + cases.length, 0);
  it(`in ${keys} keys, ${vectors.odd.length} odd values, ${vectors.bad_setups.length} setups`, () => {
    expect([keys, vectors.odd.length, vectors.bad_setups.length]).toEqual([1862, 7, 8]);
  });
});
