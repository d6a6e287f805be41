/** The bytes of the writer are those of the encoder of `@redis/client`. */

import { createRequire } from 'node:module';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RespWriter } from '../../../src/wire/encoder.js';

type Argument = string | Buffer;

// A default export of CommonJS: importers differ in what they see of it.
const { default: encodeCommand } = createRequire(import.meta.url)(
  '@redis/client/dist/lib/RESP/encoder.js',
) as { default: (args: readonly Argument[]) => readonly Argument[] };

function upstream(args: readonly Argument[]): Buffer {
  return Buffer.concat(encodeCommand(args).map((part) => Buffer.from(part as string)));
}

function write(writer: RespWriter, args: readonly Argument[]): void {
  writer.writeArrayHeader(args.length);
  for (const argument of args) {
    if (typeof argument === 'string') writer.writeString(argument);
    else writer.writeBytes(argument);
  }
}

function written(writer: RespWriter): Buffer {
  return Buffer.from(writer.bytes.subarray(0, writer.length));
}

const argument: fc.Arbitrary<Argument> = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
  fc.integer({ min: 0, max: 5000 }).map((count) => 'a\u00fc\u4e16\ud83d\ude00'.repeat(count / 5)),
  fc.integer({ min: 0, max: 5000 }).map((count) => 'x'.repeat(count)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const command = fc.array(argument, { minLength: 1, maxLength: 20 });
const capacity = fc.constantFrom(0, 1, 16, 1000, 65_536);

describe('a writer', () => {
  it('encodes any arguments as @redis/client does, and grows as it must', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 10 }), capacity, (commands, size) => {
        const writer = new RespWriter(size);
        for (const args of commands) write(writer, args);
        expect(written(writer).equals(Buffer.concat(commands.map(upstream)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('gets the room that is expected once its first does not suffice', () => {
    const writer = new RespWriter(64);
    writer.expected = 5000;
    write(writer, ['PING']);
    expect(writer.bytes.length).toBeLessThan(100);
    write(writer, ['x'.repeat(100)]);
    expect(writer.bytes).toHaveLength(5000);
    write(writer, ['y'.repeat(6000)]);
    const commands = [['PING'], ['x'.repeat(100)], ['y'.repeat(6000)]];
    expect(written(writer).equals(Buffer.concat(commands.map(upstream)))).toBe(true);
  });

  it.each([0, 1, 9, 10, 11, 47, 48, 49, 99, 100, 101, 999, 1000, 1001, 65_536, 1_000_000])(
    'encodes arguments of length %i',
    (length) => {
      for (const args of [
        ['x'.repeat(length)],
        ['\u00fc'.repeat(length)],
        [`${'x'.repeat(Math.max(0, length - 1))}\u4e16`],
        [Buffer.alloc(length, 0xff)],
      ]) {
        const writer = new RespWriter(16);
        write(writer, args);
        expect(written(writer).equals(upstream(args))).toBe(true);
      }
    },
  );

  it.each([1, 9, 10, 99, 100, 12_345])('encodes %i arguments', (count) => {
    const args = Array.from({ length: count }, (_, i) => String(i));
    const writer = new RespWriter(16);
    write(writer, args);
    expect(written(writer).equals(upstream(args))).toBe(true);
  });

  it('takes a Uint8Array and copies it', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const writer = new RespWriter(16);
    writer.writeBytes(bytes);
    bytes.fill(9);
    expect([...written(writer)]).toEqual([...Buffer.from('$3\r\n'), 1, 2, 3, 13, 10]);
  });

  it('hands over what it holds, and begins anew in other memory', () => {
    const writer = new RespWriter(16);
    write(writer, ['GET', 'first']);
    const first = writer.detach();
    expect(writer.length).toBe(0);
    write(writer, ['GET', 'second']);
    const second = writer.detach();
    expect(first.equals(upstream(['GET', 'first']))).toBe(true);
    expect(second.equals(upstream(['GET', 'second']))).toBe(true);
    expect(writer.detach()).toHaveLength(0);
  });

  it('appends another one as it is', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), capacity, (commands, size) => {
        const all = new RespWriter(size);
        for (const args of commands) {
          const one = new RespWriter(16);
          write(one, args);
          all.append(one);
          expect(written(one).equals(upstream(args))).toBe(true);
        }
        expect(written(all).equals(Buffer.concat(commands.map(upstream)))).toBe(true);
      }),
    );
  });

  it('writes bytes that are RESP already', () => {
    const writer = new RespWriter(1);
    writer.writeEncoded(Buffer.from('*1\r\n'));
    writer.writeEncoded(Buffer.from('$4\r\nPING\r\n'));
    expect(written(writer).toString()).toBe('*1\r\n$4\r\nPING\r\n');
  });

  it('puts another head before a command, longer or not', () => {
    fc.assert(
      fc.property(
        command,
        command,
        fc.uint8Array({ maxLength: 40 }),
        fc.nat({ max: 40 }),
        capacity,
        (before, behind, head, more, size) => {
          const writer = new RespWriter(size);
          const former = Buffer.from('*2\r\n');
          const gap = Math.max(head.length, former.length) + more;
          write(writer, before);
          const start = writer.length;
          writer.writeEncoded(former);
          write(writer, behind);
          writer.widen(start, former.length, gap);
          write(writer, behind);
          writer.fillGap(start, gap, head);
          write(writer, before);
          const texts = [upstream(before), head, upstream(behind), upstream(behind)];
          const expected = Buffer.concat([...texts, upstream(before)]);
          expect(written(writer).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
