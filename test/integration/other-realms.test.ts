/** Values that another realm has made, as a test environment or `node:vm` does: no `instanceof` knows them. */

import { runInNewContext } from 'node:vm';
import { beforeAll, expect, it } from 'vitest';

import type { CommandLists } from '../../src/clients/execute-commands.js';
import type { Cluster } from '../../src/cluster.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
});

const bytes = runInNewContext('new Uint8Array([107, 0, 255])') as Buffer;
const same = Buffer.from(bytes);

it('bytes are keys and values of plain, other and raw commands', async () => {
  const client = cluster.getRoutingClient();
  await client.set(bytes, bytes);
  expect(await client.strLen(same)).toBe(3);
  expect(await client.append(bytes, bytes)).toBe(6);
  expect(await client.executeCommand('SETRANGE', bytes, 3, bytes)).toBe(6);
  expect(await cluster.map((c) => c.getRange(same, -2, -1))).toHaveLength(2);
  expect(await cluster.map((c) => c.mSet([bytes, '1']))).toBe('OK');
  expect(await cluster.map((c) => c.mGet([bytes, same]))).toEqual(['1', '1']);
});

it('a Map, keys and arguments of executeCommands are taken, and a Map is answered', async () => {
  const lists = runInNewContext('new Map([[bytes, [["SET", bytes, bytes], ["STRLEN", bytes]]]])', {
    bytes,
  }) as CommandLists;
  const results = (await cluster.executeCommands(lists)) as Map<unknown, { value: unknown }[]>;
  expect(results).toBeInstanceOf(Map);
  expect(results.get(bytes)?.map(({ value }) => value)).toEqual(['OK', 3]);
});

it('bytes are no list', async () => {
  expect(() => cluster.groupByHost(bytes as never)).toThrow(/must be a list/);
  const failure = await failureOf(cluster.executeCommands(bytes as never));
  expect(failure).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
});
