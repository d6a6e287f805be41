import { once } from 'node:events';
import { connect } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { condition } from '../helpers/condition.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';

let single: SingleServer;
let proxy: FaultProxy;
const clients: Client[] = [];

beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: single.server.socketPath! } });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await proxy.close();
});

/** A bare connection that keeps what it received. */
interface Client {
  readonly socket: Socket;
  readonly received: () => string;
}

async function makeClient(target: NetConnectOpts = { port: proxy.port }): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', ...target });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (data: string) => (text += data));
  await once(socket, 'connect');
  // Later errors are what some tests are about; 'close' follows them.
  socket.on('error', () => {});
  const client = { socket, received: () => text };
  clients.push(client);
  return client;
}

describe('a fault proxy', () => {
  it('changes nothing without a fault, on its port and on its socket, and counts', async () => {
    const viaPort = await makeClient();
    const viaSocket = await makeClient({ path: proxy.socketPath });
    viaPort.socket.write('SET key value\r\n');
    await condition(() => viaPort.received() === '+OK\r\n');
    viaSocket.socket.write('GET key\r\n');
    await condition(() => viaSocket.received() === '$5\r\nvalue\r\n');
    expect(proxy.connections).toBe(2);
    expect(proxy.openConnections).toBe(2);
    expect(proxy.bytesToServer).toBe('SET key value\r\nGET key\r\n'.length);
    expect(proxy.bytesToClient).toBe('+OK\r\n$5\r\nvalue\r\n'.length);
  });

  it('carries large values unharmed in both directions', async () => {
    const { socket, received } = await makeClient();
    const value = 'v'.repeat(8 * 1024 * 1024);
    socket.write(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$${value.length}\r\n${value}\r\n`);
    await condition(() => received() === '+OK\r\n');
    socket.write('GET big\r\n');
    const wanted = `+OK\r\n$${value.length}\r\n${value}\r\n`;
    await condition(() => received().length === wanted.length);
    expect(received() === wanted).toBe(true);
  });

  it('passes an end on and still delivers the answers', async () => {
    const { socket, received } = await makeClient();
    socket.end('PING\r\n');
    await once(socket, 'close');
    expect(received()).toBe('+PONG\r\n');
    await proxy.waitFor(({ openConnections }) => openConnections === 0);
  });

  it('cuts all connections, by an end or by a reset', async () => {
    const first = await makeClient();
    const second = await makeClient({ path: proxy.socketPath });
    await proxy.waitFor(({ connections }) => connections === 2);
    const closed = Promise.all([once(first.socket, 'close'), once(second.socket, 'close')]);
    proxy.cut();
    await closed;

    const third = await makeClient();
    await proxy.waitFor(({ connections }) => connections === 3);
    const error = once(third.socket, 'error');
    proxy.cut({ reset: true });
    expect(await error).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('cuts after exactly so many bytes to the client, once', async () => {
    const { socket, received } = await makeClient();
    proxy.cutAfterBytes('toClient', 10);
    socket.write('PING\r\nPING\r\n');
    await once(socket, 'close');
    expect(received()).toBe('+PONG\r\n+PO');
    const next = await makeClient();
    next.socket.write('PING\r\nPING\r\n');
    await condition(() => next.received() === '+PONG\r\n+PONG\r\n');
  });

  it('cuts after exactly so many bytes to the server', async () => {
    const { socket } = await makeClient();
    socket.write('DEL count\r\n');
    await proxy.waitFor(({ bytesToClient }) => bytesToClient > 0);
    proxy.cutAfterBytes('toServer', 'INCR count\r\n'.length);
    socket.write('INCR count\r\nINCR count\r\n');
    await once(socket, 'close');
    const next = await makeClient();
    await condition(() => {
      next.socket.write('GET count\r\n');
      return next.received().endsWith('$1\r\n1\r\n');
    });
    expect(next.received()).not.toContain('\r\n2\r\n');
  });

  it('drops what comes after so many bytes, and the connection stays', async () => {
    const { socket, received } = await makeClient();
    proxy.truncate('toClient', 3);
    socket.write('PING\r\n');
    await condition(() => received() === '+PO');
    await proxy.heal();
    socket.write('ECHO on\r\n');
    await condition(() => received().endsWith('$2\r\non\r\n'));
    expect(received()).toBe('+PO$2\r\non\r\n');
  });

  it('holds the bytes of one direction until it is resumed', async () => {
    const { socket, received } = await makeClient();
    const other = await makeClient({ path: single.server.socketPath! });
    proxy.pause('toClient');
    socket.write('SET held 1\r\n');
    await condition(() => {
      other.socket.write('GET held\r\n');
      return other.received().endsWith('$1\r\n1\r\n');
    });
    expect(received()).toBe('');
    proxy.resume('toClient');
    await condition(() => received() === '+OK\r\n');
  });

  it('stops reading while it holds, so that a client feels a stopped server', async () => {
    const { socket } = await makeClient();
    proxy.pause();
    const flood = Buffer.alloc(64 * 1024 * 1024, 'PING\r\n');
    expect(socket.write(flood)).toBe(false);
    await condition(() => socket.bytesWritten > 0);
    expect(proxy.bytesToServer).toBe(0);
    expect(socket.writableLength).toBeGreaterThan(0);
  });

  it('keeps bytes under way, in order', async () => {
    const { socket, received } = await makeClient();
    proxy.setDelay(20);
    for (const text of ['a', 'b', 'c']) socket.write(`ECHO ${text}\r\n`);
    await condition(() => received() === '$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n');
  });

  it('garbles bytes', async () => {
    const { socket, received } = await makeClient();
    proxy.garble((direction, chunk) =>
      direction === 'toClient' ? Buffer.from(chunk.toString().replace('+PONG', '!OOPS')) : chunk,
    );
    socket.write('PING\r\n');
    await condition(() => received() === '!OOPS\r\n');
    proxy.garble(undefined);
    socket.write('PING\r\n');
    await condition(() => received() === '!OOPS\r\n+PONG\r\n');
  });

  it('refuses connections while open ones go on, and accepts them on the same port', async () => {
    const { socket, received } = await makeClient();
    await proxy.waitFor(({ connections }) => connections === 1);
    const { port } = proxy;
    proxy.refuse();
    await expect(makeClient()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(makeClient({ path: proxy.socketPath })).rejects.toMatchObject({ code: 'ENOENT' });
    socket.write('PING\r\n');
    await condition(() => received() === '+PONG\r\n');
    await proxy.accept();
    expect(proxy.port).toBe(port);
    const next = await makeClient();
    next.socket.write('PING\r\n');
    await condition(() => next.received() === '+PONG\r\n');
  });

  it('ends a connection when there is no server behind it', async () => {
    await using lost = await FaultProxy.start({ target: { path: `${proxy.socketPath}.none` } });
    const { socket } = await makeClient({ port: lost.port });
    await once(socket, 'close');
  });

  it('rejects a condition that does not come true, and those that wait when it closes', async () => {
    await expect(proxy.waitFor(({ connections }) => connections === 9, 20)).rejects.toThrow(
      /20 ms/,
    );
    const waiting = expect(proxy.waitFor(() => false)).rejects.toThrow(/closed/);
    await proxy.close();
    await waiting;
  });
});
