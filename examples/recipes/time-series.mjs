/**
 * Time series: for each sensor and hour a hash of minute to value. The buckets of one series live on
 * many hosts, so a range is read from all of them at once; old buckets expire by themselves.
 */
import { RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

// #region recipe
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KEPT_SECONDS = 7 * 24 * 3600;

const bucketOf = (time) => Math.floor(time / HOUR) * HOUR;
const keyOf = (sensor, bucket) => `series:${sensor}:${bucket}`;

/** Writes points `{ sensor, time, value }`, all at once. A later value of a minute replaces it. */
export async function record(cluster, points) {
  const buckets = new Map();
  for (const { sensor, time, value } of points) {
    const key = keyOf(sensor, bucketOf(time));
    const fields = buckets.get(key) ?? {};
    fields[Math.floor((time % HOUR) / MINUTE)] = String(value);
    buckets.set(key, fields);
  }
  await cluster.map((client) => {
    for (const [key, fields] of buckets) {
      client.hSet(key, fields);
      client.expire(key, KEPT_SECONDS);
    }
  });
}

/** The points of a sensor from `start` up to, and without, `end`; in order. */
export async function range(cluster, sensor, start, end) {
  const times = [];
  for (let bucket = bucketOf(start); bucket < end; bucket += HOUR) times.push(bucket);
  const buckets = await cluster.map((client) =>
    RbPromise.all(times.map((bucket) => client.hGetAll(keyOf(sensor, bucket)))),
  );
  return buckets
    .flatMap((fields, index) =>
      Object.entries(fields).map(([minute, value]) => ({
        time: times[index] + Number(minute) * MINUTE,
        value: Number(value),
      })),
    )
    .filter(({ time }) => time >= start && time < end)
    .sort((a, b) => a.time - b.time);
}
// #endregion recipe

// #region demo
await makeTestCluster({ servers: 2, databasesEach: 4 }, async (cluster) => {
  const start = Date.UTC(2030, 0, 1);
  const points = [];
  for (let minute = 0; minute < 24 * 60; minute++) {
    const time = start + minute * MINUTE;
    for (const sensor of ['roof', 'cellar']) points.push({ sensor, time, value: minute });
  }
  await record(cluster, points);

  const found = await range(cluster, 'roof', start + 50 * MINUTE, start + 3 * HOUR);
  console.log(`${found.length} points, from ${found[0].value} to ${found.at(-1).value}`);
  const average = found.reduce((sum, { value }) => sum + value, 0) / found.length;
  console.log('average:', average);

  console.log(
    'a day later:',
    (await range(cluster, 'roof', start + 24 * HOUR, start + 25 * HOUR)).length,
  );
  const ttl = await cluster.getRoutingClient().ttl(keyOf('cellar', start));
  console.log('kept for days:', Math.round(ttl / 86_400));
});
// #endregion demo
