/** What becomes of the commands of a pipeline that have no answer. */

import { describe, expect, it } from 'vitest';

import { DEFAULT_MAPPING } from '../../../src/wire/decode-mapping.js';
import { Pipeline, type ReplySink } from '../../../src/wire/pipeline.js';

interface Made {
  readonly pipeline: Pipeline;
  /** What happened to the commands and the pipeline, in order. */
  readonly log: string[];
}

function commandText(index: number): string {
  return `*1\r\n$1\r\n${index}\r\n`;
}

/** A pipeline of commands `0`, `1`, …; those whose letter is `r` only read. */
function make(kinds: string): Made {
  const log: string[] = [];
  const texts = Array.from(kinds, (_, index) => commandText(index));
  const sinks = Array.from(kinds, (kind, index): ReplySink => ({
    mapping: DEFAULT_MAPPING,
    isRetryable: kind === 'r',
    onReply: () => log.push(`${index} answered`),
    onError: (error) => log.push(`${index} ${error.message}`),
  }));
  const owner = { onPipelineDone: () => log.push('done') };
  return { pipeline: new Pipeline(Buffer.from(texts.join('')), sinks, owner), log };
}

describe('a pipeline', () => {
  it('that fails rejects what has no answer, in order, and is done', () => {
    const { pipeline, log } = make('rwr');
    pipeline.next = 1;
    pipeline.fail(new Error('gone'));
    expect(log).toEqual(['1 gone', '2 gone', 'done']);
    expect(pipeline.outstanding).toBe(0);
  });

  it('that is abandoned rejects what has no answer, and still expects the answers', () => {
    const { pipeline, log } = make('rwr');
    pipeline.next = 1;
    pipeline.abandon(new Error('too late'));
    expect(log).toEqual(['1 too late', '2 too late']);
    expect(pipeline.outstanding).toBe(2);
    for (const sink of pipeline.sinks.slice(1)) {
      sink.onReply('late');
      sink.onError(new Error('late'));
    }
    pipeline.fail(new Error('gone'));
    expect(log).toEqual(['1 too late', '2 too late', 'done']);
  });

  it('that is abandoned still knows how many elements a reply has', () => {
    const { pipeline } = make('r');
    pipeline.sinks[0] = { ...pipeline.sinks[0]!, elements: 7, onElement: () => undefined };
    pipeline.abandon(new Error('too late'));
    expect(pipeline.sinks[0].elements).toBe(7);
    expect(() => pipeline.sinks[0]!.onElement!(0, 'late')).not.toThrow();
  });

  it('that was not sent keeps all its commands after a loss', () => {
    const { pipeline } = make('rwr');
    expect(pipeline.salvage(1)).toEqual([]);
    expect(pipeline.bytes.toString()).toBe([0, 1, 2].map(commandText).join(''));
    expect(pipeline.wasSent).toBe(false);
  });

  it('that was sent keeps the unanswered commands that only read, in their order', () => {
    const { pipeline, log } = make('rrwrww');
    pipeline.isSent = true;
    pipeline.next = 1;
    const lost = pipeline.salvage(1);
    expect(pipeline.bytes.toString()).toBe([1, 3].map(commandText).join(''));
    expect(pipeline).toMatchObject({ outstanding: 2, isSent: false, wasSent: true });
    for (const sink of lost) sink.onError(new Error('lost'));
    for (const sink of pipeline.sinks) sink.onReply('found');
    expect(log).toEqual(['2 lost', '4 lost', '5 lost', '1 answered', '3 answered']);
  });

  it('keeps nothing when it was lost too often', () => {
    const { pipeline } = make('rr');
    expect(pipeline.salvage(2)).toEqual([]);
    expect(pipeline.salvage(2)).toEqual([]);
    expect(pipeline.salvage(2)).toHaveLength(2);
    expect(pipeline.outstanding).toBe(0);
    expect(pipeline.bytes).toHaveLength(0);
  });

  it('keeps nothing at all without retries', () => {
    expect(make('rw').pipeline.salvage(0)).toHaveLength(2);
  });
});
