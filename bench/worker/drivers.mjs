/**
 * The ways in which the scenarios use a client. A driver is made of the scenario's workload, a client
 * and the settings of the contender; it has `before(run)` (untimed), `run()` (timed), `figures()`
 * (more figures of the run), and `check()`, which throws where a reply of the run is wrong and keeps
 * nothing of it.
 *
 * A workload has:
 *
 * - `keys`: the key of every command, in order
 * - `commands`: for each library the function that issues command number `i` on one of its clients;
 *   one of their own each, so that no library pays for the shapes of another's objects
 * - `lists`: the same, where there is a command for many keys: its functions get the keys, and the
 *   numbers of the commands that it stands for
 * - `expected(i)`: the right reply of command number `i`
 * - `before(run)`: called before each run; `run` is a number used only once
 */
import { checkEach, range } from './checks.mjs';
import { percentiles } from './figures.mjs';
import { measureOutstanding } from './outstanding.mjs';
import { soak } from './soak.mjs';
import { burstsBesideStopped } from './stopped.mjs';

export const drivers = { batches, loops, infos, burstsBesideStopped, measureOutstanding, soak };

/**
 * All commands at once, `repeats` times one after the other; or, with `chunk`, so many at once and
 * then the next ones.
 */
function batches(workload, client, { chunk, repeats = 1 }) {
  const { keys, expected } = workload;
  let results = [];
  const latencies = [];
  const runOnce = async () => {
    const replies = [];
    const step = chunk ?? keys.length;
    for (let start = 0; start < keys.length; start += step) {
      const started = performance.now();
      replies.push(await client.all(workload, start, Math.min(start + step, keys.length)));
      latencies.push(performance.now() - started);
    }
    results.push(replies);
  };
  return {
    before: workload.before,
    async run() {
      for (let repeat = 0; repeat < repeats; repeat++) await runOnce();
    },
    figures() {
      const taken = latencies.splice(0);
      return chunk === undefined ? {} : percentiles(taken);
    },
    check() {
      for (const replies of results) checkEach(replies.flat(), keys, expected);
      results = [];
    },
  };
}

/** So many loops side by side, each of which awaits its command before the next one. */
function loops(workload, client, { loops: count }) {
  const { keys, expected } = workload;
  const latencies = new Float64Array(keys.length);
  let results = [];
  return {
    before: workload.before,
    async run() {
      results = new Array(keys.length);
      let next = 0;
      const loop = async () => {
        while (next < keys.length) {
          const i = next++;
          const started = performance.now();
          results[i] = await client.one(workload, i);
          latencies[i] = performance.now() - started;
        }
      };
      await Promise.all(range(count, loop));
    },
    figures: () => percentiles(latencies),
    check() {
      checkEach(results, keys, expected);
      results = [];
    },
  };
}

/** INFO of every host, `repeats` times one after the other. */
function infos(_workload, client, { hosts, repeats }) {
  let results = [];
  const latencies = [];
  return {
    async run() {
      for (let repeat = 0; repeat < repeats; repeat++) {
        const started = performance.now();
        results.push(await client.info());
        latencies.push(performance.now() - started);
      }
    },
    figures: () => percentiles(latencies.splice(0)),
    check() {
      for (const texts of results) {
        if (texts.length !== hosts.length) throw new Error(`${texts.length} answers of INFO`);
        checkServers(texts, hosts);
      }
      results = [];
    },
  };
}

/** Throws unless each text is the whole INFO of the server of its host. */
function checkServers(texts, hosts) {
  const ids = new Map();
  for (const [index, text] of texts.entries()) {
    const [, id] = /^# Server\r\n[^]*\nrun_id:(\w+)\r\n[^]*\n# Keyspace\r\n/.exec(text) ?? [];
    if (id === undefined) throw new Error(`no answer of INFO: ${String(text).slice(0, 200)}`);
    const { path, port } = hosts[index];
    const address = path ?? port;
    if (id !== (ids.get(address) ?? id)) throw new Error(`INFO of another server at ${address}`);
    ids.set(address, id);
  }
  if (new Set(ids.values()).size < ids.size) throw new Error('INFO of one server for two');
}
