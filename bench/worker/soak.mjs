/** Whether memory grows while a client works for a long time. */
import { checkEach } from './checks.mjs';
import { collectGarbage } from './figures.mjs';

const ABANDONED_COMMANDS = 1_000;
const MINUTE_MS = 60_000;

/**
 * For so many minutes: all commands at once, one fan-out, and a call that is given up before its
 * answers. Memory is looked at after a forced collection, at a quarter of the time and at its end.
 */
export function soak(workload, client, { minutes }) {
  const { keys, expected } = workload;
  let figures;
  const turn = async (run) => {
    workload.before(run);
    checkEach(await client.all(workload, 0, keys.length), keys, expected);
    await client.info();
    await client.abandon(workload, 0, Math.min(ABANDONED_COMMANDS, keys.length));
  };
  return {
    async run() {
      const started = performance.now();
      const quarterMs = (minutes * MINUTE_MS) / 4;
      let turns = 0;
      let quarter;
      while (performance.now() - started < 4 * quarterMs) {
        await turn(turns++);
        if (performance.now() - started >= quarterMs) quarter ??= await memory();
      }
      const end = await memory();
      quarter ??= end;
      figures = {
        commands: turns * keys.length,
        quarterMb: quarter.heapMb,
        endMb: end.heapMb,
        growthMb: end.heapMb - quarter.heapMb,
        residentGrowthMb: end.residentMb - quarter.residentMb,
      };
    },
    figures: () => figures,
    check() {},
  };
}

async function memory() {
  await collectGarbage();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapMb: (heapUsed + arrayBuffers) / 2 ** 20, residentMb: rss / 2 ** 20 };
}
