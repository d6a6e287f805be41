import { createHook } from 'node:async_hooks';

/** How many Immediates are made while `fn` runs. */
export async function countImmediates(fn: () => unknown): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'Immediate') count++;
    },
  }).enable();
  try {
    await fn();
  } finally {
    hook.disable();
  }
  return count;
}
