/**
 * Random streams of commands, cut into calls and ticks at random, batched or not, with replies that
 * come in random pieces: every reply and all that is left is as if they had been run one by one.
 */

import { RESP_TYPES } from '@redis/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { useServers } from '../helpers/servers.js';
import { Front } from './front.js';
import { splitReplies } from './splitter.js';

const file = useServers({ servers: 2, databasesEach: 2 });

/** Above 2^53 the reference itself rounds a number at each of its digits. */
const AS_TEXT = { [RESP_TYPES.NUMBER]: String };
/** The database of the reference; the cluster has the first one. */
const REFERENCE = 1;
const KEYS = Array.from({ length: 8 }, (_, i) => `key${i}`);

/** The commands that the streams consist of, as a client of ours and the reference have them. */
interface Commands {
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: string, options?: { condition?: 'NX'; GET?: true }): PromiseLike<unknown>;
  append(key: string, value: string): PromiseLike<unknown>;
  incr(key: string): PromiseLike<unknown>;
  strLen(key: string): PromiseLike<unknown>;
  del(key: string): PromiseLike<unknown>;
  rPush(key: string, value: string): PromiseLike<unknown>;
  lRange(key: string, start: number, stop: number): PromiseLike<unknown>;
  hSet(key: string, field: string, value: string): PromiseLike<unknown>;
  hGetAll(key: string): PromiseLike<unknown>;
  type(key: string): PromiseLike<unknown>;
}

interface Step {
  readonly name: string;
  readonly run: (client: Commands) => PromiseLike<unknown>;
  /** What comes after it: nothing, another tick, or another call. */
  readonly then: 'nothing' | 'tick' | 'call';
}

const key = fc.constantFrom(...KEYS);
const long = (min: number, max: number) =>
  fc.integer({ min, max }).map((n) => 'long '.repeat(n / 5));
const value = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  { weight: 2, arbitrary: fc.integer().map(String) },
  { weight: 1, arbitrary: fc.constantFrom('\r\n', '$3\r\nabc\r\n', '+OK\r\n', '') },
  { weight: 1, arbitrary: long(1, 30_000) },
);

/** Mostly what is merged, with all else in between. */
function commandWith(written: fc.Arbitrary<string>) {
  const pair = <T>(make: (key: string, value: string) => T) =>
    fc.tuple(key, written).map(([k, v]) => make(k, v));
  return fc.oneof(
    { weight: 8, arbitrary: key.map((k) => step('get', (c) => c.get(k))) },
    { weight: 8, arbitrary: pair((k, v) => step('set', (c) => c.set(k, v))) },
    pair((k, v) => step('set NX', (c) => c.set(k, v, { condition: 'NX' }))),
    pair((k, v) => step('set GET', (c) => c.set(k, v, { GET: true }))),
    pair((k, v) => step('append', (c) => c.append(k, v))),
    key.map((k) => step('incr', (c) => c.incr(k))),
    key.map((k) => step('strLen', (c) => c.strLen(k))),
    key.map((k) => step('del', (c) => c.del(k))),
    pair((k, v) => step('rPush', (c) => c.rPush(k, v))),
    key.map((k) => step('lRange', (c) => c.lRange(k, 0, -1))),
    pair((k, v) => step('hSet', (c) => c.hSet(k, v.slice(0, 10), v))),
    key.map((k) => step('hGetAll', (c) => c.hGetAll(k))),
    key.map((k) => step('type', (c) => c.type(k))),
  );
}

const then = fc.oneof(
  { weight: 20, arbitrary: fc.constant('nothing' as const) },
  { weight: 1, arbitrary: fc.constantFrom('tick' as const, 'call' as const) },
);
const streamWith = (written: fc.Arbitrary<string>, minLength: number) =>
  fc.array(
    fc.tuple(commandWith(written), then).map(([part, after]): Step => ({ ...part, then: after })),
    // Left to itself it makes short ones.
    { minLength, maxLength: 150, size: 'max' },
  );
const STREAMS = [
  { kind: 'of all kinds of values', stream: streamWith(value, 1), runs: 30, isLong: false },
  {
    kind: 'that fills several chunks',
    stream: streamWith(long(20_000, 40_000), 40),
    runs: 10,
    isLong: true,
  },
];
const lengths = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })),
  { minLength: 1, maxLength: 8, size: 'max' },
);

function step(name: string, run: Step['run']) {
  return { name, run };
}

let fronts: Front[];
let cluster: Cluster;
let references: DirectClient[];
let owners: DirectClient[];

beforeAll(async () => {
  fronts = await Promise.all(file.servers.map(({ target }) => Front.start(target)));
  const hosts = new Map(fronts.map(({ port }, i) => [i, { host: '127.0.0.1', port }]));
  cluster = new Cluster({ hosts });
  references = await Promise.all(
    file.servers.map((server) => connectDirect(server, { database: REFERENCE })),
  );
  owners = await Promise.all(file.servers.map((server) => connectDirect(server)));
});
afterAll(async () => {
  await cluster.disconnectPools();
  for (const client of [...references, ...owners]) client.destroy();
  for (const front of fronts) front.close();
});

