/** What was in the last buffers of a cluster decides about the room of the next, and nothing else. */

import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { BufferSizes } from '../../src/clients/buffer-sizes.js';
import { CommandBuffer, type SealedCommands } from '../../src/clients/command-buffer.js';
import { ReplyMapping } from '../../src/clients/reply-mapping.js';
import { NativeSink } from '../../src/clients/sinks.js';
import { rawSpec } from '../../src/commands/command-spec.js';

const MAPPING = new ReplyMapping(3, undefined);
const GET = rawSpec('GET', []);
const SET = rawSpec('SET', []);

/** How many GETs, then how many SETs, and so on. */
type Runs = readonly number[];

const runs = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 300, max: 1500 })),
  { maxLength: 4 },
);

function fill(buffer: CommandBuffer, lengths: Runs): SealedCommands {
  let next = 0;
  for (const [index, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) {
      const key = `key:${next++}`;
      if (index % 2 === 0) buffer.appendGet(key, new NativeSink(GET, MAPPING));
      else buffer.appendSet(key, `value:${next}`, new NativeSink(SET, MAPPING));
    }
  }
  return buffer.seal();
}

/** The commands, and for how many callers each of its sinks stands. */
function summary({ bytes, sinks, commands }: SealedCommands): unknown {
  const sizes = sinks.map((sink) => ('size' in sink ? sink.size : (sink.elements ?? 1)));
  return { text: bytes.toString(), sizes, commands };
}

describe('a buffer of commands', () => {
  it.each([true, false])('holds the same after others of any length, autoBatch %s', (autoBatch) => {
    fc.assert(
      fc.property(fc.array(runs, { minLength: 2, maxLength: 6 }), (buffers) => {
        const sizes = new BufferSizes();
        const again = new CommandBuffer(autoBatch, sizes);
        for (const lengths of buffers) {
          const alone = summary(fill(new CommandBuffer(autoBatch, new BufferSizes()), lengths));
          expect(summary(fill(again, lengths))).toEqual(alone);
          expect(summary(fill(new CommandBuffer(autoBatch, sizes), lengths))).toEqual(alone);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('gets its room at once where the last one has needed it', () => {
    const sizes = new BufferSizes();
    fill(new CommandBuffer(true, sizes), [400]);
    // Not the length of what is behind it, which may be a pool that many buffers share.
    const allocate = vi.spyOn(Buffer, 'allocUnsafe');
    onTestFinished(() => {
      allocate.mockRestore();
    });
    const { bytes } = fill(new CommandBuffer(true, sizes), [390]);
    const rooms = allocate.mock.calls.map(([size]) => size);
    expect(rooms).toHaveLength(2);
    expect(rooms[1]).toBeGreaterThan(bytes.length);
    expect(rooms[1]).toBeLessThan(bytes.length * 1.25);
  });
});
