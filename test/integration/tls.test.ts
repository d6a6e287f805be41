/** Who is trusted over TLS, on both sides, with certificates that are made for the tests. */

import { connect, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { once } from 'node:events';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { ConnectionError } from '../../src/errors.js';
import type { HostConfig } from '../../src/hosts.js';
import { findFreePort } from '../../src/testing/free-port.js';
import { CertificateAuthority, hasTls } from '../helpers/certificates.js';
import type { Certificate } from '../helpers/certificates.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { condition, startServer, type SingleServer } from '../helpers/servers.js';

/** What keeps a test from waiting for a pause. */
const FOREVER = { minDelay: 3_600_000, maxDelay: 3_600_000 };
const QUICK = { minDelay: 1, maxDelay: 5 };
const LOCAL = 'DNS:localhost,IP:127.0.0.1';

describe.skipIf(!hasTls())('over TLS', () => {
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  const clusters: Cluster[] = [];
  const servers: SingleServer[] = [];

  beforeAll(() => {
    [authority, stranger] = [new CertificateAuthority(), new CertificateAuthority()];
  });
  afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools())));
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    authority.remove();
    stranger.remove();
  });

  /** A server with this certificate; answers its port. */
  async function serve(
    { certPath, keyPath }: Certificate,
    ...serverArguments: string[]
  ): Promise<number> {
    const port = findFreePort();
    const files = ['--tls-cert-file', certPath, '--tls-key-file', keyPath];
    const trust = ['--tls-ca-cert-file', authority.caPath, '--tls-auth-clients', 'no'];
    servers.push(
      await startServer({
        serverArguments: ['--tls-port', `${port}`, ...files, ...trust, ...serverArguments],
      }),
    );
    return port;
  }

  function open(port: number, config: HostConfig = {}, reconnect = FOREVER): Cluster {
    const { sslOptions, ...others } = config;
    const cluster = new Cluster({
      hosts: { 0: { port, ssl: true, ...others, sslOptions: { ca: authority.ca, ...sslOptions } } },
      poolOptions: { reconnect },
    });
    clusters.push(cluster);
    return cluster;
  }

  const ping = (cluster: Cluster): Promise<unknown> =>
    cluster.getPoolForHost(0).executeCommand('PING');

  /** Expects one clear error, and no other attempt. */
  async function expectRefused(cluster: Cluster, code: RegExp): Promise<void> {
    const events: string[] = [];
    for (const name of ['hostDown', 'hostUp', 'reconnecting'] as const) {
      cluster.on(name, () => events.push(name));
    }
    for (let i = 0; i < 3; i++) {
      const error = await failureOf(ping(cluster));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ maybeExecuted: false, command: 'PING', hostId: 0 });
      expect((error['cause'] as NodeJS.ErrnoException).code).toMatch(code);
    }
    await condition(() => events.length === 1);
    expect(events).toEqual(['hostDown']);
    expect(cluster.health().get(0)).toMatchObject({ state: 'down', reconnects: 0 });
  }

  describe('a server that wants to know its clients', () => {
    let port: number;
    beforeAll(async () => {
      const certificate = authority.issue('server', { names: LOCAL });
      port = await serve(certificate, '--tls-auth-clients', 'yes', '--requirepass', 'secret');
    });

    it('lets in one with a certificate, on every kind of connection', async () => {
      const { cert, key } = authority.issue('client');
      const cluster = open(port, { password: 'secret', sslOptions: { cert, key } });
      expect(await ping(cluster)).toBe('PONG');
      expect(await cluster.map((c) => c.blPop('list', 0.001))).toBe(null);
      expect(await cluster.getLocalClient(0).ping()).toBe('PONG');
      expect(await cluster.getLocalClient(0).duplicate().ping()).toBe('PONG');
    });

    it('refuses one without, and one of another authority', async () => {
      await expectRefused(open(port, { password: 'secret' }), /^ERR_SSL_|^ECONNRESET$/);
      const { cert, key } = stranger.issue('stranger');
      const other = open(port, { password: 'secret', sslOptions: { cert, key } });
      await expectRefused(other, /^ERR_SSL_|^ECONNRESET$/);
    });

    it('still wants the password', async () => {
      const { cert, key } = authority.issue('locked-out');
      const error = await failureOf(ping(open(port, { sslOptions: { cert, key } })));
      expect(error).toMatchObject({ code: 'RB_CONNECTION', cause: { kind: 'NOAUTH' } });
    });
  });

  describe('the certificate of a server', () => {
    it('that has expired is refused', async () => {
      const port = await serve(authority.issue('expired', { names: LOCAL, isExpired: true }));
      await using proxy = await FaultProxy.start({ target: { host: '127.0.0.1', port } });
      await expectRefused(open(proxy.port), /^CERT_HAS_EXPIRED$/);
      expect(proxy.connections).toBe(1);
      const local = open(proxy.port, {}, QUICK).getLocalClient(0);
      expect(await failureOf(local.ping())).toMatchObject({ code: 'CERT_HAS_EXPIRED' });
    });

    it('of another authority, or for another name, is refused', async () => {
      const port = await serve(authority.issue('elsewhere', { names: 'DNS:elsewhere.example' }));
      await expectRefused(open(port), /^ERR_TLS_CERT_ALTNAME_INVALID$/);
      await expectRefused(open(port, { host: '127.0.0.1' }), /^ERR_TLS_CERT_ALTNAME_INVALID$/);
      const untrusting = open(port, { sslOptions: { ca: stranger.ca } });
      await expectRefused(
        untrusting,
        /^SELF_SIGNED_CERT_IN_CHAIN$|^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
      );
      const named = open(port, { sslOptions: { servername: 'elsewhere.example' } });
      expect(await ping(named)).toBe('PONG');
    });

    it('may stand for an address', async () => {
      const port = await serve(authority.issue('address', { names: 'IP:127.0.0.1' }));
      expect(await ping(open(port, { host: '127.0.0.1' }))).toBe('PONG');
      await expectRefused(open(port), /^ERR_TLS_CERT_ALTNAME_INVALID$/);
    });
  });

  describe('a server of many names', () => {
    let single: SingleServer;
    let terminator: Server;
    const asked: (string | false | null)[] = [];
    const sockets = new Set<Socket>();

    /** Ends TLS before a real server, with the certificate of the name that it is asked for. */
    beforeAll(async () => {
      single = await startServer();
      const contexts = new Map(
        ['localhost', 'tenant.example'].map((name) => [
          name,
          createSecureContext(authority.issue(name, { names: `DNS:${name}` })),
        ]),
      );
      const { cert, key } = authority.issue('nameless', { names: 'IP:127.0.0.1' });
      terminator = createServer(
        { cert, key, SNICallback: (name, done) => done(null, contexts.get(name)) },
        (client) => {
          asked.push(client.servername);
          const server = connect(single.server.socketPath!);
          for (const [from, to] of [
            [client, server],
            [server, client],
          ] as const) {
            sockets.add(from);
            from.pipe(to);
            from.on('error', () => to.destroy());
            from.on('close', () => sockets.delete(from));
          }
        },
      );
      terminator.on('tlsClientError', () => undefined);
      terminator.listen(0, '127.0.0.1');
      await once(terminator, 'listening');
    });
    afterAll(async () => {
      for (const socket of sockets) socket.destroy();
      terminator.close();
      await once(terminator, 'close');
      await single.close();
    });

    it.each<[string, HostConfig, string | false]>([
      ['its host name', { host: 'localhost' }, 'localhost'],
      [
        'the name that the options say',
        { host: '127.0.0.1', sslOptions: { servername: 'tenant.example' } },
        'tenant.example',
      ],
      ['no name where the host is an address', { host: '127.0.0.1' }, false],
    ])('is asked for %s', async (_, config, expected) => {
      asked.length = 0;
      const cluster = open((terminator.address() as AddressInfo).port, config);
      expect(await ping(cluster)).toBe('PONG');
      expect(await cluster.getLocalClient(0).ping()).toBe('PONG');
      expect(asked).toEqual([expected, expected]);
    });
  });
});
