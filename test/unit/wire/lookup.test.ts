/** Names are looked up once for all who ask meanwhile, and anew for whoever asks later. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { LookupFunction } from 'node:net';

import { expect, it } from 'vitest';

import { lookup, sharing } from '../../../src/wire/lookup.js';

type Answer = Parameters<Parameters<LookupFunction>[2]>;

/** A resolver that answers when it is told to, and what has been asked of it. */
function resolver(sharedFor?: number) {
  const questions: { name: string; answer: (...answer: Answer) => void }[] = [];
  const shared = sharing((name, _options, callback) => {
    questions.push({ name, answer: callback });
  }, sharedFor);
  const ask = (name: string, options = {}): Promise<Answer> =>
    new Promise((resolve) => {
      shared(name, options, (...answer) => {
        resolve(answer);
      });
    });
  return { questions, shared, ask };
}

it('is asked once by those who ask the same, and all have its answer', async () => {
  const { questions, ask } = resolver();
  const asked = [ask('one', { family: 4 }), ask('one', { family: 4 }), ask('one', { family: 4 })];
  expect(questions).toHaveLength(1);
  questions[0]!.answer(null, '192.0.2.1', 4);
  expect(await Promise.all(asked)).toEqual(asked.map(() => [null, '192.0.2.1', 4]));
});

it('is asked apart for other names and options', async () => {
  const { questions, ask } = resolver();
  const asked = [ask('one'), ask('two'), ask('one', { all: true }), ask('one', { family: 6 })];
  expect(questions.map(({ name }) => name)).toEqual(['one', 'two', 'one', 'one']);
  const addresses = [{ address: '192.0.2.1', family: 4 }];
  questions[2]!.answer(null, addresses);
  questions[1]!.answer(null, '192.0.2.2', 4);
  expect(await asked[2]).toEqual([null, addresses]);
  expect(await asked[1]).toEqual([null, '192.0.2.2', 4]);
});

it('is asked again after each answer, also one that is an error', async () => {
  const { questions, ask } = resolver();
  const error = new Error('getaddrinfo EAI_AGAIN one');
  const asked = [ask('one'), ask('one')];
  questions[0]!.answer(error, '');
  expect(await Promise.all(asked)).toEqual([
    [error, ''],
    [error, ''],
  ]);
  const again = ask('one');
  expect(questions).toHaveLength(2);
  questions[1]!.answer(null, '192.0.2.1', 4);
  expect(await again).toEqual([null, '192.0.2.1', 4]);
});

it('is asked again when its answer is late, and what comes of both is told', async () => {
  const { questions, ask } = resolver(0);
  const asked = [ask('one'), ask('one')];
  expect(questions).toHaveLength(2);
  questions[0]!.answer(null, '192.0.2.1', 4);
  questions[1]!.answer(null, '192.0.2.2', 4);
  expect(await Promise.all(asked)).toEqual([
    [null, '192.0.2.1', 4],
    [null, '192.0.2.2', 4],
  ]);
});

it('answers all, also where one of them throws', async () => {
  const { questions, shared, ask } = resolver();
  const uncaught = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
  });
  try {
    shared('one', {}, () => {
      throw new Error('of a listener');
    });
    const asked = ask('one');
    questions[0]!.answer(null, '192.0.2.1', 4);
    expect(await asked).toEqual([null, '192.0.2.1', 4]);
    expect(await uncaught).toMatchObject({ message: 'of a listener' });
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
});

it('is asked again after it threw', () => {
  let times = 0;
  const shared = sharing(() => {
    times++;
    throw new RangeError('no such family');
  });
  for (let i = 0; i < 2; i++) {
    expect(() => {
      shared('one', { family: 7 }, () => undefined);
    }).toThrow('no such family');
  }
  expect(times).toBe(2);
});

it('leaves everybody in the async context that has asked', async () => {
  const { questions, shared } = resolver();
  const storage = new AsyncLocalStorage<number>();
  const contexts: unknown[] = [];
  for (const context of [1, 2]) {
    storage.run(context, () => {
      shared('one', {}, () => contexts.push(storage.getStore()));
    });
  }
  questions[0]!.answer(null, '192.0.2.1', 4);
  expect(contexts).toEqual([1, 2]);
});

it.each([
  [{}, [null, '127.0.0.1', 4]],
  [{ all: true }, [null, [{ address: '127.0.0.1', family: 4 }]]],
])('asks the system for %j', async (options, expected) => {
  const answer = await new Promise((resolve) => {
    lookup('127.0.0.1', options, (...given) => {
      resolve(given);
    });
  });
  expect(answer).toEqual(expected);
});
