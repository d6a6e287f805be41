import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { watchLeaks } from '../helpers/leaks.js';

describe('the check for leaks', () => {
  it('passes when nothing is left', async () => {
    await watchLeaks()();
  });

  it('finds a timer', async () => {
    const check = watchLeaks();
    const timer = setInterval(() => {}, 1000);
    await expect(check(50)).rejects.toThrow(/Timeout/);
    clearInterval(timer);
    await check();
  });

  it('finds sockets, also those that keep no process alive', async () => {
    const check = watchLeaks();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [[accepted]] = (await Promise.all([
      once(server, 'connection'),
      once(socket, 'connect'),
    ])) as [[Socket], unknown];
    await expect(check(50)).rejects.toThrow(/TCPSocketWrap/);
    socket.unref();
    accepted.unref();
    server.unref();
    if (process.platform === 'linux') await expect(check(50)).rejects.toThrow(/open socket/);
    socket.destroy();
    accepted.destroy();
    server.close();
    await check();
  });

  it('finds a child process', async () => {
    const check = watchLeaks();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await expect(check(50)).rejects.toThrow(/ProcessWrap/);
    child.kill('SIGKILL');
    await check();
  });

  it('finds a listener of the process', async () => {
    const check = watchLeaks();
    const listener = () => {};
    process.on('SIGUSR2', listener);
    await expect(check(50)).rejects.toThrow(/listener for SIGUSR2: 0 before, 1 now/);
    process.off('SIGUSR2', listener);
    await check();
  });
});
