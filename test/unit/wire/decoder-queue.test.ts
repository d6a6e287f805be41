/** Whose a reply is: the decoder and the queue of what was sent. */

import { describe, expect, it } from 'vitest';

import { ProtocolError, ReplyError } from '../../../src/errors.js';
import { DEFAULT_MAPPING } from '../../../src/wire/decode-mapping.js';
import { Decoder } from '../../../src/wire/decoder.js';
import { Pipeline, type ReplySink } from '../../../src/wire/pipeline.js';
import { SentQueue } from '../../../src/wire/sent-queue.js';
import { bulk, chunked } from './decoding.js';

/** Sinks that wait in one pipeline, or each in its own; writes down what happens to which of them. */
class Queue {
  readonly log: string[] = [];
  /** What was told of errors before their sinks got them. */
  readonly errorElements: string[] = [];
  readonly decoder: Decoder;
  /** Called with each line of the log. */
  onLog: (line: string) => void = () => undefined;
  readonly #sent = new SentQueue({
    withholds: () => false,
    onErrorElement: (_, error) => void this.errorElements.push(error.message),
    onAllReplies: () => undefined,
  });
  readonly #places: { readonly pipeline: Pipeline; readonly index: number }[] = [];

  constructor(elements: readonly (number | undefined)[], isSingly = false) {
    this.decoder = new Decoder(this.#sent, (message) => new ReplyError(message));
    const sinks = elements.map((count, index) => this.#sink(index, count));
    const groups = isSingly ? sinks.map((sink) => [sink]) : [sinks];
    for (const group of groups.filter(({ length }) => length > 0)) {
      const pipeline = new Pipeline(Buffer.alloc(0), group, { onPipelineDone: () => undefined });
      this.#sent.push(pipeline);
      this.#places.push(...group.map((_, index) => ({ pipeline, index })));
    }
  }

  #sink(index: number, elements: number | undefined): ReplySink {
    return {
      mapping: DEFAULT_MAPPING,
      isRetryable: false,
      ...(elements !== undefined && { elements, commands: elements }),
      onElement: (at, value) => this.#write(`${index}[${at}]=${describeValue(value)}`),
      onElementError: (at, error) => this.#write(`${index}[${at}]!${error.message}`),
      onReply: (value) => this.#write(`${index}=${describeValue(value)}`),
      onError: (error) => this.#write(`${index}!${error.message}`),
    };
  }

  #write(line: string): void {
    this.log.push(line);
    this.onLog(line);
  }

  /** How many of the sinks are left to whoever closes the queue. */
  get outstanding(): number {
    const pipelines = new Set(this.#places.map(({ pipeline }) => pipeline));
    return [...pipelines].reduce((sum, pipeline) => sum + pipeline.outstanding, 0);
  }

  /** Ends the queue as a closed connection does. */
  close(): void {
    this.#sent.close();
    this.decoder.stop();
  }

  /** Takes the sink of this index away, as a command does that is given up. */
  drop(index: number): void {
    const place = this.#places[index]!;
    const { sinks } = place.pipeline;
    sinks[place.index] = {
      ...sinks[place.index]!,
      onElement: () => undefined,
      onElementError: () => undefined,
      onReply: () => undefined,
      onError: () => undefined,
    };
  }
}

function describeValue(value: unknown): string {
  return value instanceof Error
    ? `${value.name}:${value.message}`
    : (JSON.stringify(value) ?? 'undefined');
}

/** The bytes whole, and split at every point. */
function* everySplit(text: string): Generator<Buffer[]> {
  const bytes = Buffer.from(text);
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield chunked(bytes, [1]);
}

function expectLog(
  elements: readonly (number | undefined)[],
  text: string,
  log: readonly string[],
): void {
  for (const chunks of everySplit(text)) {
    for (const isSingly of [false, true]) {
      const queue = new Queue(elements, isSingly);
      for (const chunk of chunks) queue.decoder.write(chunk);
      expect(queue.log).toEqual(log);
    }
  }
}

function expectRefused(
  elements: readonly (number | undefined)[],
  text: string,
  message: RegExp,
  log: readonly string[] = [],
): void {
  for (const chunks of everySplit(text)) {
    const queue = new Queue(elements);
    let errors = 0;
    for (const chunk of chunks) {
      try {
        queue.decoder.write(chunk);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        expect((error as Error).message).toMatch(message);
        errors++;
      }
    }
    expect(errors).toBe(1);
    expect(queue.log).toEqual(log);
  }
}

