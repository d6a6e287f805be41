/** `rb exec`, `rb all` and `rb fanout` against real servers. */

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { useCli } from '../helpers/cli.js';
import { connectDirect } from '../helpers/direct-client.js';
import { condition, startServer, useServers } from '../helpers/servers.js';

const servers = useServers({ servers: 2, databasesEach: 2 });
const cli = useCli();

/** Hosts 0 and 1 are databases of the first server, 2 and 3 of the second. */
beforeAll(() => cli.configure(servers.servers, 2));
beforeEach(async () => {
  for (const server of servers.servers) {
    const direct = await connectDirect(server);
    await direct.flushAll();
    direct.destroy();
  }
});

/** The rows of a table under its titles, with the address left out. */
function rows(table: string): string[] {
  const [title = '', ...lines] = table.trimEnd().split('\n');
  expect(title).toMatch(/^HOST +ADDRESS +DB +REPLY$/);
  return lines.map((line) => line.replace(/^(\d+) +\S+ +(\d+) +/, '$1 $2 '));
}

describe('exec', () => {
  it('runs a command on the host of its key', async () => {
    expect(await cli.run(['exec', 'SET', 'user:1', 'ada'])).toMatchObject({
      code: 0,
      stdout: 'OK\n',
      stderr: '',
    });
    const { stdout } = await cli.run(['where', '--json', 'user:1']);
    const { host } = JSON.parse(stdout) as { host: number };
    const direct = await connectDirect(servers.servers[host < 2 ? 0 : 1]!, { database: host % 2 });
    expect(await direct.get('user:1')).toBe('ada');
    direct.destroy();
  });

  it('prints raw into a pipe, and as redis-cli on a terminal with --no-raw', async () => {
    await cli.run(['exec', 'RPUSH', 'list', 'a', 'b\n"', 'ü']);
    const raw = await cli.run(['exec', 'LRANGE', 'list', '0', '-1']);
    expect(raw.stdout).toBe('a\nb\n"\nü\n');
    const quoted = await cli.run(['exec', '--no-raw', 'LRANGE', 'list', '0', '-1']);
    expect(quoted.stdout).toBe('1) "a"\n2) "b\\n\\""\n3) "\\xc3\\xbc"\n');
  });

  it('keeps integers exact', async () => {
    await cli.run(['exec', 'SET', 'n', '9007199254740993']);
    expect((await cli.run(['exec', '--no-raw', 'INCR', 'n'])).stdout).toBe(
      '(integer) 9007199254740994\n',
    );
    expect((await cli.run(['exec', '--json', 'INCR', 'n'])).stdout).toBe('"9007199254740995"\n');
  });

  it('takes a value of any bytes from stdin and gives it back to the byte', async () => {
    const value = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
    const stored = await cli.run(['exec', '-x', 'SET', 'bytes'], { input: value });
    expect(stored).toMatchObject({ code: 0, stdout: 'OK\n' });
    expect((await cli.run(['exec', '-n', 'GET', 'bytes'])).bytes).toEqual(value);
    const { stdout } = await cli.run(['exec', '--json', 'GET', 'bytes']);
    expect(JSON.parse(stdout)).toEqual({ base64: value.toString('base64') });
  });

  it('prints maps as objects and doubles as numbers with --json', async () => {
    await cli.run(['exec', 'HSET', 'hash', 'name', 'Ada', 'born', '1815']);
    await cli.run(['exec', 'ZADD', 'zset', '1.5', 'member']);
    const json = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await cli.run(['exec', '--json', ...args])).stdout);
    expect(await json('HGETALL', 'hash')).toEqual({ name: 'Ada', born: '1815' });
    expect(await json('ZSCORE', 'zset', 'member')).toBe(1.5);
    expect(await json('GET', 'nothing')).toBeNull();
  });

  it('refuses a script that cannot be undone where it cannot ask, and not with --yes', async () => {
    await cli.run(['all', 'SET', 'here', '1']);
    const script = ['EVAL', 'return redis.call([[FLUSHDB]])', '1', 'key'];
    const refused = await cli.run(['exec', ...script]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^rb: EVAL on host \d cannot be undone, and there is no terminal to ask on: add --yes\n$/,
    );
    const sizes = async (): Promise<string> => (await cli.run(['all', '--raw', 'DBSIZE'])).stdout;
    expect(await sizes()).toBe('1\n'.repeat(4));
    expect(await cli.run(['exec', '--yes', ...script])).toMatchObject({ code: 0, stdout: 'OK\n' });
    expect((await sizes()).match(/^0$/gm)).toHaveLength(1);
    expect(await cli.run(['exec', 'DEL', 'here'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('keeps fields that are no text with --json', async () => {
    const script =
      "return redis.call('HSET', KEYS[1], '\\255', 'one', '\\254', 'two', 'a', '\\253')";
    await cli.run(['exec', 'EVAL', script, '1', 'hash']);
    const { stdout } = await cli.run(['exec', '--json', 'HGETALL', 'hash']);
    expect(JSON.parse(stdout)).toEqual([
      [{ base64: '/w==' }, 'one'],
      [{ base64: '/g==' }, 'two'],
      ['a', { base64: '/Q==' }],
    ]);
  });

  it('leaves what follows the command to Redis', async () => {
    await cli.run(['exec', 'SET', '--json', '--help']);
    expect((await cli.run(['exec', 'GET', '--json'])).stdout).toBe('--help\n');
  });

  it('ends with 1 and the answer of the server if the command fails', async () => {
    await cli.run(['exec', 'SET', 'text', 'no number']);
    const { code, stdout, stderr } = await cli.run(['exec', 'INCR', 'text']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^rb: \(error\) ERR value is not an integer or out of range \(host \d, .+\)\n$/,
    );
  });

  it('says what is wrong with what credentials answers, and shows nothing of it', async () => {
    const path = JSON.stringify(servers.servers[0]!.socketPath);
    cli.file(
      'login.mjs',
      `const credentials = () => ({ pasword: 'secret' });
      export default { hosts: { 0: { unixSocketPath: ${path}, credentials } } };`,
    );
    const message = /were not given: credentials must answer \{ username, password \} with strings/;
    const { code, stderr } = await cli.run(['--config', 'login.mjs', 'exec', 'GET', 'k']);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    const json = await cli.run(['--config', 'login.mjs', '--json', 'exec', 'GET', 'k']);
    const { error } = JSON.parse(json.stderr) as { error: { message: string } };
    expect(error.message).toMatch(message);
    expect(stderr + json.stderr).not.toContain('secret');
  });

  it('prints errors as JSON with --json', async () => {
    await cli.run(['exec', 'SET', 'text', 'no number']);
    const { code, stderr } = await cli.run(['exec', '--json', 'INCR', 'text']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { name: 'ReplyError', code: 'RB_REPLY', command: 'INCR' },
    });
  });

  it('keeps the JSON of an error whole, whatever the server says', async () => {
    const address = join(cli.folder, 'a@b');
    symlinkSync(servers.servers[0]!.socketPath!, address);
    cli.file('linked.json', { hosts: [{ hostId: 0, unixSocketPath: address }] });
    const script = "return redis.error_reply('ERR redis://u:secret@h, see https://redis.io')";
    const args = ['--config', 'linked.json', '--json', 'exec', 'EVAL', script, '1', 'key'];
    const { code, stderr } = await cli.run(args);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { message: 'ERR redis://***@h, see https://redis.io', address },
    });
  });

  it.each([
    [['PING'], /PING names no key.* 'rb all' and 'rb fanout' .*--on 0 PING/],
    [['MGET', 'a', 'b'], /MGET names 2 keys.* 'rb all' and 'rb fanout'/],
    [['FLUSHALL'], /^rb: FLUSHALL names no key.* 'rb all' and 'rb fanout'/],
    [['NOSUCH', 'a'], /unknown command NOSUCH; 'rb all'/],
    [['SUBSCRIBE', 'a'], /SUBSCRIBE cannot be sent by rb: take redis-cli/],
  ])('refuses %j with 2 and says what to do', async (args, message) => {
    const { code, stdout, stderr } = await cli.run(['exec', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('is ended by Ctrl-C with 130, also while a command blocks', async () => {
    const direct = await connectDirect(servers.servers[0]!);
    const other = await connectDirect(servers.servers[1]!);
    const running = cli.start(['exec', 'BLPOP', 'nothing', '0']);
    await condition(async () => {
      const clients = [await direct.info('clients'), await other.info('clients')].join('');
      return clients.includes('blocked_clients:1');
    });
    running.kill('SIGINT');
    expect(await running.result).toMatchObject({ code: 130, stdout: '', stderr: '' });
    direct.destroy();
    other.destroy();
  });
});

describe('options behind the command', () => {
  it('are Redis’ arguments, which is said where the command fails', async () => {
    const { code, stderr } = await cli.run(['exec', 'GET', 'key', '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('--json was taken for a part of the Redis command');
    const all = await cli.run(['all', 'FLUSHALL', '--yes']);
    expect(all.code).toBe(2);
    expect(all.stderr).toContain('--yes was taken for a part of the Redis command');
    const set = await cli.run(['exec', 'SET', 'key', '--json']);
    expect(set).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('all', () => {
  it('prints a row for each host', async () => {
    const { code, stdout } = await cli.run(['all', 'ECHO', 'hey']);
    expect(code).toBe(0);
    expect(rows(stdout)).toEqual(['0 0 "hey"', '1 1 "hey"', '2 0 "hey"', '3 1 "hey"']);
  });

  it('prints the replies alone with --raw', async () => {
    const { bytes } = await cli.run(['all', '--raw', 'ECHO', 'ü\t']);
    expect(bytes.toString()).toBe('ü\t\n'.repeat(4));
  });

  it('lists hosts, addresses and replies with --json', async () => {
    const { stdout } = await cli.run(['--json', 'all', 'DBSIZE']);
    const list = JSON.parse(stdout) as { host: number; db: number; reply: number }[];
    expect(list.map(({ host, db, reply }) => [host, db, reply])).toEqual([
      [0, 0, 0],
      [1, 1, 0],
      [2, 0, 0],
      [3, 1, 0],
    ]);
  });

  it('shows the lines of INFO below each other', async () => {
    const { stdout } = await cli.run(['all', 'INFO', 'server']);
    expect(stdout).toMatch(/^0 .* # Server\n +redis_version:/m);
  });

  it('shows a long list, one element on each line', async () => {
    const elements = Array.from({ length: 20_000 }, (_, index) => `element:${index}`);
    const direct = await connectDirect(servers.servers[0]!);
    await direct.rPush('long', elements);
    direct.destroy();
    const { stdout } = await cli.run(['fanout', '--on', '0', 'LRANGE', 'long', '0', '-1']);
    const shown = stdout.trimEnd().split('\n').slice(1);
    expect(shown).toHaveLength(elements.length);
    expect(shown.at(-1)).toMatch(/^ +20000\) "element:19999"$/);
  });

  it('shows a host that is down beside the answers of the others, and ends with 1', async () => {
    const gone = await startServer();
    cli.file('down.json', {
      hosts: [servers.servers[0]!, gone.server].map(({ socketPath }, hostId) => ({
        hostId,
        unixSocketPath: socketPath,
      })),
    });
    await gone.close();
    const { code, stdout } = await cli.run(['all', '--config', 'down.json', 'PING']);
    expect(code).toBe(1);
    expect(rows(stdout)).toEqual([
      '0 0 PONG',
      expect.stringMatching(/^1 0 Could not connect to .*ENOENT/),
    ]);
  });

  it('refuses what cannot be undone where it cannot ask, and does it with --yes', async () => {
    await cli.run(['all', 'SET', 'here', '1']);
    const refused = await cli.run(['all', 'FLUSHDB']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toBe(
      'rb: FLUSHDB on 4 hosts (0-3) cannot be undone, and there is no terminal to ask on: add --yes\n',
    );
    const config = await cli.run(['all', 'config', 'set', 'requirepass', 'secret']);
    expect(config.code).toBe(2);
    expect(config.stderr).toMatch(/^rb: CONFIG SET on 4 hosts \(0-3\) cannot be undone/);
    expect(config.stderr).not.toContain('secret');
    const script = await cli.run(['all', 'EVAL', "return redis.call('FLUSHALL')", '0']);
    expect(script.stderr).toMatch(/^rb: EVAL on 4 hosts \(0-3\) cannot be undone/);
    const sizes = async (): Promise<string[]> => rows((await cli.run(['all', 'DBSIZE'])).stdout);
    expect(await sizes()).toContain('3 1 (integer) 1');
    expect(await cli.run(['all', '--yes', 'FLUSHDB'])).toMatchObject({ code: 0 });
    expect(await sizes()).toContain('3 1 (integer) 0');
  });

  it.each([
    ['all', 'MONITOR'],
    ['all', '--yes', 'sync'],
    ['fanout', '--on', '0', 'CLIENT', 'REPLY', 'OFF'],
    ['exec', '-x', 'MONITOR'],
  ])('refuses at once what cannot be sent: %s %s %s', async (...args) => {
    // Nothing is asked or connected to before.
    const running = cli.start(['--hosts', 'unix:///nowhere', ...args]);
    const { code, stdout, stderr } = await running.result;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rb: [A-Z ]+ cannot be sent by rb: take redis-cli on its host\n$/);
  });

  it('takes the end of a server for the answer to SHUTDOWN', async () => {
    const { server, close } = await startServer();
    cli.file('single.json', {
      hosts: [0, 1].map((db) => ({ hostId: db, db, unixSocketPath: server.socketPath })),
    });
    const { code, stdout } = await cli.run([
      '--config',
      'single.json',
      'all',
      '--yes',
      'SHUTDOWN',
      'NOSAVE',
    ]);
    expect(rows(stdout)).toEqual(['0 0 the server has ended', '1 1 the server has ended']);
    expect(code).toBe(0);
    await close();
  });
});

describe('fanout', () => {
  it.each([[['--on', '0,3']], [['--hosts', '0,3']], [['--on=3', '--hosts=0']]])(
    'talks to the hosts of %j',
    async (ids) => {
      const { code, stdout } = await cli.run(['fanout', ...ids, 'ECHO', 'hey']);
      expect(code).toBe(0);
      expect(rows(stdout)).toEqual(['0 0 "hey"', '3 1 "hey"']);
    },
  );

  it('tells URLs of the cluster from ids of its hosts, wherever they stand', async () => {
    const urls = servers.servers.map(({ socketPath = '' }) => `unix://${socketPath}`);
    const before = await cli.run([
      '--hosts',
      urls.join(','),
      'fanout',
      '--hosts',
      '1',
      'ECHO',
      'x',
    ]);
    expect(rows(before.stdout)).toEqual(['1 0 "x"']);
    const after = await cli.run([
      'fanout',
      '--hosts',
      urls[0]!,
      '--hosts',
      urls[1]!,
      '--hosts',
      '1',
      'ECHO',
      'x',
    ]);
    expect(after.stdout).toBe(before.stdout);
  });

  it('refuses a call without ids, and ids that no host has', async () => {
    const none = await cli.run(['fanout', 'PING']);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('no host is named');
    const unknown = await cli.run(['fanout', '--on', '0,4', 'PING']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toBe('rb: there is no host 4: the ids are 0-3\n');
  });
});
