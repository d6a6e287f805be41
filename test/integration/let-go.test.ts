/** What clients that live long let go of. */

import { afterEach, beforeEach, expect, it } from 'vitest';

import { type CommandParser, defineScript } from '@redis/client';
import { Cluster } from '../../src/cluster.js';
import { failureOf } from '../helpers/failures.js';
import { collectGarbage } from '../helpers/garbage.js';
import { keyOn } from '../helpers/keys.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 1, databasesEach: 2 });

/** Its transform may look at what the caller gave it. */
const keeping = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: 'return 1',
  parseCommand: (parser: CommandParser, key: string, kept: object) => {
    parser.pushKey(key);
    parser.preserve = kept;
  },
  transformReply: (reply: number) => reply,
});

const open = () =>
  new Cluster({
    hosts: [0, 1].map((db) => ({ hostId: db, unixSocketPath: file.servers[0]!.socketPath, db })),
    scripts: { keeping },
  });
let cluster: ReturnType<typeof open>;
beforeEach(() => {
  cluster = open();
});
afterEach(() => cluster.disconnectPools());

/** Waits until the object is collected. */
const collected = (reference: WeakRef<object>): Promise<unknown> =>
  condition(() => {
    collectGarbage();
    return reference.deref() === undefined;
  });

it('failures that were handled, in a client that is never joined', async () => {
  const client = cluster.getRoutingClient().getMappingClient();
  await client.set('text', 'no number');
  const fail = () => client.incr('text').done(undefined, () => undefined);
  const first = new WeakRef<object>(fail());
  const others = Array.from({ length: 1024 }, fail);
  await Promise.allSettled(others);
  await collected(first);
  client.cancel();
});

it('what was kept for the transform of one reply', async () => {
  const client = cluster.getRoutingClient().getMappingClient();
  const issue = () => {
    const kept = {};
    client.keeping('key', kept);
    return new WeakRef<object>(kept);
  };
  const kept = issue();
  await client.join();
  await client.get('key');
  await collected(kept);
  await client.join();
});

it('hosts that were removed after commands had been outstanding while the cluster closed', async () => {
  const client = cluster.getRoutingClient();
  const key = keyOn(cluster, 1);
  await client.get(key);
  const pool = new WeakRef(cluster.getPoolForHost(1));
  const ends = await whileStopped(file.servers, async () => {
    const read = client.get(key);
    await condition(() => pool.deref()?.pending === 1);
    const closing = cluster[Symbol.asyncDispose]();
    expect(await failureOf(client.get(key))).toMatchObject({ code: 'RB_CLOSED' });
    return [read, closing];
  });
  await Promise.all(ends);
  cluster.removeHost(1);
  await client.get('key');
  await collected(pool);
});
