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

it('a chain of calls goes on while a host cannot be reached, and leaves nothing occupied', async () => {
  const single = await startServer();
  onTestFinished(() => single.close());
  const cluster = new Cluster({
    hosts: { 0: { unixSocketPath: single.server.socketPath! } },
    poolOptions: {
      onOverload: 'wait',
      maxPendingCommands: 1,
      reconnect: { minDelay: 60_000, maxDelay: 60_000 },
    },
  });
  onTestFinished(() => cluster.disconnectPools());
  await single.server.stop();
  await cluster.map((c) => void c.get('k').catch(() => undefined));

  let ended = 0;
  await cluster.map((c) => {
    const next = (): void => {
      if (++ended < CALLS) c.get('k').done(next, next);
    };
    c.get('k').done(next, next);
  });
  expect(ended).toBe(CALLS);
  expect(cluster.health().get(0)).toMatchObject({ pendingCommands: 0, pendingBytes: 0 });
});

it('what waits behind a call that is given up goes when it has room', async () => {
  const single = await startServer();
  onTestFinished(() => single.close());
  const cluster = new Cluster({
    hosts: { 0: { unixSocketPath: single.server.socketPath! } },
    poolOptions: { onOverload: 'wait', maxPendingBytes: 1000, connectionsPerHost: 2 },
  });
  onTestFinished(() => cluster.disconnectPools());
  const client = cluster.getRoutingClient();
  // So it has a connection that the next command does not get.
  await client.get('k');
  // No replica ever answers: this holds up its own connection, and no room but its own.
  const held = cluster.all((c) => c.wait(1, 0)).catch((error: unknown) => error);
  await condition(() => cluster.getPoolForHost(0).pending === 1);

  const abort = new AbortController();
  const large = cluster.map((c) => c.set('large', 'v'.repeat(2000)), { signal: abort.signal });
  const small = client.get('k');
  // By the end of the tick both wait for room.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  abort.abort(new Error('enough'));
  await expect(large).rejects.toThrow('enough');
  expect(await small).toBeNull();
  expect(await client.get('k')).toBeNull();
  await cluster.disconnectPools();
  expect(await held).toBeInstanceOf(Error);
});