describe('replies', () => {
  it('go to the sinks in their order', () => {
    const text = '+a\r\n-ERR b\r\n*1\r\n-ERR c\r\n_\r\n';
    const log = ['0="a"', '1!ERR b', '2=[{"code":"RB_REPLY"}]', '3=null'];
    expectLog([undefined, undefined, undefined, undefined], text, log);
  });

  it('that no command asked for are refused, with all that follows', () => {
    expectRefused([], '+a\r\n', /a reply that no command asked for/);
    const log = ['0="a"'];
    expectRefused([undefined], '+a\r\n+b\r\n+c\r\n', /that no command asked for/, log);
  });

  it('stop when the queue is closed in a callback', () => {
    for (const chunks of everySplit('+a\r\n+b\r\n+c\r\n')) {
      const queue = new Queue([undefined, undefined, undefined]);
      queue.onLog = (line) => {
        if (line === '1="b"') queue.close();
      };
      for (const chunk of chunks) queue.decoder.write(chunk);
      expect(queue.log).toEqual(['0="a"', '1="b"']);
    }
  });

  it.each([
    ['a long bulk', bulk('x'.repeat(100_000))],
    ['a long line', Buffer.from(`+${'x'.repeat(100_000)}\r\n`)],
  ])('stop behind %s in whose callback the queue is closed', (_, long) => {
    const bytes = Buffer.concat([long, Buffer.from(':2\r\n:3\r\n')]);
    for (const size of [1000, 9000, 65_536]) {
      const queue = new Queue([undefined, undefined, undefined]);
      queue.onLog = () => queue.close();
      for (const chunk of chunked(bytes, [size])) queue.decoder.write(chunk);
      expect(queue.log).toHaveLength(1);
    }
  });

  it('whose command was given up while they arrived go to what stands in for it', () => {
    const bytes = Buffer.from('*3\r\n:1\r\n:2\r\n:3\r\n+b\r\n');
    for (let at = 1; at < bytes.indexOf('+'); at++) {
      const queue = new Queue([undefined, undefined]);
      queue.decoder.write(bytes.subarray(0, at));
      queue.drop(0);
      queue.decoder.write(bytes.subarray(at));
      expect(queue.log).toEqual(['1="b"']);
    }
  });
});

describe('pushes and attributes', () => {
  it('are dropped between replies', () => {
    const push = '>3\r\n$7\r\nmessage\r\n*1\r\n:1\r\n%1\r\n+a\r\n-ERR b\r\n';
    expectLog([undefined, undefined], `${push}+a\r\n${push}>0\r\n:1\r\n${push}`, ['0="a"', '1=1']);
  });

  it('need no command that waits', () => {
    expectLog([], '>1\r\n+a\r\n>2\r\n*0\r\n*1\r\n_\r\n|1\r\n+a\r\n+b\r\n>1\r\n+c\r\n', []);
  });

  it('are dropped in front of any value', () => {
    const attribute = '|2\r\n+ttl\r\n:3600\r\n*1\r\n+key\r\n|0\r\n%1\r\n+a\r\n*0\r\n';
    const text = [
      `${attribute}+a\r\n`,
      `*2\r\n${attribute}:1\r\n*1\r\n${attribute}${attribute}:2\r\n`,
      `%1\r\n${attribute}+f\r\n${attribute}+v\r\n`,
      `${attribute}>1\r\n${attribute}+push\r\n`,
      `|0\r\n-ERR x\r\n`,
    ].join('');
    const log = ['0="a"', '1=[1,[2]]', '2={"f":"v"}', '3!ERR x'];
    expectLog([undefined, undefined, undefined, undefined], text, log);
  });

  it('are no elements of an array that is delivered element by element', () => {
    const text =
      '|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n>2\r\n:1\r\n:2\r\n*2\r\n+x\r\n|1\r\n+b\r\n*2\r\n_\r\n_\r\n+y\r\n';
    expectLog([2], text, ['0[0]="x"', '0[1]="y"']);
  });
});

