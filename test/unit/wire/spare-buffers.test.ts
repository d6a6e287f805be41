import { beforeEach, describe, expect, it, vi } from 'vitest';

import { RespWriter } from '../../../src/wire/encoder.js';
import { giveBackBuffer, SPARE_SIZE, takeBuffer } from '../../../src/wire/spare-buffers.js';

const time = vi.hoisted(() => ({ pass: (): void => undefined }));
vi.mock(import('../../../src/util/timers.js'), async (original) => {
  const timers = await original();
  const startTimer = (callback: () => void, timeoutMs: number) => {
    time.pass = callback;
    return timers.startTimer(callback, timeoutMs);
  };
  return { ...timers, startTimer };
});

const LONG = SPARE_SIZE - 100;

/** Takes all spare ones, and more. */
function takeAll(): Set<ArrayBufferLike> {
  return new Set(Array.from({ length: 300 }, () => takeBuffer(LONG).buffer));
}

beforeEach(() => {
  takeAll();
});

describe('a buffer that was given back', () => {
  it('is taken again, whole', () => {
    const taken = takeBuffer(LONG);
    giveBackBuffer(taken.subarray(10, 20));
    const again = takeBuffer(SPARE_SIZE);
    expect(again.buffer).toBe(taken.buffer);
    expect(again).toHaveLength(SPARE_SIZE);
  });

  it('is taken only once, also if it was given back twice', () => {
    const taken = takeBuffer(LONG);
    giveBackBuffer(taken);
    giveBackBuffer(taken);
    const [one, other] = [takeBuffer(LONG), takeBuffer(LONG)];
    expect(one.buffer).toBe(taken.buffer);
    expect(other.buffer).not.toBe(taken.buffer);
  });

  it('can be given back each time that it is taken', () => {
    const { buffer } = takeBuffer(LONG);
    for (let i = 0; i < 3; i++) {
      giveBackBuffer(Buffer.from(buffer));
      expect(takeBuffer(LONG).buffer).toBe(buffer);
    }
  });

  it('is let go when none was used for a while', () => {
    const taken = takeBuffer(LONG);
    giveBackBuffer(taken);
    time.pass();
    expect(takeBuffer(LONG).buffer).not.toBe(taken.buffer);
  });

  it('is one of at most 128 that are kept', () => {
    const taken = [...takeAll()];
    for (const buffer of taken) giveBackBuffer(Buffer.from(buffer));
    const again = takeAll();
    expect(taken.filter((buffer) => again.has(buffer))).toHaveLength(128);
  });
});

describe('what is not taken again', () => {
  it('is what was not taken here, though it has the size', () => {
    const foreign = Buffer.allocUnsafeSlow(SPARE_SIZE);
    giveBackBuffer(foreign);
    expect(takeBuffer(LONG).buffer).not.toBe(foreign.buffer);
  });

  // Of half a pool and more, Node makes Buffers with memory of their own.
  it.each([Buffer.poolSize / 2, SPARE_SIZE / 2 - 1, SPARE_SIZE + 1])(
    'is one of %i bytes',
    (size) => {
      const taken = takeBuffer(size);
      expect(taken).toHaveLength(size);
      giveBackBuffer(taken);
      for (const other of [size, LONG]) expect(takeBuffer(other).buffer).not.toBe(taken.buffer);
    },
  );

  it('is what shares the memory of short Buffers', () => {
    const taken = takeBuffer(10);
    giveBackBuffer(taken);
    expect(takeBuffer(LONG).buffer).not.toBe(taken.buffer);
  });
});

describe('a writer', () => {
  it('gives back what it has outgrown, and keeps what was written', () => {
    const writer = new RespWriter(64);
    writer.writeString('a'.repeat(50_000));
    const { buffer } = writer.bytes;
    writer.writeString('b'.repeat(50_000));
    giveBackBuffer(writer.bytes);
    expect(takeBuffer(LONG).buffer).toBe(buffer);
    const text = `$50000\r\n${'a'.repeat(50_000)}\r\n$50000\r\n${'b'.repeat(50_000)}\r\n`;
    expect(writer.detach().toString()).toBe(text);
  });

  it('begins with memory of its own after it has handed over what was written', () => {
    const writer = new RespWriter(64);
    writer.writeString('a'.repeat(50_000));
    const first = writer.detach();
    writer.writeString('b'.repeat(50_000));
    expect(writer.detach().buffer).not.toBe(first.buffer);
    expect(first.toString()).toBe(`$50000\r\n${'a'.repeat(50_000)}\r\n`);
  });
});
