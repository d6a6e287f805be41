import { describe, expect, it } from 'vitest';

import { Ketama, Ring } from '../../src/hash/ketama.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import type { HostInfoLike } from '../../src/routers/router.js';
import { clusterOf, keyOf, readVectors, type RecordedKey } from './vectors.js';

/** The options of a host under their Python names. */
interface RecordedHost {
  readonly host?: string;
  readonly port?: number;
  readonly unix_socket_path?: string;
  readonly db?: number;
  readonly password?: string;
  readonly ssl?: boolean;
  readonly ssl_options?: object | null;
}

interface RouterConfig {
  readonly name: string;
  readonly hosts: Readonly<Record<string, RecordedHost>>;
  readonly host_defaults: RecordedHost;
  readonly labels: Readonly<Record<string, string>>;
  readonly ring_points: number;
  readonly ring_collisions: number;
  readonly cases: readonly (readonly [RecordedKey, number])[];
  readonly exact_hits?: readonly RecordedKey[];
  readonly wrap_around?: readonly RecordedKey[];
}

interface Step {
  readonly op: 'init' | 'add' | 'remove';
  readonly nodes?: readonly string[];
  readonly weights?: Readonly<Record<string, number>> | null;
  readonly node?: string;
  readonly weight?: number;
  readonly ring_points: number;
  readonly cases: readonly (readonly [RecordedKey, string | null])[];
}

interface ClassVectors {
  readonly sequences: readonly { readonly name: string; readonly steps: readonly Step[] }[];
  readonly errors: readonly {
    readonly nodes: readonly string[];
    readonly weights: Readonly<Record<string, number>>;
  }[];
}

const { configs } = readVectors('rb-ketama.json') as { configs: readonly RouterConfig[] };
const { sequences, errors } = readVectors('ketama-class.json') as ClassVectors;

/** Our hosts for a recorded cluster; TLS options of Python are only in the recorded label. */
function hostsOf({
  hosts,
  host_defaults,
  labels,
}: RouterConfig): [number, Partial<HostInfoLike>][] {
  return Object.entries(hosts).map(([id, own]) => {
    const { unix_socket_path, ssl_options, ...rest } = { ...host_defaults, ...own };
    const ringLabel = ssl_options ? { ringLabel: labels[id] } : {};
    return [Number(id), { ...rest, unixSocketPath: unix_socket_path, ...ringLabel }];
  });
}

describe('ConsistentHashingRouter answers as Python rb', () => {
  it.each(configs)('$name: $cases.length keys', (config) => {
    const router = new ConsistentHashingRouter(clusterOf(hostsOf(config)));
    const answers = config.cases.map(([key]) => [key, router.getHostForKey(keyOf(key))]);
    expect(answers).toEqual(config.cases);
    expect(config.cases.length).toBeGreaterThan(0);
  });

  it.each(configs)('$name: the labels make a ring of $ring_points points', (config) => {
    const ring = new Ring(Object.values(config.labels).map((label) => ({ label })));
    expect(ring.size).toBe(config.ring_points - config.ring_collisions);
    const answers = config.cases.map(([key]) => [key, ring.ownerOf(keyOf(key))]);
    expect(answers).toEqual(config.cases);
  });

  it.each(configs)('$name: exact hits and keys around the end are among them', (config) => {
    const asked = new Set(config.cases.map(([key]) => JSON.stringify(key)));
    for (const key of [...(config.exact_hits ?? []), ...(config.wrap_around ?? [])]) {
      expect(asked).toContain(JSON.stringify(key));
    }
  });

  const keys = configs.reduce((sum, { cases }) => sum + cases.length, 0);
  it(`in ${configs.length} clusters with ${keys} keys`, () => {
    expect([configs.length, keys]).toEqual([8, 1365]);
  });
});

function apply(ring: Ketama | undefined, step: Step): Ketama {
  if (step.op === 'init') return new Ketama(step.nodes, step.weights ?? undefined);
  if (step.op === 'add') ring!.addNode(step.node!, step.weight);
  else ring!.removeNode(step.node!);
  return ring!;
}

describe('Ketama answers as the class of Python rb', () => {
  it.each(sequences)('$name: $steps.length steps', ({ steps }) => {
    let ring: Ketama | undefined;
    for (const step of steps) {
      ring = apply(ring, step);
      expect(ring.pointCount).toBe(step.ring_points);
      const answers = step.cases.map(([key]) => [key, ring!.getNode(keyOf(key))]);
      expect(answers).toEqual(step.cases);
    }
  });

  it.each(errors)('refuses $nodes with the weights $weights', ({ nodes, weights }) => {
    expect(() => new Ketama(nodes, weights)).toThrow(RangeError);
  });

  const steps = sequences.flatMap((sequence) => sequence.steps);
  const keys = steps.reduce((sum, { cases }) => sum + cases.length, 0);
  it(`in ${steps.length} steps with ${keys} keys`, () => {
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.every(({ cases }) => cases.length > 0)).toBe(true);
  });
});
