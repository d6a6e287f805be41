import { runInNewContext } from 'node:vm';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MisuseError } from '../../src/errors.js';
import { Ketama, type KetamaWeights, Ring } from '../../src/hash/ketama.js';

describe('Ketama', () => {
  it('answers null when it has no nodes', () => {
    expect(new Ketama([]).getNode('key')).toBeNull();
    expect(new Ketama().pointCount).toBe(0);
  });

  it('takes nodes from any iterable, and each name once', () => {
    const ring = new Ketama(new Set(['a', 'b']).values());
    expect(ring.pointCount).toBe(320);
    expect(new Ketama(['a', 'b', 'a']).pointCount).toBe(320);
  });

  it('takes weights from a record and from a Map alike', () => {
    const byRecord = new Ketama(['a', 'b'], { a: 3 });
    const byMap = new Ketama(['a', 'b'], new Map([['a', 3]]));
    expect(byRecord.pointCount).toBe(320);
    for (let i = 0; i < 100; i++) expect(byRecord.getNode(i)).toBe(byMap.getNode(i));
  });

  it('takes weights from a Map of another realm', () => {
    const foreign = runInNewContext("new Map([['a', 9]])") as Map<string, number>;
    const share = (ring: Ketama) =>
      Array.from({ length: 1000 }, (_, i) => ring.getNode(i)).filter((node) => node === 'a').length;
    const own = new Ketama(['a', 'b'], new Map(foreign));
    expect(share(new Ketama(['a', 'b'], foreign))).toBe(share(own));
  });

  it('takes no weight from the prototype of the record', () => {
    expect(new Ketama(['constructor', 'toString'], {}).pointCount).toBe(320);
  });

  it('does not notice later changes of the weights it was given', () => {
    const weights = { a: 1, b: 1 };
    const ring = new Ketama(['a', 'b'], weights);
    weights.a = 0;
    ring.addNode('c');
    expect(ring.pointCount).toBe(480);
  });

  it('finds the same node for a key as text, integer and bytes', () => {
    const ring = new Ketama(['a', 'b', 'c', 'd']);
    for (let i = 0; i < 50; i++) {
      const node = ring.getNode(String(i));
      expect([ring.getNode(i), ring.getNode(BigInt(i)), ring.getNode(Buffer.from(`${i}`))]).toEqual(
        [node, node, node],
      );
    }
  });

  it('moves only the keys of the node that goes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 8 }), (nodes) => {
        const ring = new Ketama(nodes);
        const keys = Array.from({ length: 50 }, (_, i) => i);
        const before = keys.map((key) => ring.getNode(key));
        const [gone] = nodes;
        ring.removeNode(gone!);
        for (const key of keys) {
          if (before[key] !== gone) expect(ring.getNode(key)).toBe(before[key]);
          else expect(ring.getNode(key)).not.toBe(gone);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('says whether a removed node was there', () => {
    const ring = new Ketama(['a']);
    expect(ring.removeNode('b')).toBe(false);
    expect(ring.removeNode('a')).toBe(true);
    expect(ring.getNode('key')).toBeNull();
  });

  it.each([{ a: 0 }, { a: -1 }, { a: NaN }, { a: Infinity }, { a: Number.MAX_VALUE }])(
    'refuses the weights %o with a RangeError',
    (weights) => {
      expect(() => new Ketama(['a'], weights)).toThrow(RangeError);
      expect(() => new Ketama(['a'], weights)).toThrow(
        expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }),
      );
    },
  );

  it('stays as it was when a change is refused', () => {
    const ring = new Ketama(['a', 'b'], { a: 0 });
    expect(() => ring.removeNode('b')).toThrow(RangeError);
    expect(() => ring.addNode('c', -1)).toThrow(RangeError);
    expect(ring.getNode('key')).toBe('b');
  });

  it('refuses names that are no text, weights that are no number, keys that are no key', () => {
    expect(() => new Ketama([1] as unknown as string[])).toThrow(MisuseError);
    expect(() => new Ketama('abc')).toThrow(MisuseError);
    expect(() => new Ketama(5 as unknown as string[])).toThrow(MisuseError);
    for (const weights of [[['a', 9]], new Set(['a']), new Date(0)]) {
      const act = () => new Ketama(['a'], weights as unknown as KetamaWeights);
      expect(act).toThrow(MisuseError);
      expect(act).toThrow('weights must be a record or a Map');
    }
    expect(() => new Ketama(['a'], null as unknown as KetamaWeights)).toThrow(MisuseError);
    expect(() => new Ketama(['a'], { a: '1' as unknown as number })).toThrow(MisuseError);
    expect(() => new Ketama(['\ud800'])).toThrow(MisuseError);
    expect(() => new Ketama(['a']).getNode(1.5)).toThrow(MisuseError);
    expect(() => new Ketama(['a']).getNode('\ud800')).toThrow(MisuseError);
  });
});

describe('Ring', () => {
  it('keeps a point once, for the later of two that want it', () => {
    const ring = new Ring([{ label: 'same' }, { label: 'other' }, { label: 'same' }]);
    expect(ring.size).toBe(320);
    const owners = new Set(Array.from({ length: 200 }, (_, key) => ring.ownerOf(key)));
    expect([...owners].sort()).toEqual([1, 2]);
  });
});
