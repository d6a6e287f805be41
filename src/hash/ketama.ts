/**
 * Ketama, as Python rb builds it: a ring of points, each owned by a node.
 *
 * ```
 *   0 ──●────●──●───────●────●── 2^32 - 1, then 0 again
 *       a    c  a   ^   b    c
 *                   key: belongs to b, the owner of the next point
 * ```
 *
 * A node with the label L owns four points for each MD5 of `L-0-salt`, `L-1-salt`, …: the digest
 * read as little-endian 32-bit numbers. The hash of a key is the first such number of its own MD5.
 * A key that falls exactly on a point goes on to the next one. Where two nodes want the same point,
 * the later one has it.
 */

import { isMap } from 'node:util/types';

import { MisuseError } from '../errors.js';
import { keyText, type Key } from '../util/key.js';
import { assertList } from '../util/list.js';
import { loadCrypto } from '../util/load-module.js';
import { describeType, isRecord } from '../util/validate.js';

/** How many MD5 digests, of four points each, a node of average weight gets. */
const DIGESTS_PER_NODE = 40;

/** Room for the index of a node below a 32-bit point in a number that stays exact. */
const MAX_NODES = 2 ** 21;

/** What one node puts on a ring. */
export interface RingShare {
  /** The text that is hashed; the ring does not keep it. */
  readonly label: string;
  /** How many digests, of four points each. 40 unless told. */
  readonly digests?: number;
}

/** A finished ring. It knows its nodes only by their index in what it was built from. */
export class Ring {
  readonly #points: Uint32Array;
  readonly #owners: Uint32Array;

  constructor(shares: readonly RingShare[]) {
    const packed = packedPoints(shares);
    this.#points = new Uint32Array(packed.length);
    this.#owners = new Uint32Array(packed.length);
    let size = 0;
    for (const value of packed) {
      const point = Math.floor(value / MAX_NODES);
      if (size > 0 && this.#points[size - 1] === point) size--;
      this.#points[size] = point;
      this.#owners[size] = value % MAX_NODES;
      size++;
    }
    this.#points = this.#points.subarray(0, size);
    this.#owners = this.#owners.subarray(0, size);
  }

  /** How many points the ring has. */
  get size(): number {
    return this.#points.length;
  }

  /**
   * The index of the node that owns a key, or -1 on an empty ring.
   *
   * @throws {@link MisuseError} for what is no key.
   */
  ownerOf(key: Key): number {
    const points = this.#points;
    if (points.length === 0) return -1;
    const hash = wordOf(md5(keyText(key)), 0);
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! > hash) high = middle;
      else low = middle + 1;
    }
    return this.#owners[low === points.length ? 0 : low]!;
  }
}

/** All points in ascending order, each with its owner below it, so that a plain sort orders both. */
function packedPoints(shares: readonly RingShare[]): Float64Array {
  let digests = 0;
  for (const share of shares) digests += share.digests ?? DIGESTS_PER_NODE;
  const packed = new Float64Array(digests * 4);
  let next = 0;
  for (const [owner, { label, digests: count = DIGESTS_PER_NODE }] of shares.entries()) {
    for (let i = 0; i < count; i++) {
      const digest = md5(`${label}-${i}-salt`);
      for (let word = 0; word < 4; word++)
        packed[next++] = wordOf(digest, word) * MAX_NODES + owner;
    }
  }
  return packed.sort();
}

let crypto: ReturnType<typeof loadCrypto> | undefined;

/** The digest as a text of 16 characters, one for each byte: several times faster than a Buffer. */
function md5(data: string | Uint8Array): string {
  crypto ??= loadCrypto();
  // The one-shot function is missing before Node 20.12.
  return typeof crypto.hash === 'function'
    ? crypto.hash('md5', data, 'binary')
    : crypto.createHash('md5').update(data).digest('binary');
}

function wordOf(digest: string, index: number): number {
  const at = index * 4;
  const word =
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24);
  return word >>> 0;
}

/** Weights by node; a node that is not in it weighs 1. */
export type KetamaWeights = Readonly<Record<string, number>> | ReadonlyMap<string, number>;

