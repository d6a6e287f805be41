/** `rb bench` against real servers. */

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { useCli } from '../helpers/cli.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { condition, startServer, useServers } from '../helpers/servers.js';

const servers = useServers({ servers: 2, databasesEach: 1 });
const cli = useCli();

interface BenchJson {
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
  readonly commands: readonly {
    readonly command: string;
    readonly count: number;
    readonly latencyMs: Readonly<Record<string, number>>;
  }[];
  readonly all: { readonly count: number };
  readonly histogram: readonly {
    readonly aboveMs: number;
    readonly upToMs: number;
    readonly count: number;
  }[];
}

beforeAll(() => cli.configure(servers.servers));
afterEach(async () => {
  expect(await keysLeft()).toEqual([]);
});

async function eachServer<T>(fn: (direct: DirectClient) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const server of servers.servers) {
    const direct = (await connectDirect(server)) as DirectClient;
    results.push(await fn(direct));
    direct.destroy();
  }
  return results;
}

async function keysLeft(): Promise<string[]> {
  return (await eachServer((direct) => direct.keys('*'))).flat();
}

interface NoteJson {
  readonly note?: string;
  readonly error?: { readonly message: string };
}

function parseLine(line: string): NoteJson {
  return JSON.parse(line) as NoteJson;
}

