/** Hosts that are given by name, while the system's own answers are those of the test. */

import dns from 'node:dns';
import type { LookupFunction } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import type { HostConfig } from '../../src/hosts.js';
import { findFreePort } from '../../src/testing/free-port.js';
import { failureOf } from '../helpers/failures.js';
import { condition, startServer, type SingleServer } from '../helpers/servers.js';

let single: SingleServer;
const port = (): number => single.server.port!;

beforeAll(async () => {
  single = await startServer({ tcp: true });
});
afterAll(() => single.close());

/** Of each test another one, which no look-up of a test before is still about. */
let name: string;
let names = 0;
/** Runs in place of `dns.lookup` for the name. */
let answer: LookupFunction;
let asked: number;
const clusters: Cluster[] = [];

beforeEach(() => {
  asked = 0;
  name = `redis-${++names}.invalid`;
  const real = dns.lookup as LookupFunction;
  const lookup: LookupFunction = (which, options, callback) => {
    if (which !== name) {
      real(which, options, callback);
      return;
    }
    asked++;
    answer(which, options, callback);
  };
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
});
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.disconnectPools();
  vi.restoreAllMocks();
});

function open(host: HostConfig, connectTimeout = 10_000): Cluster {
  const poolOptions = { connectTimeout, reconnect: { minDelay: 1, maxDelay: 1 } };
  const cluster = new Cluster({ hosts: { 0: host }, poolOptions });
  clusters.push(cluster);
  return cluster;
}

it('are connected to by name', async () => {
  const cluster = open({ host: 'localhost', port: port() });
  expect(await cluster.getRoutingClient().set('key', 'value')).toBe('OK');
  expect(await cluster.getLocalClient(0).get('key')).toBe('value');
});

describe('a name that no DNS server answers', () => {
  /** The callback of each question, which is answered late. */
  let questions: Parameters<LookupFunction>[2][];
  const tell = (): void => {
    for (const callback of questions.splice(0))
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  beforeEach(() => {
    questions = [];
    answer = (_name, _options, callback) => void questions.push(callback);
  });

  it.each([
    ['plain', {}],
    ['over TLS', { ssl: true }],
  ])('is looked up once at a time, however many attempts there are (%s)', async (_, options) => {
    const cluster = open({ host: name, port: port(), ...options }, 20);
    const client = cluster.getRoutingClient();
    const local = cluster.getLocalClient(0);
    let attempts = 0;
    local.on('error', () => attempts++);
    for (let i = 0; i < 3; i++) {
      await failureOf(client.get('key'));
      await condition(() => cluster.getPoolForHost(0).connections === 0);
    }
    await condition(() => attempts >= 3);
    expect(asked).toBe(1);
  });

  it('is connected to when it is answered after all, by an attempt that came later', async () => {
    // When it is connected, a local client has the system look up its host once more.
    name = 'localhost';
    const early = open({ host: name, port: port() }, 20);
    await failureOf(early.getRoutingClient().get('key'));
    const cluster = open({ host: name, port: port() });
    const replies = [
      cluster.getPoolForHost(0).executeCommand('PING'),
      cluster.getLocalClient(0).ping(),
    ];
    await condition(() => cluster.getPoolForHost(0).connections === 1);
    expect(asked).toBe(1);
    tell();
    expect(await Promise.all(replies)).toEqual(['PONG', 'PONG']);
  });
});

describe('a name with several addresses', () => {
  it('is told of with the error of each, when all refuse', async () => {
    const free = findFreePort();
    answer = (_name, _options, callback) => {
      const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
      callback(null, addresses);
    };
    const cluster = open({ host: name, port: free });
    const refused = (address: string) => `connect ECONNREFUSED ${address}:${free}`;
    const expected = {
      name: 'ConnectionError',
      message: `Could not connect to ${name}:${free}: ${refused('127.0.0.1')}; ${refused('127.0.0.2')}`,
      hostId: 0,
      address: `${name}:${free}`,
      maybeExecuted: false,
      cause: { code: 'ECONNREFUSED' },
    };
    expect(await failureOf(cluster.getRoutingClient().get('key'))).toMatchObject(expected);
    expect(await failureOf(cluster.getLocalClient(0).get('key'))).toMatchObject(expected);
  });
});
