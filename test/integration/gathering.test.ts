/** When what a client issues leaves its buffers, beside the replies of other hosts. */

import { afterEach, describe, expect, it, vi } from 'vitest';

import { keyOn, keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 3, databasesEach: 1 });

const clock = vi.hoisted(() => ({ now: undefined as (() => number) | undefined }));
vi.mock(import('../../src/util/timers.js'), async (original) => {
  const timers = await original();
  return { ...timers, now: () => (clock.now ?? timers.now)() };
});
afterEach(() => {
  clock.now = undefined;
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** In how many pieces two commands leave that are issued in two turns of the loop. */
async function piecesOfTwo(silentHosts: number[], now: () => number): Promise<number> {
  const cluster = await file.setup.makeCluster();
  await cluster.all((c) => c.ping());
  clock.now = now;
  const client = cluster.getRoutingClient();
  const batches = () => cluster.stats().get(2)!.batches;
  const before = batches();
  const stopped = silentHosts.map((hostId) => file.servers[hostId]!);
  const { pieces, silent } = await whileStopped(stopped, async () => {
    const silent = silentHosts.map((hostId) => client.get(keyOn(cluster, hostId)));
    await turn();
    const [first, second] = keysOn(cluster, 2, 2);
    const one = client.get(first!);
    await turn();
    expect(await Promise.all([one, client.get(second!)])).toEqual([null, null]);
    return { pieces: batches() - before, silent };
  });
  expect(await Promise.all(silent)).toEqual(silent.map(() => null));
  return pieces;
}

describe('a command that is issued while replies of other hosts are on their way', () => {
  it('waits one turn of the loop for the next ones, where turns are short', async () => {
    expect(await piecesOfTwo([0, 1], () => 1000)).toBe(1);
  });

  it('does not wait where turns are long', async () => {
    let now = 1000;
    expect(await piecesOfTwo([0, 1], () => now++)).toBe(2);
  });

  it('does not wait for the reply of a single host', async () => {
    expect(await piecesOfTwo([0], () => 1000)).toBe(2);
  });
});
