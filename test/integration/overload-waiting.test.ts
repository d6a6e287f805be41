/** Calls that wait for room on a host, very many of them at once. */

import { expect, it, onTestFinished } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { ConnectionError } from '../../src/errors.js';
import { condition, startServer } from '../helpers/servers.js';

/** More than there is stack for, if one led to the next. */
const CALLS = 5000;

it('calls that wait for room all end when their host is lost, and it serves others afterwards', async () => {
  const single = await startServer();
  onTestFinished(() => single.close());
  const { server } = single;
  const cluster = new Cluster({
    hosts: { 0: { unixSocketPath: server.socketPath! } },
    poolOptions: {
      onOverload: 'wait',
      maxPendingCommands: 100,
      reconnect: { minDelay: 200, maxDelay: 200 },
    },
  });
  onTestFinished(() => cluster.disconnectPools());
  const client = cluster.getRoutingClient();
  expect(await client.incr('n')).toBe(1);

  process.kill(server.pid!, 'SIGSTOP');
  const calls = Array.from({ length: CALLS }, () => cluster.map((c) => c.incr('n')));
  const ends = Promise.allSettled(calls);
  await server.stop();
  const reasons = (await ends).map(
    (end) => (end.status === 'rejected' ? end.reason : end) as unknown,
  );
  expect(reasons.filter((reason) => !(reason instanceof ConnectionError))).toEqual([]);
  expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });

  server.start();
  await condition(async () => (await client.incr('n').catch(() => 0)) === 1);
});
