/**
 * What importing a library takes: fresh processes that import it, in turn with such that import an
 * empty module.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { imports } from '../harness/columns.mjs';
import { medians } from '../harness/statistics.mjs';

const FEWEST_ROUNDS = 15;
const SMOKE_ROUNDS = 1;
const EMPTY = 'an empty module';
const loader = fileURLToPath(new URL('../import/load.mjs', import.meta.url));
const emptyUrl = new URL('../import/empty.mjs', import.meta.url).href;
const runFile = promisify(execFile);

export const scenario = {
  title: 'Import: processes that import a library and end',
  columns: imports,
  contenders: [
    { name: 'redis-blaster', client: 'redis-blaster', runtime: 'node' },
    { name: EMPTY, runtime: 'node', url: emptyUrl, always: true },
    { name: 'ioredis', runtime: 'node', package: 'ioredis' },
    { name: 'node-redis', runtime: 'node', package: 'redis' },
    { name: 'valkey-glide', client: 'glide', runtime: 'node', package: '@valkey/valkey-glide' },
  ],
  tables({ rounds, smoke, contenders }) {
    return [{ contenders, rounds: smoke ? SMOKE_ROUNDS : Math.max(rounds, FEWEST_ROUNDS) }];
  },
  async measure(table, { dist, options }) {
    const entries = table.entries.map((entry) => ({ ...entry, url: urlOf(entry, dist) }));
    const records = new Map(entries.map((entry) => [entry, []]));
    if (!options.smoke) for (const { url } of entries) await importOnce(url);
    for (let round = 0; round < table.rounds; round++) {
      const figures = new Map();
      for (const index of entries.keys()) {
        const entry = entries[(index + round) % entries.length];
        figures.set(entry, await importOnce(entry.url));
      }
      const empty = figures.get(entries.find(({ name }) => name === EMPTY));
      for (const [entry, taken] of figures) {
        records.get(entry).push({ ...taken, beyondNodeMs: taken.timeMs - empty.timeMs });
      }
    }
    const measured = entries.map((entry) => {
      const runs = records.get(entry);
      return { name: entry.name, runs, medians: medians(runs) };
    });
    const { title, rounds, columns } = table;
    return { title, rounds, columns, entries: measured };
  },
};

function urlOf(entry, dist) {
  if (entry.url !== undefined) return entry.url;
  const path =
    entry.package === undefined
      ? join(entry.dist ?? dist, 'index.js')
      : createRequire(import.meta.url).resolve(entry.package);
  return pathToFileURL(path).href;
}

async function importOnce(url) {
  const started = performance.now();
  const { stdout } = await runFile(process.execPath, [loader, url]);
  const timeMs = performance.now() - started;
  return { timeMs, ...JSON.parse(stdout) };
}
