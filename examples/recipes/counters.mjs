/**
 * Counters for many things at once: counted in memory, and added to Redis once in a while, all hosts
 * in parallel. After a failure it is known which counts are safe to add again.
 */
import { RbPromise, ReplyError } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

// #region recipe
const keyOf = (name) => `views:${name}`;

/** Of what servers answer, these errors pass. */
const PASSING = new Set(['BUSY', 'LOADING', 'MASTERDOWN', 'OOM', 'READONLY']);

/** Whether the command certainly did not run, and may succeed next time. */
function mayPass(error) {
  if (error instanceof ReplyError) return PASSING.has(error.kind);
  // A TypeError is a mistake, such as a count that is no integer.
  return error.maybeExecuted === false && !(error instanceof TypeError);
}

export class Counters {
  #cluster;
  #counts = new Map();

  constructor(cluster) {
    this.#cluster = cluster;
  }

  add(name, count = 1) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  /**
   * Adds to Redis what was counted. What could not be added and may be next time is kept for the next
   * flush. Answers all else, `{ name, count, error }`: it may have been added if `error.maybeExecuted`,
   * and was refused otherwise.
   */
  async flush() {
    const counts = this.#counts;
    this.#counts = new Map();
    const failed = [];
    await this.#cluster.map((client) => {
      for (const [name, count] of counts) {
        client.incrBy(keyOf(name), count).catch((error) => {
          if (mayPass(error)) this.add(name, count);
          else failed.push({ name, count, error });
        });
      }
    });
    return failed;
  }

  /** The counts by name: 0 for what was never counted. */
  async read(names) {
    const counts = await this.#cluster.map((client) =>
      RbPromise.all(new Map(names.map((name) => [name, client.get(keyOf(name))]))),
    );
    return new Map([...counts].map(([name, count]) => [name, Number(count)]));
  }
}
// #endregion recipe

// #region demo
await makeTestCluster({ servers: 2, databasesEach: 4 }, async (cluster) => {
  const counters = new Counters(cluster);
  const flush = async () => {
    const failed = await counters.flush();
    console.log(
      'failed:',
      failed.map(({ name, count, error }) => `${name} +${count}: ${error.kind}`),
    );
  };
  for (let view = 0; view < 10_000; view++) counters.add(`page-${view % 100}`);
  await flush();
  counters.add('page-1', 5);
  await flush();
  for (const [name, count] of await counters.read(['page-0', 'page-1', 'page-x'])) {
    console.log(`${name}: ${count}`);
  }

  // What was not sent when the connections are ended is kept for the next flush.
  counters.add('page-0');
  const flushed = flush();
  await cluster.disconnectPools();
  await flushed;
  await flush();
  console.log('and counted:', (await counters.read(['page-0'])).get('page-0'));

  // So is what a server refuses for a while, here for want of memory.
  await cluster.all((client) => client.configSet('maxmemory', '1'));
  counters.add('page-0');
  await flush();
  await cluster.all((client) => client.configSet('maxmemory', '0'));
  await flush();
  console.log('and counted:', (await counters.read(['page-0'])).get('page-0'));

  // What it refuses for good is told, once.
  await cluster.getRoutingClient().set('views:page-1', 'many');
  counters.add('page-1', 3);
  await flush();
  await flush();

  const sizes = await cluster.all((client) => client.dbSize());
  console.log('counters on each host:', [...sizes.values()].join(' '));
});
// #endregion demo
