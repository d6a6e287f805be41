/** A server that breaks the protocol or a limit: its connection ends, and nothing is guessed. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { ConnectionError, ProtocolError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { keyOn, keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });

let proxy: FaultProxy;
let cluster: Cluster;
beforeEach(async () => {
  const unixSocketPath = file.servers[0]!.socketPath!;
  proxy = await FaultProxy.start({ target: { path: unixSocketPath } });
  cluster = new Cluster({
    hosts: { 0: { unixSocketPath: proxy.socketPath }, 1: { unixSocketPath, db: 1 } },
  });
  await cluster.all((c) => c.ping());
});
afterEach(async () => {
  await cluster.all((c) => c.flushDb());
  await cluster.disconnectPools();
  await proxy.close();
});

/** Puts `reply` before the next bytes of the server, once. */
function slipIn(reply: string): void {
  proxy.garble((direction, chunk) => {
    if (direction === 'toServer') return chunk;
    proxy.garble(undefined);
    return Buffer.concat([Buffer.from(reply), chunk]);
  });
}

describe.each([
  ['null', '_\r\n'],
  ['a text', '+OK\r\n'],
])('%s where an array was asked for', (_, reply) => {
  it('ends the connection and rejects what was merged, with all that errors tell', async () => {
    const cautious = new Cluster({
      hosts: { 0: { unixSocketPath: proxy.socketPath } },
      poolOptions: { retries: 0 },
    });
    await cautious.all((c) => c.ping());
    slipIn(reply);
    let promises: RbPromise<unknown>[] = [];
    await failureOf(cautious.map((c) => (promises = [c.get('a'), c.get('b')])));
    for (const { reason } of promises) {
      expect(reason).toBeInstanceOf(ProtocolError);
      const fields = { code: 'RB_PROTOCOL', maybeExecuted: true, hostId: 0, command: 'GET' };
      expect(reason).toMatchObject({ ...fields, address: proxy.socketPath });
    }
    expect(await cautious.map((c) => c.mGet(['a', 'b']))).toEqual([null, null]);
    await cautious.disconnectPools();
  });
});

describe.each([
  ['a bulk that is too long', '$536870913\r\n', /a bulk of 536870913 bytes/],
  ['an aggregate that is too long', '*134217729\r\n', /an aggregate of 134217729, more/],
  ['a map whose fields are too many', '%67108865\r\n', /an aggregate of 134217730, more/],
  ['replies that are nested too deeply', '*1\r\n'.repeat(513), /nested deeper than 512/],
  ['a type that there is not', '@what\r\n', /unknown type 0x40/],
  ['a length that is no number', '$-5\r\n', /a length that is no number/],
  ['a line end that is half', '+OK\r+OK\r\n', /a CR without its LF/],
])('%s', (_, reply, message) => {
  it('ends the connection and rejects what waited; the next one is sound', async () => {
    const [counter = '', other = ''] = keysOn(cluster, 0, 2);
    const elsewhere = keyOn(cluster, 1);
    slipIn(reply);
    let promises: RbPromise<unknown>[] = [];
    await failureOf(
      cluster.map((c) => {
        promises = [c.incr(counter), c.incr(elsewhere), c.incr(counter), c.incr(other)];
      }),
    );
    for (const index of [0, 2, 3]) {
      const { reason } = promises[index]!;
      expect(reason).toBeInstanceOf(ProtocolError);
      expect(reason).toBeInstanceOf(ConnectionError);
      expect(reason).toMatchObject({
        code: 'RB_PROTOCOL',
        message: expect.stringMatching(message) as string,
        maybeExecuted: true,
        hostId: 0,
        address: proxy.socketPath,
        command: 'INCR',
      });
    }
    expect(promises[1]!.value).toBe(1);
    expect(cluster.health().get(0)).toMatchObject({
      state: 'down',
      connections: 0,
      pendingCommands: 0,
      lastError: { code: 'RB_PROTOCOL' },
    });
    // What the server had answered is lost; what it answers now is whole.
    const client = cluster.getRoutingClient();
    expect(await Promise.all([client.get(counter), client.incr(other)])).toEqual(['2', 2]);
    expect(cluster.health().get(0)).toMatchObject({ state: 'up', reconnects: 1 });
    expect(proxy.connections).toBe(2);
  });
});