describe('elements', () => {
  it('are delivered one by one', () => {
    const text = '*4\r\n$1\r\na\r\n$-1\r\n_\r\n*2\r\n:1\r\n*1\r\n:2\r\n+next\r\n';
    const log = ['0[0]="a"', '0[1]=null', '0[2]=null', '0[3]=[1,[2]]', '1="next"'];
    expectLog([4, undefined], text, log);
  });

  it('are delivered as they arrive', () => {
    const queue = new Queue([3]);
    queue.decoder.write(Buffer.from('*3\r\n:1\r\n:2\r\n:'));
    expect(queue.log).toEqual(['0[0]=1', '0[1]=2']);
    queue.decoder.write(Buffer.from('3\r\n'));
    expect(queue.log).toEqual(['0[0]=1', '0[1]=2', '0[2]=3']);
  });

  it('of more than are handed over at a time, between other replies', () => {
    const count = 300;
    const texts = Array.from({ length: count }, (_, i) => `:${i}\r\n`);
    const bytes = Buffer.from(`+before\r\n*${count}\r\n${texts.join('')}+after\r\n`);
    const log = ['0="before"', ...texts.map((_, i) => `1[${i}]=${i}`), '2="after"'];
    for (const size of [1, 7, 1000, bytes.length]) {
      const queue = new Queue([undefined, count, undefined]);
      for (const chunk of chunked(bytes, [size])) queue.decoder.write(chunk);
      expect(queue.log).toEqual(log);
    }
  });

  it('behind which the protocol is broken have arrived', () => {
    expectRefused([3], '*3\r\n:1\r\n:2\r\n:x\r\n', /a number/, ['0[0]=1', '0[1]=2']);
    expectRefused([3], '*3\r\n:1\r\n>1\r\n+x\r\n', /a push inside/, ['0[0]=1']);
  });

  it('that are errors go to their sinks as such, and the queue tells of them', () => {
    const text = '*2\r\n-ERR x\r\n:1\r\n';
    expectLog([2], text, ['0[0]!ERR x', '0[1]=1']);
    const queue = new Queue([2]);
    queue.decoder.write(Buffer.from(text));
    expect(queue.errorElements).toEqual(['ERR x']);
  });

  it('of an empty array', () => {
    expectLog([0, undefined], '*0\r\n:1\r\n', ['1=1']);
  });

  it('of arrays one after the other', () => {
    const log = ['0[0]=1', '1[0]=2', '1[1]=3', '2=[4]'];
    expectLog([1, 2, undefined], '*1\r\n:1\r\n*2\r\n:2\r\n:3\r\n*1\r\n:4\r\n', log);
  });

  it.each([
    ['fewer', '*1\r\n:1\r\n', /an array of 1 where 2 elements were asked for/],
    ['more', '*3\r\n:1\r\n:2\r\n:3\r\n', /an array of 3 where 2 elements/],
    ['none', '*0\r\n', /an array of 0 where 2 elements/],
  ])('%s than were asked for are refused', (_, text, message) => {
    expectRefused([2], text, message);
  });

  it('give way to an error', () => {
    const log = ['0!WRONGTYPE x', '1[0]=1'];
    expectLog([2, 1], '-WRONGTYPE x\r\n*1\r\n:1\r\n', log);
  });

  it.each(['_\r\n', '*-1\r\n', ':1\r\n', '+OK\r\n', '%1\r\n+a\r\n+b\r\n'])(
    'are refused where the reply is no array: %j',
    (text) => {
      expectRefused([2], text, /no array where 2 elements were asked for/);
    },
  );

  it('stop when the queue is closed in the callback of one, the last one included', () => {
    for (const closing of ['0[0]=1', '0[1]=2', '0[2]=3']) {
      for (const chunks of everySplit('*3\r\n:1\r\n:2\r\n:3\r\n+next\r\n')) {
        const queue = new Queue([3, undefined]);
        queue.onLog = (line) => {
          if (line === closing) queue.close();
        };
        for (const chunk of chunks) queue.decoder.write(chunk);
        expect(queue.log.at(-1)).toBe(closing);
        expect(queue.outstanding).toBe(2);
      }
    }
  });

  it('go to what stands in for a command that was given up in the callback of one', () => {
    for (const chunks of everySplit('*3\r\n:1\r\n:2\r\n:3\r\n+next\r\n')) {
      const queue = new Queue([3, undefined]);
      queue.onLog = (line) => {
        if (line === '0[1]=2') queue.drop(0);
      };
      for (const chunk of chunks) queue.decoder.write(chunk);
      expect(queue.log).toEqual(['0[0]=1', '0[1]=2', '1="next"']);
    }
  });
});
