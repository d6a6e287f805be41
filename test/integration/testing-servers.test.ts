import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { ClosedError, ConnectionError, TimeoutError } from '../../src/errors.js';
import { findExecutable } from '../../src/testing/executable.js';
import { ServerGroup } from '../../src/testing/server-group.js';
import type { ServerGroupOptions } from '../../src/testing/server-group.js';
import { condition } from '../helpers/condition.js';
import { isAlive } from '../helpers/processes.js';
import { startServer } from '../helpers/single-server.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function makeGroup(options: Partial<ServerGroupOptions> = {}, servers = 1): ServerGroup {
  const group = new ServerGroup({ databases: 4, ...options });
  cleanups.push(() => group.close());
  for (let index = 0; index < servers; index++) group.spawnServer();
  return group;
}

function makeScript(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rb-script-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'server');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What the server answers to one inline command, up to the first pause of its output. */
function ask(target: NetConnectOpts, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(target, () => socket.write(`${command}\r\n`));
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.once('data', (text: string) => {
      socket.destroy();
      resolve(text);
    });
  });
}

describe('servers of a test setup', () => {
  it('answer on sockets of a private folder once they were waited for', async () => {
    const group = makeGroup({}, 3);
    await group.waitForServers(10_000);
    expect(statSync(group.folder).mode & 0o777).toBe(0o700);
    expect(new Set(group.servers.map((server) => server.pid)).size).toBe(3);
    for (const server of group.servers) {
      expect(server.socketPath?.startsWith(group.folder)).toBe(true);
      expect(Buffer.byteLength(server.socketPath ?? '')).toBeLessThan(104);
      expect(await ask(server.target, 'PING')).toBe('+PONG\r\n');
    }
  });

  it('listen on no port, save nothing, and have as many databases as told', async () => {
    const group = makeGroup({ databases: 3 });
    await group.waitForServers(10_000);
    const { target } = group.servers[0]!;
    expect(await ask(target, 'CONFIG GET port')).toContain('\r\n0\r\n');
    expect(await ask(target, 'CONFIG GET save')).toContain('$0\r\n');
    expect(await ask(target, 'CONFIG GET appendonly')).toContain('\r\nno\r\n');
    expect(await ask(target, 'SELECT 2')).toBe('+OK\r\n');
    expect(await ask(target, 'SELECT 3')).toMatch(/^-ERR/);
  });

  it('listen on a port of 127.0.0.1 where sockets are not wanted', async () => {
    const group = makeGroup({ tcp: true }, 2);
    await group.waitForServers(10_000);
    expect(group.servers.map((server) => server.socketPath)).toEqual([undefined, undefined]);
    for (const server of group.servers) {
      expect(server.port).toBeGreaterThan(0);
      expect(await ask(server.target, 'CONFIG GET bind')).toContain('127.0.0.1');
    }
  });

  it('stand in /tmp when the path of the temporary folder is too long for a socket', async () => {
    const long = join(mkdtempSync(join(tmpdir(), 'rb-long-')), 'x'.repeat(100));
    cleanups.push(() => rmSync(join(long, '..'), { recursive: true }));
    vi.stubEnv('TMPDIR', long);
    const group = makeGroup();
    await group.waitForServers(10_000);
    expect(group.folder.startsWith('/tmp/')).toBe(true);
    expect(Buffer.byteLength(group.servers[0]!.socketPath ?? '')).toBeLessThan(104);
  });

  it('are gone, with their folder, when close resolves, and close can be called again', async () => {
    const group = makeGroup({}, 2);
    await group.waitForServers(10_000);
    const pids = group.servers.map((server) => server.pid!);
    expect(pids.map(isAlive)).toEqual([true, true]);
    const closed = group.close();
    expect(group.close()).toBe(closed);
    await closed;
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(existsSync(group.folder)).toBe(false);
  });

  it('are gone when close is called before they are ready or while one is stopped', async () => {
    const early = makeGroup({}, 2);
    const waited = early.waitForServers(10_000);
    const rejected = expect(waited).rejects.toThrow(ClosedError);
    await early.close();
    await rejected;
    expect(early.servers.map((server) => isAlive(server.pid!))).toEqual([false, false]);

    const stopped = makeGroup();
    await stopped.waitForServers(10_000);
    process.kill(stopped.servers[0]!.pid!, 'SIGSTOP');
    await stopped.close();
    expect(isAlive(stopped.servers[0]!.pid!)).toBe(false);
  });

  it('refuse to be waited for and added to after close', async () => {
    const group = makeGroup();
    await group.close();
    await expect(group.waitForServers(1000)).rejects.toThrow(ClosedError);
    expect(() => group.spawnServer()).toThrow(ClosedError);
  });

  it('leave no listeners on the process after close', async () => {
    const names = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const before = names.map((name) => process.listenerCount(name));
    const group = makeGroup();
    expect(names.map((name) => process.listenerCount(name))).toEqual(
      before.map((count) => count + 1),
    );
    await group.close();
    expect(names.map((name) => process.listenerCount(name))).toEqual(before);
  });

  it('can be added one by one, and waited for again', async () => {
    const group = makeGroup();
    await group.waitForServers(10_000);
    const added = group.spawnServer();
    await group.waitForServers(10_000);
    expect(group.servers).toHaveLength(2);
    expect(await ask(added.target, 'PING')).toBe('+PONG\r\n');
  });

  it('count as ready when a test has set a password meanwhile', async () => {
    const group = makeGroup();
    await group.waitForServers(10_000);
    await ask(group.servers[0]!.target, 'CONFIG SET requirepass secret');
    await expect(group.waitForServers(10_000)).resolves.toBeUndefined();
  });
});

