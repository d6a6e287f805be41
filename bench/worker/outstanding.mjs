/** The memory that commands without an answer take. */
import { checkEach } from './checks.mjs';
import { collectGarbage } from './figures.mjs';

/**
 * All commands at once, to servers that do not answer before `check`. Heap and buffers are looked at
 * after a forced collection: what they are beyond those of the connected client before its first
 * command. So what a library keeps from one run for the next counts as taken.
 */
export function measureOutstanding(workload, client) {
  const { keys, expected } = workload;
  let outstanding;
  let figures;
  let idle;
  return {
    before: workload.before,
    async run() {
      idle ??= await memory();
      outstanding = client.all(workload, 0, keys.length);
      // Awaited in `check`.
      outstanding.catch(() => {});
      const after = await memory();
      figures = {
        bytesPerCommand: (after.heap - idle.heap) / keys.length,
        residentPerCommand: (after.resident - idle.resident) / keys.length,
      };
    },
    figures: () => figures,
    async check() {
      checkEach(await outstanding, keys, expected);
      outstanding = undefined;
    },
  };
}

async function memory() {
  await collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed + arrayBuffers, resident: rss };
}
