/** Random replies, in random chunks: the values are those of the decoder of `@redis/client`. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bulk, chunked, decodeUpstream, plain, Replies, TYPE_MAPPINGS } from './decoding.js';

/** The bytes of a reply, and the same without what the other decoder does not know. */
interface Sample {
  readonly bytes: Buffer;
  readonly upstream: Buffer;
}

function sample(bytes: Buffer | string): Sample {
  const buffer = Buffer.from(bytes as string);
  return { bytes: buffer, upstream: buffer };
}

function join(head: string, members: readonly Sample[]): Sample {
  return {
    bytes: Buffer.concat([Buffer.from(head), ...members.map(({ bytes }) => bytes)]),
    upstream: Buffer.concat([Buffer.from(head), ...members.map(({ upstream }) => upstream)]),
  };
}

// The field `__proto__` is where we differ; it has tests of its own.
const text = fc
  .oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }))
  .filter((value) => value !== '__proto__');
const line = text.map((value) => value.replaceAll(/[\r\n]/g, ' '));
const contents = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((size) => 'x'.repeat(size)) },
);
const double = fc.oneof(
  fc.double().map(String),
  fc.float().map(String),
  fc.tuple(fc.integer(), fc.nat({ max: 10 ** 9 })).map(([whole, part]) => `${whole}.${part}`),
  fc.stringMatching(/^-?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,3})?$/),
);
const doubleNames: Readonly<Record<string, string>> = {
  Infinity: 'inf',
  '-Infinity': '-inf',
  NaN: 'nan',
};

/** It rounds at each digit: whether that comes to the nearest number, which is ours. */
function isNearestUpstream(value: bigint): boolean {
  let number = 0;
  for (const digit of Buffer.from(String(value).replace('-', ''))) {
    number = number * 10 + digit - 0x30;
  }
  return number === Math.abs(Number(value));
}

const field = fc.oneof(
  { weight: 6, arbitrary: contents.map((value) => sample(bulk(value))) },
  { weight: 3, arbitrary: line.map((value) => sample(`+${value}\r\n`)) },
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter(isNearestUpstream)
    .map((value) => sample(`:${value}\r\n`)),
  fc.integer().map((value) => sample(`:${value}\r\n`)),
  fc.bigInt().map((value) => sample(`(${value}\r\n`)),
  double.map((value) => sample(`,${doubleNames[value] ?? value}\r\n`)),
  fc.boolean().map((value) => sample(`#${value ? 't' : 'f'}\r\n`)),
  fc.constantFrom('_\r\n', '$-1\r\n', '*-1\r\n').map(sample),
  fc
    .tuple(fc.constantFrom('txt', 'mkd'), text)
    .map(([format, value]) => sample(bulk(`${format}:${value}`, '='))),
);
// As the name of a field, an error would show the name of its class.
const scalar = fc.oneof(
  { weight: 9, arbitrary: field },
  line.map((value) => sample(`-${value}\r\n`)),
  text.map((value) => sample(bulk(value, '!'))),
);

const { reply } = fc.letrec<{ reply: Sample; aggregate: Sample }>((tie) => ({
  reply: fc.oneof({ maxDepth: 5, depthIdentifier: 'reply' }, scalar, tie('aggregate')),
  aggregate: fc.oneof(
    fc
      .tuple(fc.constantFrom('*', '~'), fc.array(tie('reply'), { maxLength: 6 }))
      .map(([type, members]) => join(`${type}${members.length}\r\n`, members)),
    fc
      .array(fc.tuple(field, tie('reply')), { maxLength: 6 })
      .map((pairs) => join(`%${pairs.length}\r\n`, pairs.flat())),
    fc
      .tuple(fc.array(fc.tuple(field, tie('reply')), { maxLength: 2 }), tie('reply'))
      .map(([pairs, value]): Sample => {
        const { bytes } = join(`|${pairs.length}\r\n`, pairs.flat());
        return { bytes: Buffer.concat([bytes, value.bytes]), upstream: value.upstream };
      }),
  ),
}));

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 30_000 })),
  { minLength: 1, maxLength: 8 },
);

describe.each(TYPE_MAPPINGS)('random replies with %s', (_, mapping) => {
  it('have the values that they have for @redis/client, in any chunks', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 8 }), sizes, (samples, chunkSizes) => {
        const { bytes, upstream } = join('', samples);
        const expected = decodeUpstream(upstream, mapping).map(plain);
        const found = new Replies(mapping).decode(...chunked(bytes, chunkSizes)).map(plain);
        expect(found).toEqual(expected);
        expect(found).toHaveLength(samples.length);
      }),
      { numRuns: 150 },
    );
  });
});

describe('random doubles', () => {
  it('are the very doubles that were written, whichever way they are written', () => {
    const replies = new Replies();
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 1, max: 20 }),
        (value, at) => {
          const forms = [String(value), value.toExponential(), value.toPrecision(17)];
          for (const form of forms) {
            const found = replies.decode(...chunked(Buffer.from(`,${form}\r\n`), [at]));
            expect(found).toEqual([Number(form)]);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('of few digits are exact', () => {
    const replies = new Replies();
    fc.assert(
      fc.property(
        fc.nat({ max: 999_999_999 }),
        fc.integer({ min: 0, max: 999_999 }),
        fc.integer({ min: 0, max: 6 }),
        (whole, part, zeros) => {
          const form = `${whole}.${'0'.repeat(zeros)}${part}`;
          expect(replies.decode(Buffer.from(`,${form}\r\n,-${form}\r\n`))).toEqual([
            Number(form),
            -Number(form),
          ]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
