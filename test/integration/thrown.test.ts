/** Code of the caller that throws where replies arrive: it harms nobody, and is not lost. */

import { afterEach, describe, expect, it } from 'vitest';

import { defineScript, RESP_TYPES } from '@redis/client';
import type { CommandParser } from '@redis/client';
import { Cluster } from '../../src/cluster.js';
import { FanoutError, MapError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });

class Unlucky extends Error {
  override name = 'Unlucky';
}

/** Answers numbers; what is odd it throws. */
const onlyEven = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: 'return tonumber(ARGV[1])',
  parseCommand(parser: CommandParser, key: string, number: number) {
    parser.pushKey(key);
    parser.push(String(number));
  },
  transformReply(reply: number): number {
    if (reply % 2 === 1) throw new Unlucky(`${reply} is odd`);
    return reply;
  },
});

function makeCluster() {
  const unixSocketPath = file.servers[0]!.socketPath;
  const cluster = new Cluster({
    hosts: { 0: { unixSocketPath }, 1: { unixSocketPath, db: 1 } },
    scripts: { onlyEven },
  });
  clusters.push(cluster);
  return cluster;
}
const clusters: { disconnectPools(): Promise<void> }[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools())));

describe('a reply transform that throws', () => {
  it('rejects that command alone, with the very error, and the connection stays', async () => {
    const cluster = makeCluster();
    const client = cluster.getRoutingClient();
    const key = keyOn(cluster, 0);
    await client.onlyEven(key, 0);
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const results = await Promise.allSettled(numbers.map((i) => client.onlyEven(key, i)));
    for (const [i, result] of results.entries()) {
      if (i % 2 === 0) expect(result).toEqual({ status: 'fulfilled', value: i });
      else expect(result).toMatchObject({ status: 'rejected', reason: { name: 'Unlucky' } });
    }
    expect(cluster.health().get(0)).toMatchObject({ state: 'up', reconnects: 0 });
    expect(cluster.health().get(0)).not.toHaveProperty('lastError');
    expect(cluster.getPoolForHost(0).connections).toBe(1);
  });

  it('surfaces at the join of a map; all others have their values', async () => {
    const cluster = makeCluster();
    const [here, there] = [keyOn(cluster, 0), keyOn(cluster, 1)];
    let promises: RbPromise<number>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises = [0, 1, 2, 3].map((i) => c.onlyEven(i < 2 ? here : there, i));
      }),
    );
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ failed: 2, total: 4 });
    expect(error['errors']).toMatchObject([{ message: '1 is odd' }, { message: '3 is odd' }]);
    expect(promises.map(({ value }) => value)).toEqual([0, undefined, 2, undefined]);
    expect(await cluster.map((c) => c.onlyEven(here, 4))).toBe(4);
  });

  it('is the failure of its host in a fan-out', async () => {
    const cluster = makeCluster();
    const error = await failureOf(cluster.all((c) => c.onlyEven('key', 5)));
    expect(error).toBeInstanceOf(FanoutError);
    expect([...(error['errors'] as Map<number, Error>).values()]).toEqual([
      expect.any(Unlucky),
      expect.any(Unlucky),
    ]);
    expect(await cluster.all((c) => c.onlyEven('key', 6))).toEqual(
      new Map([
        [0, 6],
        [1, 6],
      ]),
    );
  });
});

describe('a class of a type mapping that throws', () => {
  class NoList extends Array<unknown> {
    constructor() {
      super();
      throw new Unlucky('no list');
    }
  }
  const asNoList = { [RESP_TYPES.MAP]: NoList };

  it('rejects that command alone, with the very error, and the connection stays', async () => {
    const cluster = makeCluster();
    const client = cluster.getRoutingClient();
    const [key = '', counter = ''] = keysOn(cluster, 0, 2);
    await client.hSet(key, 'f', 'v');
    const unlucky = client.withTypeMapping(asNoList);
    const results = await Promise.allSettled([
      unlucky.hGetAll(key),
      client.incr(counter),
      unlucky.executeCommand('HGETALL', key),
      unlucky.incr(counter),
      client.hGetAll(key),
    ]);
    const failure = { status: 'rejected', reason: new Unlucky('no list') };
    expect(results).toEqual([
      failure,
      { status: 'fulfilled', value: 1 },
      failure,
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: { f: 'v' } },
    ]);
    for (const result of [results[0], results[2]]) {
      expect(result).not.toHaveProperty('reason.hostId');
    }
    expect(cluster.health().get(0)).toMatchObject({ state: 'up', reconnects: 0 });
    await Promise.all([client.del(key), client.del(counter)]);
  });

  it('is the failure of its host in a fan-out, and of its command in a map', async () => {
    const cluster = makeCluster();
    const key = keyOn(cluster, 0);
    await cluster.getRoutingClient().hSet(key, 'f', 'v');
    const fannedOut = cluster.all((c) => c.withTypeMapping(asNoList).hGetAll(key));
    const error = await failureOf(fannedOut);
    expect(error).toBeInstanceOf(FanoutError);
    expect([...(error['errors'] as Map<number, Error>).values()]).toEqual([
      expect.any(Unlucky),
      expect.any(Unlucky),
    ]);
    let value: RbPromise<string | null> | undefined;
    const mapped = cluster.map((c) => {
      void c.withTypeMapping(asNoList).hGetAll(key);
      value = c.hGet(key, 'f');
    });
    expect(await failureOf(mapped)).toBeInstanceOf(Unlucky);
    expect(value?.value).toBe('v');
    await cluster.getRoutingClient().del(key);
  });
});

describe('a router that throws in a map', () => {
  it('rejects that command alone, and surfaces at the join', async () => {
    class Picky extends PartitionRouter {
      override getHostForKey(key: string): number {
        if (key === 'bad') throw new Unlucky('no such key');
        return super.getHostForKey(key);
      }
    }
    const unixSocketPath = file.servers[0]!.socketPath;
    const hosts = { 0: { unixSocketPath }, 1: { unixSocketPath, db: 1 } };
    const cluster = new Cluster({ hosts, router: Picky });
    clusters.push(cluster);
    let promises: RbPromise<unknown>[] = [];
    const error = await failureOf(
      cluster.map((c) => {
        promises = [c.set('good', '1'), c.get('bad'), c.set('better', '2')];
      }),
    );
    expect(error).toBeInstanceOf(Unlucky);
    expect(promises.map(({ value }) => value)).toEqual(['OK', undefined, 'OK']);
    await cluster.map((c) => [c.del('good'), c.del('better')]);
  });
});