describe('a server that does not come up', () => {
  it('rejects at once with its output when it has ended', async () => {
    const group = makeGroup({ serverArguments: ['--no-such-setting', '1'] });
    const error = await group.waitForServers(600_000).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toMatch(/exit code 1/);
    expect((error as Error).message).toMatch(/no-such-setting/);
  });

  it('rejects with a timeout and the end of its output when it stays silent', async () => {
    const executable = makeScript('echo "warming up"; echo "nearly there" >&2; exec sleep 600');
    const group = makeGroup({ executable });
    const output = join(group.folder, '0', 'output.log');
    await condition(() => statSync(output).size > 20);
    const error = await group.waitForServers(50).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as Error).message).toMatch(/50 ms/);
    expect((error as Error).message).toMatch(/warming up\nnearly there/);
  });

  it('takes the processes that its executable started with it', async () => {
    const executable = makeScript('sleep 600 & echo "$!"; wait');
    const group = makeGroup({ executable });
    const output = join(group.folder, '0', 'output.log');
    await condition(() => statSync(output).size > 0);
    const pid = Number(readFileSync(output, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    await group.close();
    await condition(() => !isAlive(pid));
  });

  it('says what was looked for, where, and how to install it when there is none', async () => {
    vi.stubEnv('PATH', '/no/such/folder');
    const error = await makeGroup()
      .waitForServers(600_000)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    for (const words of [
      '"redis-server", then for "valkey-server"',
      '/no/such/folder',
      'apt-get install',
      'dnf install',
      'brew install',
    ]) {
      expect((error as Error).message).toContain(words);
    }
  });

  it('is not replaced by another when its executable was named', async () => {
    const group = makeGroup({ executable: '/no/such/redis-server' });
    await expect(group.waitForServers(600_000)).rejects.toThrow(
      /looked for "\/no\/such\/redis-server"\. /,
    );
    expect(group.servers[0]!.pid).toBeUndefined();
  });

  it('is replaced by valkey-server when redis-server is not found and none was named', async () => {
    const script = makeScript('exec "$REAL_SERVER" "$@"');
    const folder = join(script, '..');
    renameSync(script, join(folder, 'valkey-server'));
    vi.stubEnv('REAL_SERVER', findExecutable(['redis-server', 'valkey-server']));
    vi.stubEnv('PATH', folder);
    const group = makeGroup();
    await group.waitForServers(10_000);
    expect(await ask(group.servers[0]!.target, 'PING')).toBe('+PONG\r\n');
  });
});

describe('a single server of the test helpers', () => {
  it('can be ended and started again on the same port', async () => {
    const { server, close } = await startServer({ tcp: true });
    cleanups.push(close);
    const first = server.pid;
    await server.stop('SIGTERM');
    await expect(ask(server.target, 'PING')).rejects.toThrow(/ECONNREFUSED/);
    server.start();
    await server.waitUntilReady(10_000);
    expect(server.pid).not.toBe(first);
    expect(await ask(server.target, 'PING')).toBe('+PONG\r\n');
  });
});
