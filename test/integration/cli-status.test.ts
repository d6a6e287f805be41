/** `rb status` and `rb keys` against real servers. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { useCli } from '../helpers/cli.js';
import { commandsDuring, connectDirect } from '../helpers/direct-client.js';
import { LoadingServer } from '../helpers/loading-server.js';
import { startServer, type SingleServer, useServers } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

const servers = useServers({ servers: 2, databasesEach: 2 });
const cli = useCli();

interface StatusJson {
  readonly hosts: readonly {
    readonly host: number;
    readonly state: string;
    readonly info?: unknown;
    readonly keys?: number;
    readonly memoryBytes?: number;
    readonly role?: string;
    readonly error?: { readonly name: string };
  }[];
  readonly totals: Readonly<Record<string, number>>;
  readonly skew: { readonly keys: { readonly largestToMean: number } | null };
}

let gone: SingleServer;

beforeAll(async () => {
  cli.configure(servers.servers, 2);
  gone = await startServer();
  cli.file('down.json', {
    hosts: [...servers.servers, gone.server].map(({ socketPath }, hostId) => ({
      hostId,
      unixSocketPath: socketPath,
    })),
  });
  await gone.server.stop();
  // Databases of the first server: 30 and 10 keys. Of the second: none.
  for (const [database, count] of [30, 10].entries()) {
    const direct = await connectDirect(servers.servers[0]!, { database });
    await direct.mSet(
      Array.from({ length: count }, (_, index): [string, string] => [`user:${index}`, 'value']),
    );
    await direct.lPush('list', 'element');
    direct.destroy();
  }
});
afterAll(() => gone.close());

async function statusJson(...args: string[]): Promise<{ code: number | null; json: StatusJson }> {
  const { code, stdout } = await cli.run(['status', '--json', ...args]);
  return { code, json: JSON.parse(stdout) as StatusJson };
}

describe('status', () => {
  it('prints a row for each host, totals, and the skew', async () => {
    const { code, stdout, stderr } = await cli.run(['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [title, ...lines] = stdout.trimEnd().split('\n');
    expect(title).toMatch(
      /^HOST +ADDRESS +DB +STATE +VERSION +ROLE +KEYS +MEMORY +CLIENTS +OPS\/S +HITS +PING$/,
    );
    expect(lines[0]).toMatch(/^0 .* 0 +up +\S.* master +31 +[\d.]+ MB +\d+ +\d+ +\S+ +[\d.]+ ms$/);
    expect(lines[3]).toMatch(/^3 .* 1 +up +\S.* master +0 /);
    expect(lines[4]).toMatch(/^total +4\/4 up +42 /);
    expect(stdout).toContain(
      'skew of keys: 0 (host 2) to 31 (host 0); the largest is 2.95 times the mean',
    );
    expect(stdout).toContain('4 hosts on 2 servers: ');
  });

  it('counts what is a server’s once for each server', async () => {
    const { code, json } = await statusJson();
    expect(code).toBe(0);
    expect(json.hosts.map(({ keys }) => keys)).toEqual([31, 11, 0, 0]);
    expect(json.totals).toMatchObject({ hosts: 4, up: 4, servers: 2, keys: 42 });
    // A little is allocated between the answers of two databases of one server.
    const [first, , third] = json.hosts.map(({ memoryBytes = 0 }) => memoryBytes);
    const sum = first! + third!;
    expect(json.totals['memoryBytes']).toBeGreaterThan(sum * 0.7);
    expect(json.totals['memoryBytes']).toBeLessThan(sum * 1.3);
    expect(json.skew.keys?.largestToMean).toBeCloseTo(31 / (42 / 4));
  });

  it('says of a host that it is down, and ends with 1', async () => {
    const { code, stdout, stderr } = await cli.run(['status', '--config', 'down.json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^2 .* 0 +down( +-){8}$/m);
    expect(stdout).toMatch(/^total +2\/3 up /m);
    expect(stdout).toMatch(/^host 2: Could not connect to .*(ENOENT|ECONNREFUSED)/m);
    const { json } = await statusJson('--config', 'down.json');
    expect(json.hosts[2]).toMatchObject({ state: 'down', error: { name: 'ConnectionError' } });
  });

  it('waits for a silent host no longer than it is told', async () => {
    const { code, json } = await whileStopped([servers.servers[1]!], () =>
      statusJson('--timeout', '300'),
    );
    expect(code).toBe(1);
    expect(json.hosts.map(({ state }) => state)).toEqual(['up', 'up', 'down', 'down']);
    expect(json.hosts[2]?.error?.name).toBe('TimeoutError');
  });

  it('says of a server that it loads its data, and ends with 1', async () => {
    const server = await LoadingServer.start();
    cli.file('loading.json', { hosts: [{ hostId: 0, unixSocketPath: server.path }] });
    await server.restart();
    const args = ['--config', 'loading.json', '--timeout', '5000'];
    const { code, json } = await statusJson(...args);
    expect(await server.isLoading()).toBe(true);
    expect({ code, state: json.hosts[0]?.state }).toEqual({ code: 1, state: 'loading' });
    await server.finish();
    await server.close();
  });

  it('shows some hosts only', async () => {
    const { code, json } = await statusJson('--on', '1,3');
    expect(code).toBe(0);
    expect(json.hosts.map(({ host }) => host)).toEqual([1, 3]);
    expect(json.totals).toMatchObject({ hosts: 2, keys: 11 });
  });

  it('prints look after look into a pipe with --watch, until it is interrupted', async () => {
    const running = cli.start(['status', '--watch', '--json', '--interval', '0.05']);
    await running.shows('}\n{');
    running.kill('SIGINT');
    const { code, stdout, stderr } = await running.result;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    for (const line of stdout.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ totals: { up: 4 } });
    }
  });
});

describe('keys', () => {
  const sorted = (text: string): string[] => text.trimEnd().split('\n').sort();

  it('lists the keys of all hosts that match', async () => {
    const { code, stdout, stderr } = await cli.run(['keys', '--match', 'user:*', '--batch', '5']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const expected = [30, 10].flatMap((count) =>
      Array.from({ length: count }, (_, index) => `user:${index}`),
    );
    expect(sorted(stdout)).toEqual(expected.sort());
  });

  it('never sends KEYS', async () => {
    const direct = await connectDirect(servers.servers[0]!);
    const calls = await commandsDuring(direct, () => cli.run(['keys']));
    direct.destroy();
    expect(calls).toHaveProperty('scan');
    expect(calls).not.toHaveProperty('keys');
  });

  it('says where each key is with --json', async () => {
    const { stdout } = await cli.run(['keys', '--match', 'list', '--json']);
    const lines = sorted(stdout).map((line) => JSON.parse(line) as { key: string; host: number });
    expect(lines.map(({ key, host }) => [key, host])).toEqual([
      ['list', 0],
      ['list', 1],
    ]);
  });

  it('lists only keys of a type, and of the hosts that are named', async () => {
    const { stdout } = await cli.run(['keys', '--type', 'list', '--on', '1']);
    expect(stdout).toBe('list\n');
  });

  it('counts with --count', async () => {
    const { code, stdout } = await cli.run(['keys', '--count', '--match', 'user:*']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^HOST +ADDRESS +DB +KEYS\n0 .* 30\n1 .* 10\n2 .* 0\n3 .* 0\ntotal +40\n$/,
    );
    const json = await cli.run(['keys', '--count', '--match', 'user:*', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ match: 'user:*', total: 40 });
  });

  it('prints keys of any bytes as they are', async () => {
    const key = Buffer.from([0xff, 0x01, 0x22]);
    const direct = await connectDirect(servers.servers[1]!);
    await direct.set(key, 'value');
    const { bytes } = await cli.run(['keys', '--on', '2']);
    await direct.del(key);
    direct.destroy();
    expect(bytes).toEqual(Buffer.concat([key, Buffer.from('\n')]));
  });

  it('lists the keys of the other hosts when one is down, and ends with 1', async () => {
    const { code, stdout, stderr } = await cli.run([
      'keys',
      '--config',
      'down.json',
      '--match',
      'list',
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'list\n' });
    expect(stderr).toMatch(/^rb: host 2: Could not connect to .*\n$/);
    const json = await cli.run(['keys', '--config', 'down.json', '--match', 'list', '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { name: 'ConnectionError', host: 2 } });
    const counted = await cli.run(['keys', '--config', 'down.json', '--count']);
    expect(counted.code).toBe(1);
    expect(counted.stdout).toMatch(/^2 .* failed$/m);
  });

  it('ends well when nobody reads on', async () => {
    const direct = await connectDirect(servers.servers[1]!, { database: 1 });
    const names = Array.from({ length: 20_000 }, (_, index) => `many:${index}`);
    await direct.mSet(names.map((name): [string, string] => [name, '']));
    const running = cli.start(['keys', '--match', 'many:*', '--batch', '100']);
    await running.shows('many:');
    running.closeOutput();
    const { code, stderr } = await running.result;
    await direct.flushDb();
    direct.destroy();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
