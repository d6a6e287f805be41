/** Type mappings, and any bytes as keys and values. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CommandParser, defineScript, RESP_TYPES } from '@redis/client';

import { Cluster } from '../../src/cluster.js';
import type { FanoutError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keyOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();
const asBytes = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

describe.each([2, 3] as const)('with RESP %i', (RESP) => {
  let cluster: Cluster;
  let direct: DirectClient;
  beforeAll(async () => {
    const hosts = new Map(
      [0, 1, 2, 3, 4, 5, 6, 7].map((hostId) => [
        hostId,
        { unixSocketPath: file.servers[Math.floor(hostId / 4)]?.socketPath, db: hostId % 4 },
      ]),
    );
    cluster = new Cluster({ hosts, RESP: RESP as 3 });
    direct = await connectDirect(file.servers[0]!);
  });
  afterAll(async () => {
    direct.destroy();
    await cluster.disconnectPools();
  });

  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const samples: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a NUL', Buffer.from([0])],
    ['line ends', Buffer.from('\r\n$5\r\n*1\r\n')],
    ['invalid UTF-8', Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0x80])],
    ['a cut-off character', Buffer.from('✓').subarray(0, 2)],
    ['every byte', everyByte],
    ['1 MB', Buffer.concat(Array.from({ length: 4096 }, () => everyByte))],
    ['part of a larger buffer', everyByte.subarray(100, 200)],
  ];

  it.each(samples)('%s goes in and comes out as it was', async (_, bytes) => {
    const client = cluster.getRoutingClient().withTypeMapping(asBytes);
    expect(await client.set(bytes, bytes)).toBe('OK');
    const single = await Promise.all([
      client.get(bytes),
      client.executeCommand('GET', bytes),
      client.hSet('bytes', bytes, bytes).then(() => client.hGet('bytes', bytes)),
    ]);
    expect(single.map((value) => bytes.equals(value as Buffer))).toEqual([true, true, true]);
    await client.rPush('list', [bytes, bytes]);
    const lists = [await client.hKeys('bytes'), await client.lRange('list', 0, -1)];
    expect(lists.map((list) => list.map((value) => bytes.equals(value)))).toEqual([
      [true],
      [true, true],
    ]);
    expect(await client.strLen(bytes)).toBe(bytes.length);
    for (const autoBatch of [true, false]) {
      const values = await cluster.map(
        (c) => {
          const own = c.withTypeMapping(asBytes);
          own.set(bytes, bytes);
          own.set('beside', bytes);
          return own.mGet([bytes, 'beside', bytes, 'missing']);
        },
        { autoBatch },
      );
      expect(values.map((value) => value && bytes.equals(value))).toEqual([true, true, true, null]);
    }
    await Promise.all([client.del(bytes), client.del('bytes'), client.del('list')]);
  });

  it('bytes live on the host of their text, and any Uint8Array will do', async () => {
    const client = cluster.getRoutingClient();
    const text = 'ключ-✓';
    const bytes = new Uint8Array(Buffer.from(text));
    await client.set(bytes as Buffer, 'value');
    expect(await client.get(text)).toBe('value');
    expect(await client.executeCommand('GET', bytes)).toBe('value');
    await cluster.map((c) => c.set(bytes as Buffer, bytes as Buffer));
    expect(await client.getDel(text)).toBe(text);
  });

  it('bytes are read when the command is issued', async () => {
    const client = cluster.getRoutingClient();
    const bytes = Buffer.from('before');
    const set = client.set('mutable', bytes);
    bytes.write('after!');
    await set;
    expect(await client.get('mutable')).toBe('before');
    const inMap = await cluster.map((c) => {
      const value = Buffer.from('before');
      c.set('mutable', value);
      value.write('after!');
      return c.get('mutable');
    });
    expect(inMap).toBe('before');
    await client.del('mutable');
  });

  it('texts of every length and script come back as they were', async () => {
    const texts = ['', 'a', 'é', '✓', '🔑', 'x'.repeat(48), 'é'.repeat(48), 'x'.repeat(100_000)];
    texts.push('✓🔑é'.repeat(30_000), `${'x'.repeat(65_535)}✓`);
    const client = cluster.getRoutingClient();
    for (const [index, text] of texts.entries()) await client.set(`text${index}`, text);
    const values = await cluster.map((c) => c.mGet(texts.map((_, index) => `text${index}`)));
    expect(values.map((value, index) => value === texts[index])).toEqual(texts.map(() => true));
    await cluster.map((c) => texts.map((_, index) => c.del(`text${index}`)));
  });

  it('a mapping belongs to one client; order is kept across those of one', async () => {
    const client = cluster.getRoutingClient();
    const bytes = client.withTypeMapping(asBytes);
    const key = keyOn(cluster, 0, 'order');
    const answers = await Promise.all([
      client.set(key, '1'),
      bytes.get(key),
      client.get(key),
      bytes.append(key, '2'),
      client.get(key),
      bytes.getDel(key),
    ]);
    expect(answers).toEqual(['OK', Buffer.from('1'), '1', 2, '12', Buffer.from('12')]);
    expect(await direct.exists(key)).toBe(0);
    const raw = bytes.executeCommand('EVAL', 'return {ARGV[1]}', 1, key, 'x');
    expect(await raw).toEqual([Buffer.from('x')]);
  });

  it('a mapping of a mapping replaces it, and maps get that of their client', async () => {
    const client = cluster.getRoutingClient().withTypeMapping(asBytes);
    await client.set('k', 'v');
    expect(await client.withTypeMapping({}).get('k')).toBe('v');
    expect(await client.map((c) => c.get('k'))).toEqual(Buffer.from('v'));
    expect(await client.map((c) => c.withTypeMapping({}).get('k'))).toBe('v');
    const mapping = client.getMappingClient();
    const promise = mapping.get('k');
    await mapping.join();
    expect(promise.value).toEqual(Buffer.from('v'));
    await client.del('k');
  });

  it('clients of other mappings join as one map', async () => {
    const seen: unknown[] = [];
    await cluster.map((c) => {
      const own = c.withTypeMapping(asBytes);
      own.set('joined', 'v').done(() => own.get('joined').done((value) => seen.push(value)));
    });
    expect(seen).toEqual([Buffer.from('v')]);
    const call = cluster.map((c) => void c.withTypeMapping(asBytes).lPop('joined'));
    await expect(call).rejects.toMatchObject({ kind: 'WRONGTYPE' });
    await cluster.map((c) => c.del('joined'));
  });

  it('a reply that a built-in definition cannot read is told as such', async () => {
    const failure = {
      name: 'TypeError',
      code: 'RB_INVALID_ARGUMENT',
      message: 'The reply of COMMAND cannot be read under the type mapping',
      command: 'COMMAND',
      cause: expect.any(TypeError) as TypeError,
    };
    const all = await failureOf(cluster.all((c) => c.withTypeMapping(asBytes).command()));
    const { address } = cluster.hosts.get(5)!;
    const errors = all.errors as FanoutError['errors'];
    expect(errors.get(5)).toMatchObject({ ...failure, hostId: 5, address });
    const one = cluster.fanout((c) => c.targetKey('key').withTypeMapping(asBytes).command());
    const hostId = cluster.getRouter().getHostForKey('key');
    await expect(one).rejects.toMatchObject({ ...failure, hostId });
  });

  it('what the definition of an added script throws passes on as it is', async () => {
    const thrown = new Error('own');
    const refuse = (): never => {
      throw thrown;
    };
    const own = defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: 'return 1',
      parseCommand: (parser: CommandParser, key: string) => parser.pushKey(key),
      transformReply: refuse,
    });
    const scripted = new Cluster({ hosts: cluster.hosts, RESP: RESP as 3, scripts: { own } });
    const client = scripted.getRoutingClient().withTypeMapping(asBytes);
    expect(await failureOf(client.own('key'))).toBe(thrown);
    expect(await failureOf(client.map((c) => c.own('key')))).toBe(thrown);
    await scripted.disconnectPools();
  });

  it('each SET of a batch has an answer of its own, and mSet that of a SET', async () => {
    const simple = { [RESP_TYPES.SIMPLE_STRING]: Buffer } as const;
    const client = cluster.getRoutingClient().withTypeMapping(simple);
    const keys = [1, 2, 3].map((n) => keyOn(cluster, 0, `simple${n}`));
    const answers: Buffer[] = await client.map((c) =>
      RbPromise.all(keys.map((key) => c.set(key, 'v') as RbPromise<unknown> as RbPromise<Buffer>)),
    );
    answers[0]!.write('X');
    expect(answers.map(String)).toEqual(['XK', 'OK', 'OK']);
    const pairs = Object.fromEntries(keys.map((key) => [key, 'w']));
    expect(await client.map((c) => c.mSet(pairs))).toEqual(Buffer.from('OK'));
    expect(await cluster.map((c) => c.mSet(pairs))).toBe('OK');
    await direct.del(keys);
  });

  it('a long list of arguments is sent whole', async () => {
    const members = Array.from({ length: 200_000 }, (_, i) => `member${i}`);
    const client = cluster.getRoutingClient();
    expect(await client.sAdd('large', members)).toBe(200_000);
    expect(await client.sCard('large')).toBe(200_000);
    const found = await client.sMembers('large');
    expect(found.sort().join() === members.sort().join()).toBe(true);
    await client.del('large');
  });
});

it('must be one, whichever client it is given to', () => {
  const cluster = new Cluster({ hosts: { 0: {} } });
  const routing = cluster.getRoutingClient();
  const fanout = routing.getFanoutClient('all');
  const clients = [routing, routing.getMappingClient(), fanout, fanout.targetKey('k')];
  const bad = [5, null, 'x', [], { foo: String }, { [RESP_TYPES.BLOB_STRING]: 5 }];
  for (const client of clients) {
    for (const typeMapping of bad) {
      expect(() => client.withTypeMapping(typeMapping as object)).toThrow(
        expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }),
      );
    }
  }
});
