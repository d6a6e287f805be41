/** A halted host, a million commands with a short deadline, and what of them runs in the end. */

import { expect, it } from 'vitest';

import { stopAndCount } from './stopped-counter.js';

it('runs no more of what timed out than it reported, which is what the socket holds', async () => {
  const { commands, maybe, notRun, other, counted, bound } = await stopAndCount(1_000_000, 500);
  expect(commands).toBe(1_000_000);
  expect(other).toBe(0);
  expect(maybe + notRun).toBe(commands);
  expect(maybe).toBeGreaterThan(0);
  expect(counted).toBeLessThanOrEqual(maybe);
  expect(maybe).toBeLessThanOrEqual(bound);
}, 120_000);
