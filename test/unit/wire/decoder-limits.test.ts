/** What the decoder refuses, and that it stays refused. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ProtocolError, ReplyError } from '../../../src/errors.js';
import { DEFAULT_MAPPING } from '../../../src/wire/decode-mapping.js';
import { Decoder, DEFAULT_LIMITS, type DecoderLimits } from '../../../src/wire/decoder.js';
import { settledMemory } from '../../chaos/memory.js';
import { bulk, chunked, Replies } from './decoding.js';

const limits: DecoderLimits = {
  maxDepth: 4,
  maxBulkLength: 100,
  maxAggregateLength: 10,
  maxLineLength: 50,
};

function expectRefused(bytes: Buffer | string, message: RegExp, given = limits): void {
  const buffer = Buffer.from(bytes as string);
  const splits = [[buffer.length], [1], [2], [3], [7]];
  for (const sizes of splits) {
    const replies = new Replies({}, given);
    const act = (): unknown => replies.decode(...chunked(buffer, sizes));
    expect(act).toThrow(ProtocolError);
    expect(replies.values).toEqual([]);
    const again = new Replies({}, given);
    expect(() => again.decode(...chunked(buffer, sizes))).toThrow(message);
  }
}

const anyQueue = {
  nextMapping: () => DEFAULT_MAPPING,
  takesElements: () => false,
  deliver: () => true,
};

/** Whatever it is in the midst of, it does not end so. */
function breakProtocol(decoder: Decoder): void {
  const endless = Buffer.alloc(4_000_000, '\r');
  expect(() => {
    for (let i = 0; i < 20; i++) decoder.write(endless);
  }).toThrow(ProtocolError);
}

function expectTaken(bytes: Buffer | string, given = limits): void {
  const buffer = Buffer.from(bytes as string);
  for (let at = 1; at <= buffer.length; at++) {
    expect(new Replies({}, given).decode(...chunked(buffer, [at]))).toHaveLength(1);
  }
}

describe('the limits', () => {
  it('of depth: as deep as allowed and no deeper', () => {
    expectTaken(`${'*1\r\n'.repeat(4)}:1\r\n`);
    expectRefused(`${'*1\r\n'.repeat(5)}:1\r\n`, /nested deeper than 4/);
    expectRefused(`${'%1\r\n+a\r\n'.repeat(5)}:1\r\n`, /nested deeper than 4/);
    expectRefused(`${'|1\r\n'.repeat(5)}:1\r\n`, /nested deeper than 4/);
  });

  it.each(['$', '=', '!'])('of the length of a bulk of type %s', (type) => {
    expectTaken(bulk('x'.repeat(100), type));
    expectRefused(bulk('x'.repeat(101), type), /a bulk of 101 bytes, more than 100/);
    expectRefused(`${type}99999999999999999999999999\r\n`, /more than 100/);
  });

  it('of the length of an aggregate; fields and values of a map both count', () => {
    expectTaken(`*10\r\n${':1\r\n'.repeat(10)}`);
    expectTaken(`~10\r\n${':1\r\n'.repeat(10)}`);
    expectTaken(`%5\r\n${':1\r\n'.repeat(10)}`);
    expectRefused(`*11\r\n${':1\r\n'.repeat(11)}`, /an aggregate of 11, more than 10/);
    expectRefused('~11\r\n', /an aggregate of 11/);
    expectRefused('%6\r\n', /an aggregate of 12/);
    expectRefused('|6\r\n', /an aggregate of 12/);
    expectRefused('>11\r\n', /an aggregate of 11/);
    expectRefused('*1\r\n*99999999999999999999\r\n', /more than 10/);
  });

  it.each(['+', '-'])('of the length of a line of type %s, however it comes', (type) => {
    expectTaken(`${type}${'x'.repeat(50)}\r\n`);
    expectRefused(`${type}${'x'.repeat(51)}\r\n`, /a line of more than 50 bytes/);
    expectRefused(`${type}${'x'.repeat(60)}`, /a line of more than 50 bytes/);
  });

  it('of the length of a line that has outgrown the headroom', () => {
    const given = { ...limits, maxLineLength: 20_000 };
    for (const size of [1000, 8 * 1024, 30_000]) {
      const ok = chunked(Buffer.from(`+${'x'.repeat(20_000)}\r\n`), [size]);
      expect(new Replies({}, given).decode(...ok)).toEqual(['x'.repeat(20_000)]);
      const long = chunked(Buffer.from(`+${'x'.repeat(20_001)}\r\n`), [size]);
      expect(() => new Replies({}, given).decode(...long)).toThrow(/more than 20000 bytes/);
      const endless = chunked(Buffer.from(`$${'1'.repeat(30_000)}`), [size]);
      expect(() => new Replies({}, given).decode(...endless)).toThrow(ProtocolError);
    }
  });

  it('unless told: 512 deep, 512 MB long, lines of 64 MB', () => {
    expect(DEFAULT_LIMITS).toMatchObject({ maxDepth: 512, maxBulkLength: 512 * 1024 * 1024 });
    expectTaken(`${'*1\r\n'.repeat(512)}:1\r\n`, DEFAULT_LIMITS);
    expectRefused(`${'*1\r\n'.repeat(513)}:1\r\n`, /deeper than 512/, DEFAULT_LIMITS);
    expectRefused('$536870913\r\n', /a bulk of 536870913 bytes/, DEFAULT_LIMITS);
    expectRefused('*134217729\r\n', /an aggregate of 134217729/, DEFAULT_LIMITS);
    expectRefused('%67108865\r\n', /an aggregate of 134217730/, DEFAULT_LIMITS);
  });
});

