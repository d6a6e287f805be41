/** Samples where the time of this process goes, between `begin` and `end`. */
import { Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const INTERVAL_US = 100;
const TOP = 20;
/** The native function in which a profile starts and stops. */
const PROFILER = 'dispatch';
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A profiler of this process. */
export function startProfiler() {
  const session = new Session();
  session.connect();
  const post = (method, parameters) => {
    // The profiler's own commands call back before `post` returns.
    let answer;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  const selfTimes = new Map();
  return {
    begin: () => post('Profiler.start'),
    end: () => addSelfTimes(selfTimes, post('Profiler.stop').profile),
    /** The functions with the largest share of the time: `{ where, selfMs, share }`. */
    summary() {
      const times = [...selfTimes].sort((a, b) => b[1] - a[1]);
      const total = times.reduce((sum, [, time]) => sum + time, 0);
      return times
        .slice(0, TOP)
        .map(([where, time]) => ({ where, selfMs: time / 1_000, share: time / total }));
    },
  };
}

function addSelfTimes(times, { nodes, samples, timeDeltas }) {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  for (const [i, id] of samples.entries()) {
    const place = places.get(id);
    if (place === PROFILER) continue;
    times.set(place, (times.get(place) ?? 0) + timeDeltas[i]);
  }
}

function placeOf({ functionName, url, lineNumber }) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  return `${name} ${file.replaceAll('\\', '/')}:${lineNumber + 1}`;
}
