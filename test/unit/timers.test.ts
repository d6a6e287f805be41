import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
});

it("are Node's own where the globals are those of a browser", async () => {
  const { setTimeout } = globalThis;
  const numbered = (...args: Parameters<typeof setTimeout>): number => Number(setTimeout(...args));
  vi.stubGlobal('setTimeout', numbered);
  vi.stubGlobal('setImmediate', undefined);
  vi.resetModules();
  const { giveBackBuffer, takeBuffer } = await import('../../src/wire/spare-buffers.js');
  const { atEndOfTick, clearTimer, startTimer } = await import('../../src/util/timers.js');
  const { buffer } = takeBuffer(60_000);
  for (let i = 0; i < 2; i++) giveBackBuffer(Buffer.from(buffer));
  expect(takeBuffer(60_000).buffer).toBe(buffer);
  const cancelled = vi.fn();
  clearTimer(startTimer(cancelled, 0));
  await new Promise<void>((resolve) => startTimer(resolve, 1));
  await new Promise<void>((resolve) => {
    atEndOfTick(resolve);
  });
  expect(cancelled).not.toHaveBeenCalled();
});
