/**
 * One contender, in a process of its own: Node or Bun. It reads commands as JSON lines, and answers
 * each with one line:
 *
 * - `prepare`: loads the scenario and the client library, and connects; answers `{}`
 * - `run`: one run, number `run`, behind a collection of garbage if it `collects`; answers its figures
 * - `check`: throws away the results of that run if they are the right ones; answers `{}`
 * - `profile`: where the time of the profiled runs went
 * - `close`: closes the connections; answers `{}`, after which it can prepare again
 *
 * What goes wrong is answered as `{ error }`. The end of the input ends the process.
 */
import { createInterface } from 'node:readline';
import { collectGarbage, takeFigures } from './figures.mjs';
import { drivers } from './drivers.mjs';

let driver;
let client;
let profiler;
let settings;

const commands = {
  async prepare(message) {
    settings = message;
    const { scenario } = await import(`../scenarios/${settings.scenario}.mjs`);
    const { open } = await import(`./clients/${settings.client}.mjs`);
    client = await open(settings);
    const workload = scenario.workload?.(settings.size, settings);
    driver = drivers[scenario.driver](workload, client, settings);
    if (settings.profile) {
      const { startProfiler } = await import('./profiler.mjs');
      profiler = startProfiler();
    }
    return {};
  },
  async run({ run, collects, counts }) {
    driver.before?.(run);
    if (collects) await collectGarbage();
    if (counts) profiler?.begin();
    const figures = await takeFigures(() => driver.run());
    if (counts) profiler?.end();
    return { ...figures, ...driver.figures() };
  },
  async check() {
    await driver.check();
    return {};
  },
  profile: () => ({ profile: profiler?.summary() ?? [] }),
  async close() {
    await client.close();
    driver = client = profiler = undefined;
    return {};
  },
};

// Whoever wanted the answers is gone, also while a command is under way.
process.stdin.once('end', () => process.exit());

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const answer = await answerTo(message);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function answerTo(message) {
  try {
    return await commands[message.cmd](message);
  } catch (error) {
    return { error: String(error?.stack ?? error) };
  }
}
