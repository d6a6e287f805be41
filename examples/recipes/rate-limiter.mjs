/**
 * A rate limiter: a bucket of tokens for each user. It is refilled steadily and takes a token for each
 * request. One key and one round trip for each decision, and the clock is the server's own.
 */
import { defineScript, RbPromise } from 'redis-blaster';
import { TestSetup } from 'redis-blaster/testing';

// #region recipe
/** The script answers `[whether to admit, tokens left, milliseconds until there is one again]`. */
export const takeToken = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local capacity, perMs = tonumber(ARGV[1]), tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
    local tokens = tonumber(bucket[1]) or capacity
    local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
    tokens = math.min(capacity, tokens + elapsed * perMs)
    local admitted = tokens >= 1 and 1 or 0
    tokens = tokens - admitted
    redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
    redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / perMs))
    return { admitted, math.floor(tokens), math.ceil(math.max(0, 1 - tokens) / perMs) }
  `,
  parseCommand(parser, user, { capacity, perMinute }) {
    parser.pushKey(`bucket:${user}`);
    parser.push(String(capacity), String(perMinute / 60_000));
  },
  transformReply: ([admitted, left, waitMs]) => ({ admitted: admitted === 1, left, waitMs }),
});

/** If Redis cannot decide in time, the request may pass. */
const letPass = (error) => ({ admitted: true, left: 0, waitMs: 0, error });

/** Whether one request may pass; `error` says why Redis could not decide. */
export function admit(client, user, limit) {
  return client.takeToken(user, limit).catch(letPass);
}

/** Many decisions at once, whichever hosts the users live on. */
export function admitAll(cluster, users, limit) {
  return cluster.map((client) => RbPromise.all(users.map((user) => admit(client, user, limit))));
}
// #endregion recipe

// #region demo
const setup = new TestSetup({ servers: 2, databasesEach: 4 });
try {
  const cluster = await setup.makeCluster({
    scripts: { takeToken },
    poolOptions: { commandTimeout: 1000 },
  });
  const client = cluster.getRoutingClient();
  const limit = { capacity: 3, perMinute: 1 };
  for (let request = 1; request <= 4; request++) {
    const { admitted, left, waitMs } = await admit(client, 'ann', limit);
    const seconds = Math.ceil(waitMs / 60_000) * 60;
    console.log(admitted ? `passes, ${left} left` : `turned away, again within ${seconds} s`);
  }
  const users = ['ann', 'bob', 'eve', 'joe'];
  const decisions = await admitAll(cluster, users, limit);
  for (const [index, { admitted }] of decisions.entries()) {
    console.log(`${users[index]} ${admitted ? 'passes' : 'is turned away'}`);
  }

  // The users of hosts that are gone pass, and nobody else notices.
  process.kill(setup.servers[1].pid, 'SIGKILL');
  const others = Array.from({ length: 20 }, (_, id) => `user-${id}`);
  const still = await admitAll(cluster, others, limit);
  console.log('with half of the hosts gone:', still.filter(({ admitted }) => admitted).length);
  console.log('undecided:', still.filter(({ error }) => error?.code === 'RB_CONNECTION').length);
} finally {
  await setup.close();
}
// #endregion demo
