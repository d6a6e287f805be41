/** The reply to GETs that were merged: each gets its element as it arrives, whatever befalls the rest. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import type { PoolOptions } from '../../src/options.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import type { BatchTrace, CommandTrace } from '../../src/telemetry/traces.js';
import type { FaultProxy } from '../helpers/fault-proxy.js';
import { useProxy } from '../helpers/proxied-clusters.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 1 });

const KEYS = ['a', 'b', 'c', 'd'];
const VALUES = ['1', '2', '3', '4'];
const HEAD = '*4\r\n';
/** As long as each of the others. */
const ELEMENT = '$1\r\n1\r\n';

let proxy: FaultProxy;
const track = useProxy(file, (started) => (proxy = started));

/** A cluster with a connection, in whose only host the keys have their values. */
async function open(poolOptions: PoolOptions): Promise<Cluster> {
  const cluster = new Cluster({ hosts: { 0: { unixSocketPath: proxy.socketPath } }, poolOptions });
  track(cluster);
  await cluster.map((c) => KEYS.map((key, index) => c.set(key, VALUES[index]!)));
  return cluster;
}

/** Merged GETs of all keys, and how often the callbacks of each were called; they handle failures. */
function getAll(cluster: Cluster) {
  const calls = KEYS.map(() => 0);
  const promises: RbPromise<string | null>[] = [];
  const end = cluster.map((client) => {
    for (const [index, key] of KEYS.entries()) {
      const promise = client.get(key);
      const count = () => {
        calls[index]!++;
      };
      promise.then(count, count);
      promises.push(promise);
    }
  });
  return { calls, promises, end };
}

interface Traces {
  readonly batch: BatchTrace;
  readonly command: CommandTrace;
}

/** What is published as ended on a tracing channel, until `stop`. */
function recordEnds<Kind extends keyof Traces>(kind: Kind) {
  const traces: Traces[Kind][] = [];
  const onEnd = (trace: unknown) => void traces.push(trace as Traces[Kind]);
  const channel = `tracing:redis-blaster:${kind}:asyncEnd`;
  subscribe(channel, onEnd);
  return { traces, stop: () => unsubscribe(channel, onEnd) };
}

const keysOf = (traces: readonly CommandTrace[]) => traces.flatMap(({ keys }) => keys).sort();

describe.each([0, 1, 2, 3])('a connection that is lost behind %i elements', (arrived) => {
  const bytes = HEAD.length + arrived * ELEMENT.length + 3;

  it('is made again: each command is answered once, and rightly', async () => {
    const cluster = await open({ retries: 1 });
    proxy.cutAfterBytes('toClient', bytes);
    const outcomes = recordEnds('command');
    const { calls, promises, end } = getAll(cluster);
    await end;
    outcomes.stop();
    expect(promises.map(({ value }) => value)).toEqual(VALUES);
    expect(calls).toEqual([1, 1, 1, 1]);
    expect(keysOf(outcomes.traces)).toEqual(KEYS);
    expect(proxy.connections).toBe(2);
  });

  it('without a retry rejects only what had not arrived', async () => {
    const cluster = await open({ retries: 0 });
    const before = cluster.stats().get(0)!;
    proxy.cutAfterBytes('toClient', bytes);
    const outcomes = recordEnds('command');
    const { calls, promises, end } = getAll(cluster);
    await end;
    outcomes.stop();
    for (const [index, promise] of promises.entries()) {
      if (index < arrived) expect(promise.value).toBe(VALUES[index]);
      else {
        expect(promise.reason).toMatchObject({
          code: 'RB_CONNECTION',
          maybeExecuted: true,
          hostId: 0,
          command: 'GET',
        });
      }
    }
    expect(calls).toEqual([1, 1, 1, 1]);
    expect(keysOf(outcomes.traces)).toEqual(KEYS);
    const { commands, failures } = cluster.stats().get(0)!;
    expect([commands - before.commands, failures - before.failures]).toEqual([4, 4 - arrived]);
  });
});

describe('an element', () => {
  it('is answered before the next one has arrived', async () => {
    const cluster = await open({});
    proxy.truncate('toClient', HEAD.length + 2 * ELEMENT.length);
    const { promises, end } = getAll(cluster);
    await promises[1];
    expect(promises.map(({ isPending }) => isPending)).toEqual([false, false, true, true]);
    proxy.cut();
    await proxy.heal();
    await end;
    expect(promises.map(({ value }) => value)).toEqual(VALUES);
  });

  it('that is an error, as proxies answer for a server that is gone, rejects its command', async () => {
    const cluster = await open({});
    proxy.garble((direction, chunk) => {
      if (direction === 'toServer') return chunk;
      return Buffer.from(chunk.toString().replace('$1\r\n2\r\n', '-ERR upstream failure\r\n'));
    });
    const batches = recordEnds('batch');
    const { promises, end } = getAll(cluster);
    await end;
    batches.stop();
    expect(promises[1]!.reason).toMatchObject({
      code: 'RB_REPLY',
      message: 'ERR upstream failure',
      hostId: 0,
      command: 'GET',
    });
    expect(batches.traces).toMatchObject([{ commands: 4, failed: 1, error: promises[1]!.reason }]);
    expect(cluster.stats().get(0)).toMatchObject({ errors: 1, failures: 0 });
    expect(promises.map(({ value }) => value)).toEqual(['1', undefined, '3', '4']);
    proxy.garble(undefined);
    expect(await cluster.map((client) => client.mGet(KEYS))).toEqual(VALUES);
    expect(proxy.connections).toBe(1);
  });

  it('that is an error counts once, also if the reply begins anew', async () => {
    const cluster = await open({ retries: 1 });
    const batches = recordEnds('batch');
    proxy.garble((direction, chunk) => {
      if (direction === 'toServer') return chunk;
      return Buffer.from(chunk.toString().replace('$1\r\n2\r\n', '-ERR no\r\n'));
    });
    proxy.truncate('toClient', HEAD.length + ELEMENT.length + '-ERR no\r\n'.length);
    const { calls, promises, end } = getAll(cluster);
    await promises[1]!.then(undefined, () => undefined);
    proxy.cut();
    await proxy.heal();
    await end;
    batches.stop();
    expect(promises.map(({ value }) => value)).toEqual(['1', undefined, '3', '4']);
    expect(calls).toEqual([1, 1, 1, 1]);
    expect(batches.traces).toMatchObject([{ commands: 4, failed: 1 }]);
    expect(cluster.stats().get(0)).toMatchObject({ errors: 1, failures: 0 });
  });
});
