/**
 * An API gateway in small: it counts the hits of many users in buckets of a minute, shows the last
 * few minutes, and lets each user make so many requests in a sliding window.
 */
import { defineScript, RbPromise } from 'redis-blaster';
import { makeTestCluster } from 'redis-blaster/testing';

const MINUTE_MS = 60_000;
const MINUTES_SHOWN = 5;
const LIMIT = { requests: 3, windowMs: 10_000 };

/**
 * A sliding window in one sorted set for each user: the scores are times. One key and one round
 * trip, so no other request can come in between.
 */
const takeSlot = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local now, windowMs, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - windowMs)
    local used = redis.call('ZCARD', KEYS[1])
    if used >= limit then return -1 end
    redis.call('ZADD', KEYS[1], now, ARGV[4])
    redis.call('PEXPIRE', KEYS[1], windowMs)
    return limit - used - 1
  `,
  parseCommand(parser, user, now, request) {
    parser.pushKey(`slots:${user}`);
    parser.push(String(now), String(LIMIT.windowMs), String(LIMIT.requests), request);
  },
  transformReply: (left) => left,
});

const bucketKey = (user, time) => `hits:${user}:${Math.floor(time / MINUTE_MS)}`;

/** Counts the hits of one interval: one map for all users, whichever hosts they live on. */
async function countHits(cluster, hits, time) {
  await cluster.map((client) => {
    for (const [user, count] of hits) {
      const key = bucketKey(user, time);
      client.incrBy(key, count);
      client.expire(key, (MINUTES_SHOWN * MINUTE_MS) / 1000);
    }
  });
}

/** The hits of each user in the last minutes. All buckets of all users are read at once. */
async function recentHits(cluster, users, time) {
  const minutes = Array.from({ length: MINUTES_SHOWN }, (_, index) => time - index * MINUTE_MS);
  return cluster.map((client) => {
    const sums = new Map();
    for (const user of users) {
      const buckets = client.mGet(minutes.map((minute) => bucketKey(user, minute)));
      sums.set(
        user,
        buckets.then((counts) => counts.reduce((sum, n) => sum + Number(n), 0)),
      );
    }
    return RbPromise.all(sums);
  });
}

/** Whether each of these requests may pass, all decided at the same time. */
async function admit(cluster, requests, time) {
  const slots = await cluster.map((client) =>
    RbPromise.all(requests.map(({ user, id }) => client.takeSlot(user, time, id))),
  );
  return slots.map((left) => left >= 0);
}

const options = { servers: 2, databasesEach: 4, cluster: { scripts: { takeSlot } } };

await makeTestCluster(options, async (cluster) => {
  const start = Date.UTC(2030, 0, 1);
  const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);

  for (let minute = 0; minute < 8; minute++) {
    const hits = users.map((user, index) => [user, (index % 10) + 1]);
    await countHits(cluster, hits, start + minute * MINUTE_MS);
  }
  const recent = await recentHits(cluster, users, start + 7 * MINUTE_MS);
  const total = [...recent.values()].reduce((sum, count) => sum + count, 0);
  console.log(`user-0: ${recent.get('user-0')}, user-9: ${recent.get('user-9')}, all: ${total}`);

  // Four requests of one user and one of another, then one more when the window has moved on.
  const requests = ['ann', 'ann', 'ann', 'bob', 'ann'].map((user, index) => ({
    user,
    id: `request-${index}`,
  }));
  const passed = await admit(cluster, requests, start);
  for (const [index, { user, id }] of requests.entries()) {
    console.log(`${id} of ${user}: ${passed[index] ? 'passes' : 'is turned away'}`);
  }
  const [later] = await admit(cluster, [{ user: 'ann', id: 'request-5' }], start + 10_000);
  console.log(`request-5 of ann: ${later ? 'passes' : 'is turned away'}`);

  const busyHosts = [...(await cluster.all((client) => client.dbSize())).values()];
  console.log(
    'every host has its share:',
    busyHosts.every((size) => size > 0),
  );
});
