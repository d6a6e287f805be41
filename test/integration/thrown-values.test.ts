/** Thrown values that throw themselves when they are looked at: they are reasons like any other. */

import { afterEach, describe, expect, it } from 'vitest';

import { type CommandParser, defineScript } from '@redis/client';
import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { ConnectionError, FanoutError, MapError, MisuseError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });

const clusters: { disconnectPools(): Promise<void> }[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools())));

/** A script of the caller's own, whose code throws. */
function script(code: {
  parseCommand?: (parser: CommandParser) => void;
  transformReply?: () => number;
}) {
  return defineScript({
    NUMBER_OF_KEYS: 0,
    SCRIPT: 'return 1',
    parseCommand: (_parser: CommandParser) => undefined,
    transformReply: () => 1,
    ...code,
  });
}

function makeCluster(options: Partial<ClusterOptions> = {}, boom = script({})) {
  const unixSocketPath = file.servers[0]!.socketPath;
  const { hosts = { 0: { unixSocketPath }, 1: { unixSocketPath, db: 1 } }, router } = options;
  const cluster = new Cluster({ hosts, router, scripts: { boom } });
  clusters.push(cluster);
  return cluster;
}

/** What a promise is rejected with, if it is the value: to be awaited it may not be able. */
function isRejectedWith(promise: PromiseLike<unknown>, value: unknown): PromiseLike<boolean> {
  return promise.then(
    () => false,
    (reason: unknown) => reason === value,
  );
}

function fail(): never {
  throw new Error('looked at');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class Shy extends Error {
  override get message(): string {
    return fail();
  }
}

describe.each<[string, unknown]>([
  ['an object without a prototype', Object.create(null)],
  ['an object whose toString throws', { toString: fail }],
  ['an error whose message throws', new Shy()],
  [
    'an error whose message is no text',
    Object.assign(new Error(), { message: { toString: fail } }),
  ],
  ['an object whose fields throw', Object.defineProperty({}, 'hostId', { get: fail })],
  ['an object whose host is a symbol', { hostId: Symbol('host') }],
  ['a Proxy that was revoked', revoked()],
])('%s', (_, value) => {
  const raise = (): never => {
    throw value;
  };

  it('rejects the map in which one callback throws it', async () => {
    const call = makeCluster().map((c) => void c.get('a').then(raise));
    expect(await isRejectedWith(call, value)).toBe(true);
  });

  it('is among the errors of a map in which several callbacks throw it', async () => {
    const call = makeCluster().map((c) => {
      for (const key of ['a', 'b']) void c.get(key).then(raise);
      c.get('c').done(raise);
    });
    const error = (await failureOf(call)) as unknown as MapError;
    expect(error).toBeInstanceOf(MapError);
    expect([error.failed, error.errors.length]).toEqual([3, 1]);
    expect(error.errors[0] === value).toBe(true);
  });

  it('is the failure of its hosts in a fan-out; the connection serves the others', async () => {
    const cluster = makeCluster({}, script({ transformReply: raise }));
    const client = cluster.getRoutingClient();
    // What is not known to the servers is evaluated later, and not beside the other command.
    await cluster.all((c) => c.scriptLoad('return 1'));
    const call = failureOf(cluster.all((c) => c.boom()));
    expect(await client.incr('n')).toBe(1);
    const error = (await call) as unknown as FanoutError;
    expect(error).toBeInstanceOf(FanoutError);
    expect([...error.errors.keys()]).toEqual([0, 1]);
    for (const reason of error.errors.values()) expect(reason === value).toBe(true);
    expect(cluster.health().get(0)).toMatchObject({ state: 'up', reconnects: 0 });
    await client.del('n');
  });

  it('rejects the command whose router throws it', async () => {
    class Refusing extends PartitionRouter {
      override getHostForKey(): number {
        return raise();
      }
    }
    const cluster = makeCluster({ router: Refusing });
    const client = cluster.getRoutingClient();
    for (const command of [client.get('a'), client.incr('a'), client.executeCommand('GET', 'a')]) {
      expect(await isRejectedWith(command, value)).toBe(true);
    }
    const call = cluster.map((c) => void c.incr('a'));
    expect(await isRejectedWith(call, value)).toBe(true);
  });

  it('is the cause where a definition throws it at its arguments', async () => {
    const cluster = makeCluster({}, script({ parseCommand: raise }));
    const error = await failureOf(cluster.all((c) => c.boom()));
    expect(error).toBeInstanceOf(MisuseError);
    expect(error['cause'] === value).toBe(true);
  });

  it('is the cause where the credentials are refused with it', async () => {
    const unixSocketPath = file.servers[0]!.socketPath;
    const credentials = () => new Promise<never>((_resolve, reject) => reject(value));
    const cluster = makeCluster({ hosts: { 0: { unixSocketPath, credentials } } });
    const local = cluster.getLocalClient(0);
    for (const command of [cluster.getRoutingClient().get('a'), local.get('a')]) {
      const error = await failureOf(command);
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error['cause'] === value).toBe(true);
    }
  });
});

describe('a result that throws when it is asked what it is', () => {
  it('is what the call resolves to', async () => {
    const result = new Proxy({}, { getPrototypeOf: fail });
    const cluster = makeCluster();
    expect((await cluster.map((c) => (c.get('a'), result))) === result).toBe(true);
    expect((await cluster.map(async (c) => (await c.get('a'), result))) === result).toBe(true);
  });

  it('rejects the call where it stands for a promise and is none', async () => {
    const cluster = makeCluster();
    const error = await failureOf(cluster.map((c) => new Proxy(c.get('a'), {})));
    expect(error).toBeInstanceOf(TypeError);
    const mapping = cluster.getRoutingClient().getMappingClient();
    expect(await mapping.get('a')).toBe(null);
    expect(RbPromise.resolved(1).value).toBe(1);
  });
});
