/** Connections over unix sockets, TCP and TLS, and what they are refused for. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Cluster, ConnectionError, TimeoutError } from 'redis-blaster';
import { folder, freePort, withServer } from '../servers.mjs';
import { failureOf, Skip, withCluster } from '../tools.mjs';

const LONG = 'x\u00fc'.repeat(400_000);

async function setAndGet(cluster) {
  const client = cluster.getRoutingClient();
  assert.equal(await client.set('long', LONG), 'OK');
  const [long, short, length] = await Promise.all([
    client.get('long'),
    client.get('none'),
    client.strLen('long'),
  ]);
  assert.ok(long === LONG);
  assert.deepEqual([short, length], [null, Buffer.byteLength(LONG)]);
}

async function canTls(setup) {
  const config = await withCluster(setup, {}, (cluster) =>
    cluster.getLocalClient(0).configGet('tls-port'),
  );
  return config['tls-port'] !== undefined;
}

/** Runs `fn` with a server that speaks TLS, and asks clients for certificates or does not. */
async function withTls(setup, asksForCertificates, fn) {
  const { SMOKE_CERTIFICATES: certificates } = process.env;
  if (!certificates) throw new Skip('There is no openssl.');
  if (!(await canTls(setup))) throw new Skip('The server was built without TLS.');
  const path = (file) => join(certificates, file);
  const port = await freePort();
  const serverArguments = [
    ...['--tls-port', String(port), '--tls-auth-clients', asksForCertificates ? 'yes' : 'no'],
    ...['--tls-ca-cert-file', path('ca.pem')],
    ...['--tls-cert-file', path('server.pem'), '--tls-key-file', path('server.key')],
  ];
  await withServer(serverArguments, () => fn(port, (file) => readFileSync(path(file))));
}

async function expectRefusal(cluster) {
  const error = await failureOf(cluster.getRoutingClient().get('key'));
  assert.ok(error instanceof ConnectionError, String(error));
  assert.equal(error.maybeExecuted, false);
  assert.ok(error.cause instanceof Error);
  return error;
}

async function withHost(host, fn) {
  const cluster = new Cluster({ hosts: { 0: host }, poolOptions: { connectTimeout: 3000 } });
  try {
    return await fn(cluster);
  } finally {
    await cluster.disconnectPools();
  }
}

export const connecting = {
  'commands over a unix socket': (setup) => withCluster(setup, {}, setAndGet),

  async 'commands over TCP'() {
    const port = await freePort();
    await withServer(['--port', String(port), '--bind', '127.0.0.1'], () =>
      withHost({ host: '127.0.0.1', port }, setAndGet),
    );
  },

  'commands with RESP 2': (setup) => withCluster(setup, { RESP: 2 }, setAndGet),

  'commands over TLS, by address and by name': (setup) =>
    withTls(setup, false, async (port, read) => {
      for (const host of ['127.0.0.1', 'localhost']) {
        await withHost({ host, port, ssl: true, sslOptions: { ca: read('ca.pem') } }, setAndGet);
      }
    }),

  'a client certificate': (setup) =>
    withTls(setup, true, async (port, read) => {
      const host = { host: 'localhost', port, ssl: true };
      const ca = read('ca.pem');
      const sslOptions = { ca, cert: read('client.pem'), key: read('client.key') };
      await withHost({ ...host, sslOptions }, setAndGet);
      await withHost({ ...host, sslOptions: { ca } }, expectRefusal);
    }),

  'a server certificate that is not trusted, or not for this name': (setup) =>
    withTls(setup, false, async (port, read) => {
      const host = { host: 'localhost', port, ssl: true };
      await withHost(host, expectRefusal);
      const sslOptions = { ca: read('ca.pem'), servername: 'other.example' };
      await withHost({ ...host, sslOptions }, expectRefusal);
    }),

  async 'nobody listens'() {
    const hosts = [
      { host: '127.0.0.1', port: await freePort() },
      { unixSocketPath: join(folder, 'none.sock') },
    ];
    for (const host of hosts) {
      const { cause } = await withHost(host, expectRefusal);
      assert.match(cause.code, /^(ECONNREFUSED|ENOENT)$/);
    }
  },

  async 'a peer that says nothing'() {
    const sockets = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const cluster = new Cluster({
      hosts: { 0: { host: '127.0.0.1', port } },
      poolOptions: { connectTimeout: 100 },
    });
    const error = await failureOf(cluster.getRoutingClient().get('key'));
    assert.ok(error instanceof TimeoutError, String(error));
    await cluster.disconnectPools();
    for (const socket of sockets) socket.destroy();
    server.close();
  },

  'passwords, right and wrong': () =>
    withServer(['--requirepass', 'right'], async ({ socketPath: unixSocketPath }) => {
      await withHost({ unixSocketPath, password: 'right' }, setAndGet);
      const { cause } = await withHost({ unixSocketPath, password: 'wrong' }, expectRefusal);
      assert.equal(cause.kind, 'WRONGPASS');
    }),
};
