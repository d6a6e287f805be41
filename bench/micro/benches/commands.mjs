/**
 * Commands on their way in: from a method's arguments, through the router, into the bytes that a
 * host's connection would get. In place of a connection stands a channel that takes them and at
 * once counts them as done, so that nothing piles up; their promises stay pending.
 *
 * An operation is a command. A run is a map of 1,000 commands in one tick, at whose end they are
 * flushed.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { setImmediate as endOfTick } from 'node:timers/promises';
import { range, respOf } from './support.mjs';

const HOSTS = 8;
const hostConfigs = range(HOSTS, (hostId) => [hostId, { port: 6379 + hostId }]);
const COMMANDS = 1_000;
/** The command that is checked. */
const CHECKED = 7;

const keys = range(COMMANDS, (i) => `user:${i}:name`);
const byteKeys = keys.map((key) => Buffer.from(key));
const values = range(COMMANDS, (i) => `value of the key number ${i}`);
const records = range(COMMANDS, (i) =>
  Object.fromEntries(range(10, (field) => [`field${field}`, `value:${i}:${field}`])),
);
const members = range(10, (i) => ({ score: i + 0.5, value: `member:${i}` }));

/** What is called, and which words have to arrive; `merged` if two calls become one command. */
const MAPPED = {
  get: {
    issue: (client, i) => client.get(keys[i]),
    words: (i) => ['GET', keys[i]],
    merged: (i) => ['MGET', keys[i], keys[i]],
  },
  'get of a Buffer key': {
    issue: (client, i) => client.get(byteKeys[i]),
    words: (i) => ['GET', keys[i]],
    merged: (i) => ['MGET', keys[i], keys[i]],
  },
  'get, autoBatch off': {
    options: { autoBatch: false },
    issue: (client, i) => client.get(keys[i]),
    words: (i) => ['GET', keys[i]],
  },
  set: {
    issue: (client, i) => client.set(keys[i], values[i]),
    words: (i) => ['SET', keys[i], values[i]],
    merged: (i) => ['MSET', keys[i], values[i], keys[i], values[i]],
  },
  'set, autoBatch off': {
    options: { autoBatch: false },
    issue: (client, i) => client.set(keys[i], values[i]),
    words: (i) => ['SET', keys[i], values[i]],
  },
  'set with an expiration': {
    issue: (client, i) => client.set(keys[i], values[i], { expiration: { type: 'EX', value: 60 } }),
    words: (i) => ['SET', keys[i], values[i], 'EX', '60'],
  },
  incr: {
    issue: (client, i) => client.incr(keys[i]),
    words: (i) => ['INCR', keys[i]],
  },
  expire: {
    issue: (client, i) => client.expire(keys[i], 60),
    words: (i) => ['EXPIRE', keys[i], '60'],
  },
  hGetAll: {
    issue: (client, i) => client.hGetAll(keys[i]),
    words: (i) => ['HGETALL', keys[i]],
  },
  'hSet of a field': {
    issue: (client, i) => client.hSet(keys[i], 'field', values[i]),
    words: (i) => ['HSET', keys[i], 'field', values[i]],
  },
  'hSet of 10 fields': {
    issue: (client, i) => client.hSet(keys[i], records[i]),
    words: (i) => ['HSET', keys[i], ...Object.entries(records[i]).flat()],
  },
  'zAdd of a member': {
    issue: (client, i) => client.zAdd(keys[i], members[0]),
    words: (i) => ['ZADD', keys[i], '0.5', 'member:0'],
  },
  'zAdd of 10 members': {
    issue: (client, i) => client.zAdd(keys[i], members),
    words: (i) => ['ZADD', keys[i], ...members.flatMap(({ score, value }) => [`${score}`, value])],
  },
  'executeCommand GET': {
    issue: (client, i) => client.executeCommand('GET', keys[i]),
    words: (i) => ['GET', keys[i]],
  },
};

/** Never merged: the commands of a routing client may be different callers'. */
const ROUTED = {
  get: { issue: MAPPED.get.issue, words: MAPPED.get.words },
  'hSet of 10 fields': MAPPED['hSet of 10 fields'],
};

const FANNED = {
  'get on 8 hosts': { ...MAPPED.get, isFanned: true },
};

export function commandBenches(inside) {
  const benches = (kind, commands, clientOf) =>
    Object.entries(commands).map(([name, command]) => ({
      name: `${kind}: ${name}`,
      setUp: () => issuing(inside, command, clientOf),
    }));
  return [
    ...benches('map', MAPPED, (client, options) => client.getMappingClient(options)),
    ...benches('routing client', ROUTED, (client) => client),
    ...benches('fan-out', FANNED, (client) => client.getFanoutClient('all')),
  ];
}

function issuing({ Cluster }, { issue, words, merged, isFanned, options }, clientOf) {
  const channel = new TakingChannel();
  const cluster = new Cluster({ hosts: Object.fromEntries(hostConfigs) });
  for (const hostId of cluster.hosts.keys()) {
    cluster.getPoolForHost(hostId).openChannel = () => channel;
  }
  const client = clientOf(cluster.getRoutingClient(), options);
  return {
    operations: COMMANDS,
    isAsync: true,
    async run() {
      for (let i = 0; i < COMMANDS; i++) issue(client, i);
      await endOfTick();
    },
    async check() {
      const taken = await channel.takenBy(async () => {
        issue(client, CHECKED);
        issue(client, CHECKED);
        await endOfTick();
      });
      const sent = merged === undefined ? [words(CHECKED), words(CHECKED)] : [merged(CHECKED)];
      const bytes = Buffer.concat(sent.map(respOf));
      const hosts = isFanned
        ? range(HOSTS, (id) => id)
        : [cluster.getRouter().getHostForKey(keys[CHECKED])];
      deepStrictEqual(taken, new Map(hosts.map((hostId) => [hostId, bytes])));
    },
  };
}

/** Stands for the connections to all hosts: takes what is sent, and counts it as done. */
class TakingChannel {
  #taken;

  send(pipeline) {
    this.#taken?.push([pipeline.owner.pool.host.hostId, pipeline.bytes]);
    pipeline.next = pipeline.sinks.length;
    pipeline.owner.onPipelineDone(pipeline);
  }

  /** What `issue` sends, by host. */
  async takenBy(issue) {
    this.#taken = [];
    await issue();
    const taken = new Map(this.#taken.sort(([one], [other]) => one - other));
    this.#taken = undefined;
    return taken;
  }
}