describe('breaches of the protocol', () => {
  it.each([
    ['an unknown type', 'HTTP/1.1 400 Bad Request\r\n', /unknown type 0x48/],
    ['an unknown type of one digit', '\t\r\n', /unknown type 0x09/],
    ['an unknown type inside an aggregate', '*1\r\n?\r\n', /unknown type 0x3f/],
    ['a CR without its LF', '+a\rb\r\n', /a CR without its LF/],
    ['a length without digits', '$\r\n', /a length that is no number/],
    ['a length with a letter', '$1x\r\n', /a length that is no number/],
    ['a negative length', '$-2\r\n', /a length that is no number/],
    ['a negative array', '*-3\r\n', /a length that is no number/],
    ['a streamed bulk', '$?\r\n', /a length that is no number/],
    ['a null verbatim string', '=-1\r\n', /a null of a type that has none/],
    ['a null blob error', '!-1\r\n', /a null of a type that has none/],
    ['a null set', '~-1\r\n', /a null of a type that has none/],
    ['a null map', '%-1\r\n', /a null of a type that has none/],
    ['a null push', '>-1\r\n', /a null of a type that has none/],
    [
      'a bulk that is longer than its length',
      '$2\r\nabc\r\n',
      /does not end where its length says/,
    ],
    ['a bulk that is shorter than its length', '$3\r\nab\r\n\r\n', /does not end where/],
    ['a number without digits', ':\r\n', /a number without digits/],
    ['a number of a sign only', ':-\r\n', /a number without digits/],
    ['a number with a letter', ':1a\r\n', /a number that is none/],
    ['a number with a fraction', ':1.5\r\n', /a number that is none/],
    ['a boolean that is neither', '#x\r\n', /a boolean that is neither t nor f/],
    ['an empty boolean', '#\r\n', /a boolean that is neither t nor f/],
    ['a long boolean', '#true\r\n', /a boolean that is neither t nor f/],
    ['a null with a value', '_1\r\n', /a null with a value/],
    ['an empty double', ',\r\n', /a double that is none/],
    ['a double of a sign only', ',-\r\n', /a double that is none/],
    ['a double with a letter', ',1.5x\r\n', /a double that is none/],
    ['a double with two points', ',1.2.3\r\n', /a double that is none/],
    ['a big number with a letter', '(12a\r\n', /a big number that is none/],
    ['an empty big number', '(\r\n', /a big number that is none/],
    ['a verbatim string without a format', '=3\r\nabc\r\n', /a verbatim string without a format/],
    ['a push inside a reply', '*1\r\n>1\r\n+a\r\n', /a push inside a reply/],
  ])('%s', (_, bytes, message) => {
    expectRefused(bytes, message, DEFAULT_LIMITS);
  });

  it('a long bulk that does not end where its length says', () => {
    const replies = new Replies();
    const bytes = Buffer.from(`$20000\r\n${'x'.repeat(20_004)}`);
    expect(() => replies.decode(...chunked(bytes, [7000]))).toThrow(/does not end where/);
  });

  it('show nothing of what was sent', () => {
    for (const bytes of ['$6secret\r\n', '+secret\rsecret\r\n', '(secret\r\n', 'secret']) {
      try {
        new Replies().decode(Buffer.from(bytes));
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).not.toContain('secret');
      }
    }
  });

  it.each([
    ['a line', ['+']],
    ['a long bulk', ['$40000000\r\n']],
    ['an array', ['*2\r\n$30000000\r\n', Buffer.alloc(30_000_000, 'x'), '\r\n+']],
  ])('let go of %s that has no end, though the decoder is kept', async (_, begin) => {
    const stops = [(decoder: Decoder) => decoder.stop(), breakProtocol];
    for (const stop of stops) {
      const before = await settledMemory();
      const decoder = new Decoder(anyQueue, (message) => new ReplyError(message));
      for (const piece of begin) decoder.write(Buffer.from(piece as string));
      decoder.write(Buffer.alloc(20_000_000, 'x'));
      stop(decoder);
      expect((await settledMemory()) - before).toBeLessThan(2_000_000);
      expect(decoder.target.length).toBeGreaterThan(0);
    }
  });

  it('end the decoder: replies before are delivered, nothing after, and nothing throws again', () => {
    const bytes = Buffer.from(':1\r\n+two\r\n$x\r\n:4\r\n');
    for (let at = 1; at < bytes.length; at++) {
      const replies = new Replies();
      const chunks = chunked(bytes, [at]);
      let errors = 0;
      for (const chunk of [...chunks, Buffer.from(':5\r\n'), bulk('x'.repeat(20_000))]) {
        try {
          replies.decoder.write(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          errors++;
        }
      }
      expect(errors).toBe(1);
      expect(replies.values).toEqual([1, 'two']);
    }
  });
});