/**
 * A consistent-hash ring over named nodes: when a node comes or goes, only the keys that it gains or
 * loses change their place.
 *
 * @example
 * ```ts
 * const ring = new Ketama(['red', 'blue'], { blue: 2 });
 * ring.getNode('user:1'); // 'red' or 'blue', blue twice as often
 * ring.addNode('green');
 * ```
 */
export class Ketama {
  #weights: ReadonlyMap<string, number>;
  #nodes: readonly string[] = [];
  #ring = new Ring([]);

  /**
   * A ring of these nodes.
   *
   * @param nodes - The names of the nodes; none unless told.
   * @param weights - A share for each node, relative to the others, 0 or more; 1 where left out.
   * @throws RangeError if a weight is negative or not finite, or if all weights are zero.
   * @throws {@link MisuseError} if `nodes` is no list of names, `weights` neither a record nor a Map, or
   *   a weight no number.
   */
  constructor(nodes: Iterable<string> = [], weights: KetamaWeights = {}) {
    assertList('nodes', nodes);
    if (!isMap(weights) && !isRecord(weights)) {
      throw invalid(`weights must be a record or a Map, not ${describeType(weights)}`);
    }
    const own = new Map<string, number>();
    for (const node of nodes) own.set(node, weightIn(weights, node));
    this.#weights = own;
    this.#rebuild(own);
  }

  /** How many points the ring has: 160 for each node when all weigh the same. */
  get pointCount(): number {
    return this.#ring.size;
  }

  /**
   * Adds a node, or sets the weight of one that is there.
   *
   * @param weight - Its share relative to the others; 1 unless told, also for a node that is there.
   * @throws RangeError and {@link MisuseError} as the constructor; the ring then stays as it was.
   */
  addNode(node: string, weight = 1): void {
    this.#rebuild(new Map(this.#weights).set(node, weight));
  }

  /**
   * Removes a node and forgets its weight.
   *
   * @returns Whether it was there.
   * @throws RangeError if only nodes without weight would be left; the ring then stays as it was.
   */
  removeNode(node: string): boolean {
    const weights = new Map(this.#weights);
    if (!weights.delete(node)) return false;
    this.#rebuild(weights);
    return true;
  }

  /**
   * The node that a key belongs to; null when there is no node.
   *
   * @throws {@link MisuseError} for what is no key.
   */
  getNode(key: Key): string | null {
    return this.#nodes[this.#ring.ownerOf(key)] ?? null;
  }

  #rebuild(weights: ReadonlyMap<string, number>): void {
    const ring = new Ring(sharesOf(weights));
    this.#ring = ring;
    this.#weights = weights;
    this.#nodes = [...weights.keys()];
  }
}

function weightIn(weights: KetamaWeights, node: string): number {
  if (isMap(weights)) return weights.get(node) ?? 1;
  return Object.hasOwn(weights, node) ? (weights[node] ?? 1) : 1;
}

function sharesOf(weights: ReadonlyMap<string, number>): RingShare[] {
  let total = 0;
  for (const [node, weight] of weights) {
    checkNode(node, weight);
    total += weight;
  }
  const scale = DIGESTS_PER_NODE * weights.size;
  if (weights.size > 0 && total === 0) throw outOfRange('the weights of all nodes are zero');
  if (!Number.isFinite(scale * total)) throw outOfRange('the weights are too large to be added up');
  // Multiplied before it is divided, as the original does: the other order rounds differently.
  return [...weights].map(([label, weight]) => ({
    label,
    digests: Math.floor((scale * weight) / total),
  }));
}

function checkNode(node: unknown, weight: unknown): void {
  if (typeof node !== 'string') throw invalid('the name of a node must be a string');
  keyText(node);
  if (typeof weight !== 'number') throw invalid('the weight of a node must be a number');
  if (!(weight >= 0 && Number.isFinite(weight))) {
    throw outOfRange('the weight of a node must be a finite number, 0 or more');
  }
}

function invalid(message: string): MisuseError {
  return new MisuseError('RB_INVALID_ARGUMENT', message);
}

function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'RB_INVALID_ARGUMENT' });
}