async function benchJson(...args: string[]): Promise<BenchJson> {
  const { code, stdout, stderr } = await cli.run(['bench', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as BenchJson;
}

describe('bench', () => {
  it('sends as many commands as it is told, in the shares of the mix', async () => {
    const { commands, all, histogram, failures } = await benchJson(
      ...['--commands', '20000', '--keys', '500', '--mix', 'get=3,set=1'],
    );
    expect(failures).toEqual([]);
    expect(all.count).toBe(20_000);
    const [get, set] = commands;
    expect([get?.command, set?.command]).toEqual(['get', 'set']);
    expect(get!.count + set!.count).toBe(20_000);
    // Far beyond what chance does to a share of a quarter.
    expect(set!.count).toBeGreaterThan(4000);
    expect(set!.count).toBeLessThan(6000);
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(20_000);
    const { p50 = 0, p99 = 0, max = 0 } = get!.latencyMs;
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(max).toBeGreaterThanOrEqual(p99);
    expect(histogram.at(-1)!.upToMs).toBeGreaterThanOrEqual(max);
  });

  it('sends maps whose neighbours are merged, or are not', async () => {
    const calls = async (...args: string[]): Promise<number> => {
      const count = (): Promise<number[]> =>
        eachServer(async (direct) => {
          const stats = await direct.info('commandstats');
          return Number(/^cmdstat_mget:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
        });
      const [before, ran] = [await count(), await benchJson('--commands', '2000', ...args)];
      expect(ran.all.count).toBe(2000);
      const after = await count();
      return after.reduce((sum, value, index) => sum + value - before[index]!, 0);
    };
    const args = ['--keys', '100', '--mix', 'get', '--pipeline', '100', '--concurrency', '2'];
    expect(await calls(...args)).toBe(40);
    expect(await calls(...args, '--no-auto-batch')).toBe(0);
  });

  it('runs every command that a mix may have', async () => {
    const mix = 'get,set,exists,del,incr,hget,hset,lpush,lpop,sadd,zadd';
    const { commands, failures } = await benchJson('--mix', mix, '--commands', '3000');
    expect(failures).toEqual([]);
    expect(commands.map(({ command }) => command).join(',')).toBe(mix);
    for (const { count } of commands) expect(count).toBeGreaterThan(0);
  });

  it('writes only under its prefix, and leaves what others have there', async () => {
    await eachServer((direct) => direct.set('other', 'stays'));
    const running = cli.start(['bench', '--keys', '50', '--seconds', '60']);
    const names = await condition(async () => {
      const keys = await keysLeft();
      return keys.length >= 52 ? keys : undefined;
    });
    running.kill('SIGINT');
    await running.result;
    expect(await keysLeft()).toEqual(['other', 'other']);
    await eachServer((direct) => direct.del('other'));
    const own = names!.filter((name) => name !== 'other');
    const [prefix] = /^rb-bench:[0-9a-f]{12}:/.exec(own[0]!)!;
    expect(own.filter((name) => !name.startsWith(`${prefix}string:`))).toEqual([]);
  });

  it('prints what it has measured when it is interrupted, and ends with 130', async () => {
    await eachServer((direct) => direct.configResetStat());
    const running = cli.start(['bench', '--seconds', '60', '--keys', '200']);
    await condition(async () => {
      const calls = await eachServer((direct) => direct.info('commandstats'));
      return calls.some((stats) => Number(/^cmdstat_get:calls=(\d+)/m.exec(stats)?.[1]) > 1000);
    });
    running.kill('SIGINT');
    const { code, stdout, stderr } = await running.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /^rb: removing its keys; should that be stopped, what is left is listed by: rb keys --match 'rb-bench:[0-9a-f]{12}:\*'\n$/,
    );
    expect(stdout).toMatch(
      /^get=80 set=20 on 200 keys, values of 100 bytes, 50 commands at a time\n/,
    );
    expect(stdout).toMatch(/^[\d,]+ commands in [\d.]+ s: [\d,]+ per second$/m);
    expect(stdout).toMatch(/^COMMAND +COUNT +PER SECOND +MEAN +P50 +P90 +P99 +P99\.9 +MAX$/m);
    expect(stdout).toMatch(/^all +[\d,]+ /m);
    expect(stdout).toMatch(/^ *[\d.]+ - [\d.]+ ms +[\d,]+ +[\d.]+% +[█▏▎▍▌▋▊▉]+$/m);
  });

  it('removes its keys without a word, and ends with 0, where nobody reads', async () => {
    const running = cli.start(['bench', '--keys', '50', '--commands', '10']);
    running.closeOutput();
    expect(await running.result).toMatchObject({ code: 0, stderr: '' });
    expect(await keysLeft()).toEqual([]);
  });

  it('removes only what it has written when it is interrupted while it fills its keys', async () => {
    await eachServer((direct) => direct.configResetStat());
    const keys = 4_000_000;
    const running = cli.start(['bench', '--json', '--keys', `${keys}`]);
    await condition(async () => (await eachServer((direct) => direct.dbSize())).some(Boolean));
    running.kill('SIGTERM');
    const { code, stdout, stderr } = await running.result;
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
    const { note } = JSON.parse(stderr) as { note: string };
    expect(note).toMatch(/^removing its keys; .* rb keys --match 'rb-bench:[0-9a-f]{12}:\*'$/);
    const stats = await eachServer((direct) => direct.info('commandstats'));
    const calls = stats.map((text) => Number(/^cmdstat_unlink:calls=(\d+)/m.exec(text)?.[1]));
    expect(Math.min(...calls)).toBeGreaterThan(0);
    expect(calls.reduce((sum, count) => sum + count)).toBeLessThan(keys / 2);
  }, 60_000);

  it('fills keys with large values without more waiting for a host than may', async () => {
    const socketPaths = servers.servers.map(({ socketPath }) => socketPath);
    cli.file('narrow.json', {
      hosts: socketPaths.map((unixSocketPath, hostId) => ({ hostId, unixSocketPath })),
      poolOptions: { maxPendingBytes: 12 * 1024 * 1024 },
    });
    const { all, failures } = await benchJson(
      ...['--config', 'narrow.json', '--mix', 'hget', '--value-size', '300000'],
      ...['--keys', '40', '--commands', '10', '--concurrency', '1'],
    );
    expect({ count: all.count, failures }).toEqual({ count: 10, failures: [] });
  });

  it('ends with 1 where a host is down, and removes its keys from the others', async () => {
    const gone = await startServer();
    cli.file('down.json', {
      hosts: [servers.servers[0]!, gone.server].map(({ socketPath }, hostId) => ({
        hostId,
        unixSocketPath: socketPath,
      })),
    });
    await gone.close();
    const args = ['bench', '--config', 'down.json', '--keys', '2500', '--commands', '10'];
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^rb: host 1: keys were not removed: Could not connect to /);
    expect(stderr).toMatch(/rb keys --match 'rb-bench:[0-9a-f]{12}:\*'\n/);
    const json = await cli.run([...args, '--json']);
    const [removal, hint, end] = json.stderr.split('\n').filter(Boolean).map(parseLine);
    expect(removal?.error).toMatchObject({ name: 'ConnectionError', host: 1 });
    expect(removal?.error?.message).toMatch(/^keys were not removed: Could not connect to /);
    expect(hint?.note).toMatch(/^what may be left is listed by: rb keys --match 'rb-bench:/);
    expect(end?.error?.message).toMatch(/^Could not connect to /);
  });

  it('goes on when commands fail, counts them by reason, and ends with 1', async () => {
    const { server, close } = await startServer();
    const direct = await connectDirect(server);
    await direct.sendCommand(['ACL', 'SETUSER', 'default', '-incr']);
    cli.file('acl.json', { hosts: [{ hostId: 0, unixSocketPath: server.socketPath }] });
    const args = ['bench', '--config', 'acl.json', '--mix', 'incr,lpush', '--keys', '3', '--json'];
    const { code, stdout } = await cli.run([...args, '--commands', '60', '--concurrency', '5']);
    const left = await direct.dbSize();
    direct.destroy();
    await close();
    expect(code).toBe(1);
    const { failures, commands } = JSON.parse(stdout) as BenchJson;
    expect(failures).toHaveLength(1);
    expect(failures[0]!.reason).toMatch(/^incr: \(error\) NOPERM /);
    const lpush = commands.find(({ command }) => command === 'lpush');
    expect(failures[0]!.count + lpush!.count).toBe(60);
    expect(left).toBe(0);
  });

  it.each([
    ['--mix', 'get=0'],
    ['--mix', 'get,get'],
    ['--mix', 'flushall'],
    ['--keys', '0'],
    ['--commands', '1.5'],
    ['--no-auto-batch'],
  ])('refuses %s %s with 2', async (...args) => {
    const { code, stdout, stderr } = await cli.run(['bench', ...args.filter(Boolean)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rb: --(mix|keys|commands|no-auto-batch)/);
  });
});
