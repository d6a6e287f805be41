/** 256 hosts on four servers: how many of them a call keeps busy at once. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { condition, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const file = useServers({ servers: 4, databasesEach: 64 });
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster({ poolOptions: { clientName: 'many' } });
});
afterAll(() => cluster.disconnectPools());

const pools = () => [...cluster.hosts.keys()].map((id) => cluster.getPoolForHost(id));
const busy = () => pools().filter((pool) => pool.pending > 0).length;

describe('256 hosts', () => {
  it('answer one all() with 256 entries', async () => {
    expect(cluster.hosts.size).toBe(256);
    const pongs = await cluster.all((c) => c.ping(), { maxConcurrency: 256 });
    expect([...pongs]).toEqual(Array.from({ length: 256 }, (_, id) => [id, 'PONG']));
    expect(pools().every((pool) => pool.connections === 1)).toBe(true);
  });

  it('with maxConcurrency 256 are asked in one round: all before any of them answers', async () => {
    await whileStopped(file.servers, async () => {
      const call = cluster.all((c) => c.ping(), { maxConcurrency: 256 });
      // No server answers, so whatever is sent is sent without waiting for an answer.
      await condition(() => busy() === 256);
      return { call };
    }).then(async ({ call }) => {
      expect((await call).size).toBe(256);
    });
    const infinite = await cluster.all((c) => c.ping(), { maxConcurrency: Infinity });
    expect(infinite.size).toBe(256);
  });

  it.each([
    [8, 8],
    [undefined, 64],
    [1, 1],
  ])('with maxConcurrency %s no more than %i are asked', async (maxConcurrency, most) => {
    const { call } = await whileStopped(file.servers, async () => {
      const running = cluster.all((c) => c.ping(), { maxConcurrency });
      await condition(() => busy() === most);
      // Every host would have been asked by now.
      const other = cluster.all((c) => c.executeCommand('ECHO', 'x'), { maxConcurrency: 256 });
      await condition(() => busy() === 256);
      const pending = pools().reduce((sum, pool) => sum + pool.pending, 0);
      expect(pending).toBe(256 + most);
      return { call: Promise.all([running, other]) };
    });
    for (const answers of await call) expect(answers.size).toBe(256);
  });
});

describe('seen from the servers, maxConcurrency', () => {
  let directs: DirectClient[];
  beforeAll(async () => {
    directs = await Promise.all(file.servers.map((server) => connectDirect(server)));
  });
  afterAll(() => {
    for (const direct of directs) direct.destroy();
  });
  afterEach(() => Promise.all(directs.map((direct) => direct.flushAll())));

  const blocked = async () => {
    const infos = await Promise.all(directs.map((direct) => direct.info('clients')));
    const counts = infos.map((info) => Number(/blocked_clients:(\d+)/.exec(info)?.[1]));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('8 never has more than 8 hosts at work, until the last one', async () => {
    let most = 0;
    let isOver = false;
    // A command that blocks until its list has an element is at work for as long as we like.
    const call = cluster
      .all((c) => c.blPop('go', 0), { maxConcurrency: 8 })
      .finally(() => (isOver = true));
    for (let answered = 0; answered < 256; answered += 8) {
      await condition(async () => (await blocked()) === 8);
      most = Math.max(most, busy(), await blocked());
      expect(isOver).toBe(false);
      for (let id = answered; id < answered + 8; id++) {
        await cluster.getPoolForHost(id).executeCommand('RPUSH', 'go', String(id));
      }
    }
    const answers = await call;
    expect(most).toBe(8);
    expect([...answers].every(([id, reply]) => reply?.element === String(id))).toBe(true);
  });

  it('bounds one call; others have their own turns', async () => {
    const calls = [0, 8, 16].map((first) =>
      cluster.fanout((c) => c.blPop('go', 0), {
        hosts: [first, first + 1, first + 2, first + 3],
        maxConcurrency: 2,
      }),
    );
    await condition(async () => (await blocked()) === 6);
    await cluster.all((c) => c.rPush('go', 'x'), { maxConcurrency: 256 });
    for (const answers of await Promise.all(calls)) expect(answers.size).toBe(4);
  });
});
