/**
 * A job queue over all hosts: jobs are divided among some streams, and workers take them as consumers
 * of one group. A job is done when a worker says so; one that was taken and not done is taken again.
 */
import { setTimeout } from 'node:timers/promises';
import { RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

// #region recipe
const STREAMS = Array.from({ length: 8 }, (_, index) => `jobs:${index}`);
const GROUP = 'workers';

/** To be called before the first job and by each worker; twice does no harm. */
export async function createQueue(cluster) {
  await cluster.map((client) => {
    for (const stream of STREAMS) {
      client.xGroupCreate(stream, GROUP, '0', { MKSTREAM: true }).catch((error) => {
        if (error.kind !== 'BUSYGROUP') throw error;
      });
    }
  });
}

let turn = Math.floor(Math.random() * STREAMS.length);

/** Adds jobs to the streams in turn, and answers their ids. */
export function addJobs(cluster, jobs) {
  return cluster.map((client) =>
    RbPromise.all(
      jobs.map((job) =>
        client.xAdd(STREAMS[turn++ % STREAMS.length], '*', { job: JSON.stringify(job) }),
      ),
    ),
  );
}

/**
 * Works until `signal` is aborted, and ends what it has begun. `handle` does a job; where that or a
 * host fails, `report` gets the error. A job that is not done after `abandonedMs` is anybody's again.
 */
export async function work(cluster, { name, handle, report, signal, abandonedMs = 60_000 }) {
  const client = cluster.getRoutingClient();
  await Promise.all(
    STREAMS.map(async (stream) => {
      let cursor = '0-0';
      while (!signal.aborted) {
        try {
          const left = await client.xAutoClaim(stream, GROUP, name, abandonedMs, cursor);
          cursor = left.nextId;
          const jobs = left.messages.length > 0 ? left.messages : await next(stream);
          for (const job of jobs) await perform(stream, job).catch(report);
        } catch (error) {
          if (error === signal.reason) return;
          report(error);
          await setTimeout(1000, undefined, { signal }).catch(() => {});
        }
      }
    }),
  );

  /** New jobs of a stream; none if there are none for a while. */
  async function next(stream) {
    const place = { key: stream, id: '>' };
    const streams = await cluster.map(
      (map) => map.xReadGroup(GROUP, name, place, { COUNT: 10, BLOCK: 5000 }),
      { signal },
    );
    return streams?.[0].messages ?? [];
  }

  async function perform(stream, { id, message }) {
    await handle(JSON.parse(message.job));
    await Promise.all([client.xAck(stream, GROUP, id), client.xDel(stream, id)]);
  }
}
// #endregion recipe

// #region demo
await makeTestCluster({ servers: 2, databasesEach: 4 }, async (cluster) => {
  await createQueue(cluster);
  const sizes = await cluster.all((client) => client.dbSize());
  console.log('streams on each host:', [...sizes.values()].join(' '));

  await addJobs(
    cluster,
    Array.from({ length: 100 }, (_, page) => ({ page })),
  );
  const pages = new Set();
  const stop = new AbortController();
  const handle = async ({ page }) => {
    pages.add(page);
    if (pages.size === 100) stop.abort();
  };
  const report = (error) => console.log(error.message);
  await Promise.all(
    ['ann', 'bob'].map((name) => work(cluster, { name, handle, report, signal: stop.signal })),
  );
  console.log('pages:', pages.size);

  // A worker takes jobs and is never seen again.
  await addJobs(cluster, [{ page: 'lost' }]);
  await cluster.map((client) => {
    for (const key of STREAMS) client.xReadGroup(GROUP, 'eve', { key, id: '>' });
  });
  const again = new AbortController();
  let attempts = 0;
  await work(cluster, {
    name: 'joe',
    handle: async ({ page }) => {
      if (attempts++ === 0) throw new Error('no success');
      console.log('again:', page);
      again.abort();
    },
    report,
    signal: again.signal,
    abandonedMs: 0,
  });
  const lengths = await cluster.map((client) =>
    RbPromise.all(STREAMS.map((stream) => client.xLen(stream))),
  );
  console.log(
    'jobs left:',
    lengths.reduce((sum, length) => sum + length, 0),
  );
});
// #endregion demo
