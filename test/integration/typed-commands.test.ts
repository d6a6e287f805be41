/** Typed commands answer what those of `@redis/client` answer, with both protocols. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RESP_TYPES } from '@redis/client';

import { Cluster } from '../../src/cluster.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { useServers } from '../helpers/servers.js';
import { typedCalls } from '../helpers/typed-calls.js';

const file = useServers({ servers: 1, databasesEach: 1 });

type Method = (...args: unknown[]) => PromiseLike<unknown>;
type AnyClient = Record<string, Method>;
/** A client of either library, without the types of its many methods. */
interface Mappable {
  withTypeMapping(mapping: object): AnyClient;
}

/** What a command comes to, also when it fails. */
async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

/** The outcomes of all commands, one after the other, on an empty database. */
async function outcomes(client: AnyClient, direct: DirectClient): Promise<unknown[]> {
  await direct.flushAll();
  const all: unknown[] = [];
  for (const [name, ...args] of typedCalls) {
    all.push([name, await outcome(client[name]!(...args))]);
  }
  return all;
}

const mappings = {
  'no type mapping': {},
  'bytes for texts': { [RESP_TYPES.BLOB_STRING]: Buffer },
  'bytes for simple strings': { [RESP_TYPES.SIMPLE_STRING]: Buffer },
  'texts for numbers': { [RESP_TYPES.NUMBER]: String, [RESP_TYPES.DOUBLE]: String },
  'Maps and Sets': { [RESP_TYPES.MAP]: Map, [RESP_TYPES.SET]: Set },
  'arrays for maps': { [RESP_TYPES.MAP]: Array },
  'everything at once': {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: Buffer,
    [RESP_TYPES.DOUBLE]: String,
    [RESP_TYPES.MAP]: Map,
    [RESP_TYPES.SET]: Set,
  },
};

describe.each([2, 3] as const)('with RESP %i', (RESP) => {
  let cluster: Cluster;
  let reference: Mappable & AnyClient & { destroy: () => void };
  let direct: DirectClient;
  beforeAll(async () => {
    cluster = new Cluster({
      hosts: { 0: { unixSocketPath: file.servers[0]?.socketPath } },
      RESP: RESP as 3,
    });
    reference = (await connectDirect(file.servers[0]!, {
      RESP: RESP as 3,
    })) as unknown as typeof reference;
    direct = await connectDirect(file.servers[0]!);
  });
  afterAll(async () => {
    reference.destroy();
    direct.destroy();
    await cluster.disconnectPools();
  });

  it('more than a hundred commands are compared', () => {
    expect(new Set(typedCalls.map(([name]) => name)).size).toBeGreaterThan(100);
  });

  it.each(Object.entries(mappings))('and %s, every reply is the same', async (_, mapping) => {
    const expected = await outcomes(reference.withTypeMapping(mapping), direct);
    const routing = cluster.getRoutingClient() as unknown as Mappable;
    expect(await outcomes(routing.withTypeMapping(mapping), direct)).toStrictEqual(expected);
    const mapped = await cluster.map((c) =>
      outcomes((c as unknown as Mappable).withTypeMapping(mapping), direct),
    );
    expect(mapped).toStrictEqual(expected);
  });

  it('and the type mapping of the cluster, every reply is the same', async () => {
    const typeMapping = mappings['everything at once'];
    const own = new Cluster({
      hosts: { 0: { unixSocketPath: file.servers[0]?.socketPath } },
      RESP: RESP as 3,
      typeMapping,
    });
    const expected = await outcomes(reference.withTypeMapping(typeMapping), direct);
    expect(await outcomes(own.getRoutingClient() as unknown as AnyClient, direct)).toStrictEqual(
      expected,
    );
    const mapped = await own.map((c) => outcomes(c as unknown as AnyClient, direct));
    expect(mapped).toStrictEqual(expected);
    await own.disconnectPools();
  });

  it('commands that travel together get the same replies', async () => {
    await direct.flushAll();
    const expected: unknown[] = [];
    for (const [name, ...args] of typedCalls) {
      expected.push(await outcome(reference[name]!(...args)));
    }
    await direct.flushAll();
    const client = cluster.getRoutingClient() as unknown as AnyClient;
    const answers = typedCalls.map(([name, ...args]) => outcome(client[name]!(...args)));
    expect(await Promise.all(answers)).toStrictEqual(expected);
  });
});
