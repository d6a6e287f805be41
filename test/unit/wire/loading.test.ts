/** Answers of servers that load their data, the pipelines that they are for, and pauses. */

import { describe, expect, it } from 'vitest';

import { ConnectionError, ReplyError } from '../../../src/errors.js';
import { backOff, type BackOffBounds } from '../../../src/wire/back-off.js';
import { DEFAULT_MAPPING } from '../../../src/wire/decode-mapping.js';
import { isLoading, LoadingRound } from '../../../src/wire/loading.js';
import { Pipeline, type ReplySink } from '../../../src/wire/pipeline.js';

const ANSWER = new ReplyError('LOADING Redis is loading the dataset in memory');

interface Made {
  readonly pipeline: Pipeline;
  /** What happened to the commands and the pipeline, in order. */
  readonly log: string[];
}

function commandText(index: number): string {
  return `*1\r\n$1\r\n${index}\r\n`;
}

/** A pipeline of commands `0`, `1`, … that is sent. */
function make(commands: number): Made {
  const log: string[] = [];
  const texts = Array.from({ length: commands }, (_, index) => commandText(index));
  const sinks = texts.map((_, index): ReplySink => ({
    mapping: DEFAULT_MAPPING,
    isRetryable: true,
    onReply: () => log.push(`${index} answered`),
    onError: (error) => log.push(`${index} ${error.message}`),
  }));
  const owner = { onPipelineDone: () => log.push('done') };
  const pipeline = new Pipeline(Buffer.from(texts.join('')), sinks, owner);
  pipeline.isSent = true;
  return { pipeline, log };
}

/** Takes the next replies; those of `refused` say that the command was not run. */
function answer(pipeline: Pipeline, replies: number, refused: readonly number[]): void {
  for (let i = 0; i < replies; i++) {
    pipeline.next++;
    if (refused.includes(pipeline.next - 1)) pipeline.postpone();
  }
}

describe('the answer of a server that loads', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', true],
    ['LOADING Valkey is loading the dataset in memory', true],
    ['LOADING of my own', false],
    ['LOADING', false],
    ['ERR LOADING Redis is loading the dataset in memory', false],
    ['BUSY Redis is busy running a script', false],
  ])('%s: %s', (message, expected) => {
    expect(isLoading(new ReplyError(message))).toBe(expected);
    expect(isLoading(new ConnectionError(message))).toBe(false);
  });

  it('is none where there is no answer', () => {
    expect(isLoading(undefined)).toBe(false);
  });
});

describe('a round of such answers', () => {
  it('keeps the order when all that was sent was refused', () => {
    const { pipeline } = make(3);
    const round = new LoadingRound(ANSWER, 3);
    for (let i = 0; i < 3; i++) {
      expect(round.keepsOrder).toBe(false);
      pipeline.next++;
      expect(round.refuse(pipeline, true)).toBe(true);
    }
    expect(round.keepsOrder).toBe(true);
    expect(round.isExhausted).toBe(false);
  });

  it('counts what may not be sent again, and what nobody waits for', () => {
    const { pipeline, log } = make(2);
    const round = new LoadingRound(ANSWER, 2);
    pipeline.abandon(new Error('gone'));
    expect(log).toEqual(['0 gone', '1 gone']);
    pipeline.next++;
    expect(round.refuse(pipeline, true)).toBe(false);
    expect(round.isExhausted).toBe(false);
    pipeline.next++;
    expect(round.refuse(pipeline, false)).toBe(false);
    expect([round.keepsOrder, round.isExhausted]).toEqual([true, true]);
    expect(pipeline.hasPostponed).toBe(false);
  });
});

describe('a pipeline of which commands were refused', () => {
  it('holds just those when it is rewound, as if it had not been sent', () => {
    const { pipeline, log } = make(4);
    answer(pipeline, 4, [1, 3]);
    expect([pipeline.outstanding, pipeline.hasPostponed]).toEqual([2, true]);
    pipeline.rewind();
    expect(pipeline.bytes.toString()).toBe([1, 3].map(commandText).join(''));
    expect(pipeline).toMatchObject({ isSent: false, wasSent: false, losses: 1, outstanding: 2 });
    expect(pipeline.hasPostponed).toBe(false);
    for (const sink of pipeline.sinks) sink.onReply('found');
    expect(log).toEqual(['1 answered', '3 answered']);
  });

  it('that fails rejects those, too, in order', () => {
    const { pipeline, log } = make(4);
    answer(pipeline, 3, [0, 2]);
    pipeline.fail(new Error('gone'));
    expect(log).toEqual(['0 gone', '2 gone', '3 gone', 'done']);
    expect(pipeline.outstanding).toBe(0);
  });

  it('that is abandoned rejects those, and still expects the other answers', () => {
    const { pipeline, log } = make(4);
    answer(pipeline, 2, [1]);
    pipeline.abandon(new Error('too late'));
    expect(log).toEqual(['1 too late', '2 too late', '3 too late']);
    expect(pipeline.outstanding).toBe(2);
  });

  it('gives those up to whoever settles them', () => {
    const { pipeline, log } = make(3);
    answer(pipeline, 2, [0, 1]);
    for (const sink of pipeline.takePostponed()) sink.onError(new Error('unrun'));
    pipeline.fail(new Error('lost'));
    expect(log).toEqual(['0 unrun', '1 unrun', '2 lost', 'done']);
    expect(pipeline.takePostponed()).toEqual([]);
  });
});

describe('a pause', () => {
  const many = (bounds: BackOffBounds, failures: number): number[] =>
    Array.from({ length: 200 }, () => backOff(bounds, failures));

  it('doubles from one bound to the other, with some chance, and never leaves them', () => {
    const bounds = { minDelay: 50, maxDelay: 2000 };
    const cap = 2000 / 1.5;
    for (const [failures, least] of [50, 100, 200, 400, 800, cap, cap, cap].entries()) {
      const pauses = many(bounds, failures);
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(least * 1.5 + 1e-9);
      expect(new Set(pauses).size).toBeGreaterThan(1);
    }
    expect(Math.max(...many(bounds, 100_000))).toBeLessThanOrEqual(2000);
  });

  it('of bounds that are one is that', () => {
    expect(new Set(many({ minDelay: 20, maxDelay: 20 }, 0))).toEqual(new Set([20]));
    expect(new Set(many({ minDelay: 20, maxDelay: 20 }, 9))).toEqual(new Set([20]));
  });
});
