import { expect, it } from 'vitest';

import { allocateLong } from '../../../src/wire/long-buffers.js';
import { settledMemory } from '../../chaos/memory.js';
import { condition } from '../../helpers/condition.js';

const MB = 1024 * 1024;

it('has the length that was asked for', () => {
  for (const length of [2, 20_000, MB, 3 * MB]) expect(allocateLong(length)).toHaveLength(length);
});

it('keeps few buffers alive, however many there were, and none for long', async () => {
  const before = await settledMemory();
  const kept = async (): Promise<number> => ((await settledMemory()) - before) / MB;
  await condition(async () => {
    for (let i = 0; i < 400; i++) allocateLong(MB);
    const alive = await kept();
    // None, where the collection has taken longer than they are kept.
    return alive > 1 && alive < 10;
  });
  await condition(async () => (await kept()) < 1);
});

it('keeps none of those that are very long', async () => {
  const before = await settledMemory();
  for (let i = 0; i < 20; i++) allocateLong(20 * MB);
  expect(((await settledMemory()) - before) / MB).toBeLessThan(1);
});
