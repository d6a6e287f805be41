/** When what a client issues leaves its buffers, beside the replies of other hosts. */

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { condition } from '../helpers/condition.js';
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

async function connectedCluster(): Promise<Cluster> {
  const cluster = await file.setup.makeCluster();
  await cluster.all((c) => c.ping());
  return cluster;
}

/** In how many pieces two commands leave that are issued in two turns of the loop. */
async function piecesOfTwo(cluster: Cluster): Promise<number> {
  const client = cluster.getRoutingClient();
  const batches = () => cluster.stats().get(2)!.batches;
  const before = batches();
  const [first, second] = keysOn(cluster, 2, 2);
  const one = client.get(first!);
  await turn();
  expect(await Promise.all([one, client.get(second!)])).toEqual([null, null]);
  return batches() - before;
}

/** The same while these hosts owe a reply. */
async function piecesBeside(silentHosts: number[], now: () => number): Promise<number> {
  const cluster = await connectedCluster();
  clock.now = now;
  const client = cluster.getRoutingClient();
  const stopped = silentHosts.map((hostId) => file.servers[hostId]!);
  const { pieces, silent } = await whileStopped(stopped, async () => {
    const silent = silentHosts.map((hostId) => client.get(keyOn(cluster, hostId)));
    await turn();
    return { pieces: await piecesOfTwo(cluster), silent };
  });
  expect(await Promise.all(silent)).toEqual(silent.map(() => null));
  return pieces;
}

describe('a command that is issued while replies of other hosts are on their way', () => {
  it('waits one turn of the loop for the next ones, where turns are short', async () => {
    expect(await piecesBeside([0, 1], () => 1000)).toBe(1);
  });

  it('does not wait where turns are long', async () => {
    let now = 1000;
    expect(await piecesBeside([0, 1], () => now++)).toBe(2);
  });

  it('does not wait for the reply of a single host', async () => {
    expect(await piecesBeside([0], () => 1000)).toBe(2);
  });

  it('does not wait for replies to commands that block, which may be long in coming', async () => {
    const cluster = await connectedCluster();
    const client = cluster.getRoutingClient();
    const hosts = [0, 1];
    const blocked = hosts.map((hostId) => client.blPop(keyOn(cluster, hostId), 0));
    const isBlocked = async (hostId: number): Promise<boolean> =>
      (await cluster.getLocalClient(hostId).info('clients')).includes('blocked_clients:1');
    for (const hostId of hosts) await condition(() => isBlocked(hostId));
    clock.now = () => 1000;
    expect(await piecesOfTwo(cluster)).toBe(2);
    for (const hostId of hosts) await client.lPush(keyOn(cluster, hostId), 'element');
    await Promise.all(blocked);
  });
});
