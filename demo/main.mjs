/**
 * Counts the words of a book over 32 hosts (4 real servers of 8 databases each), reads every count
 * back and verifies it, then shows what mapping and batching are worth.
 */
import { constants } from 'node:os';
import { RbPromise } from 'redis-blaster';
import { TestSetup } from 'redis-blaster/testing';
import { USAGE, UsageError, readOptions, readWords } from './options.mjs';
import { formatCount, formatMs, printKeysPerHost, printTable, startProgress } from './report.mjs';
import { countWords, slices, topEntries } from './words.mjs';

const SLICE = 10_000;
const ROUNDS = 5;
const ONE_BY_ONE_MS = 2_000;

const key = (word) => `word:${word}`;
const interruption = new AbortController();

for (const name of ['SIGINT', 'SIGTERM']) {
  // Only the first: a second one ends the process at once.
  process.once(name, () => {
    process.exitCode = 128 + constants.signals[name];
    interruption.abort(new Error(`interrupted by ${name}`));
  });
}

try {
  await main();
} catch (error) {
  if (interruption.signal.aborted) {
    // What failed, failed because of it: a Ctrl-C reaches the servers too.
    console.error('\nInterrupted; the servers are stopped.');
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const words = readWords(options.file);
  const setup = new TestSetup({ servers: options.servers, databasesEach: options.databases });
  try {
    const cluster = await setup.makeCluster();
    interruption.signal.throwIfAborted();
    await run(cluster, words);
    await cluster.disconnectPools();
  } finally {
    await setup.close();
  }
}

async function run(cluster, words) {
  const expected = countWords(words);
  const keys = [...expected.keys()].map(key);
  console.log(
    `${formatCount(words.length)} words, ${formatCount(keys.length)} different ones, ` +
      `are counted on ${cluster.hosts.size} hosts: one INCR per word.`,
  );
  await count(cluster, words);
  await verify(cluster, expected);
  printTopWords(cluster, expected);
  printKeysPerHost(await cluster.all((client) => client.dbSize(), calls()));
  await compareRates(cluster, keys);
}

async function count(cluster, words) {
  const progress = startProgress(words.length);
  const started = performance.now();
  let done = 0;
  try {
    for (const slice of slices(words, SLICE)) {
      await cluster.map((client) => {
        for (const word of slice) client.incr(key(word));
      }, calls());
      done += slice.length;
      progress.update(done);
    }
  } finally {
    progress.stop();
  }
  const elapsed = performance.now() - started;
  const rate = formatCount(done / (elapsed / 1000));
  console.log(`Counted in ${formatMs(elapsed)}: ${rate} words/s.`);
}

async function verify(cluster, expected) {
  const words = [...expected.keys()];
  const values = await readAll(cluster, words.map(key));
  const wrong = words.filter((word, index) => Number(values[index]) !== expected.get(word));
  if (wrong.length > 0) {
    throw new Error(`${wrong.length} of ${words.length} counts are wrong, first: ${wrong[0]}`);
  }
  console.log(`Verified: all ${formatCount(words.length)} counts equal a count in memory.`);
}

function printTopWords(cluster, counts) {
  const router = cluster.getRouter();
  const columns = [
    { title: 'word' },
    { title: 'count', right: true },
    { title: 'host', right: true },
  ];
  const rows = topEntries(counts, 15).map(([word, occurrences]) => [
    word,
    formatCount(occurrences),
    router.getHostForKey(key(word)),
  ]);
  printTable('The most frequent words', columns, rows);
}

/** The same work, GET of the keys just written, in three ways. */
async function compareRates(cluster, keys) {
  const single = await timeOneByOne(cluster, keys);
  const mapped = await timeMapped(cluster, keys, false);
  const batched = await timeMapped(cluster, keys, true);
  const columns = [
    { title: 'GET' },
    { title: 'calls', right: true },
    { title: 'time', right: true },
    { title: 'calls/s', right: true },
  ];
  const rows = [
    ['one call at a time, awaited', single],
    ['mapped, autoBatch: false', mapped],
    ['mapped, autoBatch: true', batched],
  ].map(([way, { calls: made, elapsed }]) => [
    way,
    formatCount(made),
    formatMs(elapsed),
    formatCount(made / (elapsed / 1000)),
  ]);
  printTable('The same reads in three ways', columns, rows);
  console.log(
    `One call at a time reads only as many keys as it can in ${ONE_BY_ONE_MS / 1000} s; ` +
      `the mapped times are the median of ${ROUNDS} rounds over all keys.`,
  );
}

async function timeOneByOne(cluster, keys) {
  const client = cluster.getRoutingClient();
  const started = performance.now();
  let made = 0;
  for (const each of keys) {
    interruption.signal.throwIfAborted();
    await client.get(each);
    made += 1;
    if (performance.now() - started >= ONE_BY_ONE_MS) break;
  }
  return { calls: made, elapsed: performance.now() - started };
}

async function timeMapped(cluster, keys, autoBatch) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    await readAll(cluster, keys, { autoBatch });
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { calls: keys.length, elapsed: times[Math.floor(ROUNDS / 2)] };
}

function readAll(cluster, keys, options = {}) {
  return cluster.map(
    (client) => RbPromise.all(keys.map((each) => client.get(each))),
    calls(options),
  );
}

/** The options of every call: an interruption ends it. */
function calls(options = {}) {
  return { ...options, signal: interruption.signal };
}