describe('garbage', () => {
  const fragments = fc.constantFrom(
    '\r\n', '$', '$5\r\n', '*2\r\n', '%1\r\n', '~3\r\n', '|1\r\n', '>2\r\n', ':1\r\n', '+OK\r\n',
    '-ERR x\r\n', ',1.5\r\n', '(9\r\n', '#t\r\n', '_\r\n', '=8\r\ntxt:text\r\n', '!3\r\nERR\r\n',
    '-1\r\n', '$-1\r\n', '*0\r\n', '%0\r\n', '9999999999', '\r', '\n', 'hello\r\n', '\0', 'inf',
  ); // prettier-ignore
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fragments.map((text) => Buffer.from(text)),
  );

  it('is values or one ProtocolError, never anything else, and the same in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        (pieces, sizes) => {
          const bytes = Buffer.concat(pieces);
          const whole = run(bytes, [Math.max(1, bytes.length)]);
          const parts = run(bytes, sizes);
          expect(parts.values).toEqual(whole.values);
          // Where the bytes end inside a token, the whole may not have been refused yet either.
          expect(parts.isRefused).toBe(whole.isRefused);
        },
      ),
      { numRuns: 3000 },
    );
  });

  function run(bytes: Buffer, sizes: readonly number[]): { values: string; isRefused: boolean } {
    const replies = new Replies({}, { ...limits, maxBulkLength: 1000, maxLineLength: 1000 });
    let isRefused = false;
    for (const chunk of chunked(bytes, sizes)) {
      try {
        replies.decoder.write(chunk);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        expect(isRefused).toBe(false);
        isRefused = true;
      }
    }
    return { values: JSON.stringify(replies.values, withBigInts), isRefused };
  }

  it('in place of a byte of a good reply is values or a ProtocolError', () => {
    const good = Buffer.from(
      '*4\r\n$5\r\nhello\r\n:12\r\n%1\r\n+f\r\n,1.5\r\n~2\r\n#t\r\n_\r\n+OK\r\n',
    );
    for (let at = 0; at < good.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const bad = Buffer.from(good);
        bad[at] = byte;
        try {
          new Replies({}, limits).decode(bad);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }
    }
  });
});

function withBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
