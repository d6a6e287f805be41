/**
 * Counters for many things at once: counted in memory, and added to Redis once in a while, all hosts
 * in parallel. After a failure it is known which counts are safe to add again.
 */
import { RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

// #region recipe
const keyOf = (name) => `views:${name}`;

export class Counters {
  #cluster;
  #counts = new Map();

  constructor(cluster) {
    this.#cluster = cluster;
  }

  add(name, count = 1) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  /** Adds to Redis what was counted. Answers the names whose counts may be lost. */
  async flush() {
    const counts = this.#counts;
    this.#counts = new Map();
    const uncertain = [];
    await this.#cluster.map((client) => {
      for (const [name, count] of counts) {
        client.incrBy(keyOf(name), count).catch((error) => {
          // What may have run might count twice. All else did not: the next flush adds it.
          if (error.maybeExecuted) uncertain.push(name);
          else this.add(name, count);
        });
      }
    });
    return uncertain;
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
  for (let view = 0; view < 10_000; view++) counters.add(`page-${view % 100}`);
  console.log('uncertain:', await counters.flush());
  counters.add('page-1', 5);
  await counters.flush();
  for (const [name, count] of await counters.read(['page-0', 'page-1', 'page-x'])) {
    console.log(`${name}: ${count}`);
  }

  // What was not sent when the connections are ended is kept for the next flush.
  counters.add('page-0');
  const flushed = counters.flush();
  await cluster.disconnectPools();
  console.log('uncertain:', await flushed);
  await counters.flush();
  console.log('and counted:', (await counters.read(['page-0'])).get('page-0'));

  // So is what a server refuses, here for want of memory.
  await cluster.all((client) => client.configSet('maxmemory', '1'));
  counters.add('page-0');
  console.log('uncertain:', await counters.flush());
  await cluster.all((client) => client.configSet('maxmemory', '0'));
  await counters.flush();
  console.log('and counted:', (await counters.read(['page-0'])).get('page-0'));

  const sizes = await cluster.all((client) => client.dbSize());
  console.log('counters on each host:', [...sizes.values()].join(' '));
});
// #endregion demo