/** A reply, or the words of the server's error. */
type Answer = { readonly value: unknown } | { readonly error: string };

async function answerTo(promise: PromiseLike<unknown>): Promise<Answer> {
  try {
    return { value: plain(await promise) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Without prototypes, which are none of the contents. */
function plain(reply: unknown): unknown {
  return typeof reply === 'object' && reply !== null && !Array.isArray(reply)
    ? { ...reply }
    : reply;
}

/** All commands of a stream, each when the one before has its answer. */
async function runOneByOne(steps: readonly Step[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { run } of steps) answers.push(await answerTo(run(byKey())));
  return answers;
}

/** A client of the reference that goes to where the cluster has the key. */
function byKey(): Commands {
  const router = cluster.getRouter();
  const of = (k: string) => references[router.getHostForKey(k)]!;
  const exact = async (k: string): Promise<number> =>
    Number(await of(k).withTypeMapping(AS_TEXT).incr(k));
  return new Proxy({} as Commands, {
    get(_, name: keyof Commands) {
      if (name === 'incr') return exact;
      return (k: string, ...args: never[]) =>
        ((of(k) as Commands)[name] as (...all: unknown[]) => PromiseLike<unknown>)(k, ...args);
    },
  });
}

async function runInMaps(steps: readonly Step[], autoBatch: boolean): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  for (const call of callsOf(steps)) {
    await cluster.map(
      async (client) => {
        for (const { run, then: after } of call) {
          answers.push(answerTo(run(client)));
          if (after === 'tick') await new Promise((resolve) => setImmediate(resolve));
        }
      },
      { autoBatch },
    );
  }
  return Promise.all(answers);
}

function callsOf(steps: readonly Step[]): Step[][] {
  const calls: Step[][] = [[]];
  for (const each of steps) {
    calls.at(-1)!.push(each);
    if (each.then === 'call') calls.push([]);
  }
  return calls;
}

/** What the cluster has sent so far, over all hosts. */
function sent(): { commands: number; requests: number; bytes: number } {
  const total = { commands: 0, requests: 0, bytes: 0 };
  for (const { commands, requests, bytesSent } of cluster.stats().values()) {
    total.commands += commands;
    total.requests += requests;
    total.bytes += bytesSent;
  }
  return total;
}

/** All that is in the databases. */
function contentsOf(clients: readonly DirectClient[]): Promise<unknown[]> {
  const read = async (client: DirectClient, k: string) => {
    const type = await client.type(k);
    if (type === 'list') return [type, await client.lRange(k, 0, -1)];
    if (type === 'hash') return [type, plain(await client.hGetAll(k))];
    return [type, type === 'string' ? await client.get(k) : undefined];
  };
  return Promise.all(clients.map((client) => Promise.all(KEYS.map((k) => read(client, k)))));
}

/** What the library sends to a host at a time, in bytes. */
const CHUNK = 64 * 1024;
const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';

describe.each([true, false])('with autoBatch: %s, a stream of commands', (autoBatch) => {
  it.each(STREAMS)(
    '$kind is answered as one by one, and leaves the same',
    async ({ stream, runs, isLong }) => {
      let merged = 0;
      let chunked = 0;
      await fc.assert(
        fc.asyncProperty(stream, lengths, async (steps, pieces) => {
          await Promise.all([...owners, ...references].map((client) => client.flushDb()));
          await cluster.all((client) => client.ping());
          for (const { links } of fronts) for (const link of links) splitReplies(link, pieces);
          const wanted = await runOneByOne(steps);
          const before = sent();
          const answers = await runInMaps(steps, autoBatch);
          const after = sent();
          if (after.requests - before.requests < after.commands - before.commands) merged++;
          if (after.bytes - before.bytes > 2 * file.servers.length * CHUNK) chunked++;
          for (const [i, answer] of answers.entries()) {
            const { name } = steps[i]!;
            const want = wanted[i]!;
            // A batch of GETs answers null for what is no string.
            const mayBeNull = autoBatch && name === 'get' && 'error' in want;
            if (mayBeNull && 'value' in answer) expect(answer).toEqual({ value: null });
            else expect([i, name, answer]).toEqual([i, name, want]);
            if (mayBeNull) expect(want).toEqual({ error: wrongType });
          }
          expect(await contentsOf(owners)).toEqual(await contentsOf(references));
        }),
        { numRuns: runs },
      );
      // The streams were such that something could have come out of order.
      expect(merged > runs / 2).toBe(autoBatch);
      if (isLong) expect(chunked).toBeGreaterThan(runs / 2);
    },
    120_000,
  );
});

it('comes in the pieces that were asked for', async () => {
  const [front] = fronts;
  await cluster.all((client) => client.ping());
  let pieces = 0;
  for (const link of front!.links) {
    splitReplies(link, [1]);
    const send = link.send.bind(link);
    link.send = (bytes) => {
      pieces++;
      return send(bytes);
    };
  }
  await cluster.fanout((client) => client.ping(), { hosts: [0] });
  expect(pieces).toBe('+PONG\r\n'.length);
});
