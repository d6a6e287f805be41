/** Every option of a host has an effect, on the wire, on the sockets or on the outcome. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { ConnectionError } from '../../src/errors.js';
import { Ketama } from '../../src/hash/ketama.js';
import type { HostConfig } from '../../src/hosts.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { findFreePort } from '../../src/testing/free-port.js';
import { connectDirect } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { startServer, type SingleServer } from '../helpers/servers.js';

let folder: string;
let plain: SingleServer;
let unix: SingleServer;
let tlsPort: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'host-options-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
  ];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...request, ...names, '-days', '2', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  tlsPort = findFreePort();
  const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
  [plain, unix] = await Promise.all([
    startServer({ tcp: true, serverArguments: [...tls, ...files] }),
    startServer(),
  ]);
  const direct = await connectDirect(plain.server);
  await direct.aclSetUser('tim', ['on', '>tims', '+@all', '~*']);
  direct.destroy();
});
afterAll(async () => {
  await Promise.all([plain.close(), unix.close()]);
  rmSync(folder, { recursive: true });
});

const clusters: Cluster[] = [];
afterEach(() => Promise.all(clusters.splice(0).map((cluster) => cluster.disconnectPools())));

function open(config: HostConfig, options: Partial<ClusterOptions> = {}): Cluster {
  const cluster = new Cluster({ hosts: { 0: config }, ...options });
  clusters.push(cluster);
  return cluster;
}
const tcp = () => ({ host: '127.0.0.1', port: plain.server.port ?? 0 });
const run = (config: HostConfig, name: string, ...args: string[]) =>
  open(config)
    .getPoolForHost(0)
    .executeCommand(name, ...args);
const ca = () => readFileSync(join(folder, 'cert.pem'));

/** A key that is missing here does not compile. */
const effects: Record<keyof HostConfig, () => Promise<void>> = {
  async host() {
    expect(await run(tcp(), 'PING')).toBe('PONG');
    const elsewhere = await failureOf(run({ ...tcp(), host: '127.0.0.99' }, 'PING'));
    expect(elsewhere).toBeInstanceOf(ConnectionError);
    expect(elsewhere['address']).toBe(`127.0.0.99:${plain.server.port}`);
  },
  async port() {
    expect(await run(tcp(), 'INFO', 'server')).toContain(`tcp_port:${plain.server.port}`);
    const port = findFreePort();
    expect(await failureOf(run({ ...tcp(), port }, 'PING'))).toMatchObject({
      code: 'RB_CONNECTION',
      address: `127.0.0.1:${port}`,
    });
  },
  async unixSocketPath() {
    const unixSocketPath = unix.server.socketPath;
    const info = String(await run({ unixSocketPath }, 'CLIENT', 'INFO'));
    expect(info).toContain(`addr=${unixSocketPath}:0`);
    // It takes the place of host and port.
    expect(await run({ ...tcp(), unixSocketPath }, 'CONFIG', 'GET', 'port')).toEqual({ port: '0' });
  },
  async db() {
    expect(await run({ ...tcp(), db: 7 }, 'CLIENT', 'INFO')).toContain(' db=7 ');
    expect(await run(tcp(), 'CLIENT', 'INFO')).toContain(' db=0 ');
  },
  async username() {
    const login = { username: 'tim', password: 'tims' };
    expect(await run({ ...tcp(), ...login }, 'ACL', 'WHOAMI')).toBe('tim');
    expect(await run(tcp(), 'ACL', 'WHOAMI')).toBe('default');
  },
  async password() {
    const wrong = { ...tcp(), username: 'tim', password: 'wrong' };
    const error = await failureOf(run(wrong, 'PING'));
    expect(error['cause']).toMatchObject({ kind: 'WRONGPASS' });
  },
  async credentials() {
    const answers = [{ username: 'tim', password: 'tims' }, { password: 'any' }];
    let asked = 0;
    const cluster = open({ ...tcp(), credentials: async () => answers[asked++]! });
    const pool = cluster.getPoolForHost(0);
    expect(await pool.executeCommand('ACL', 'WHOAMI')).toBe('tim');
    await pool.executeCommand('PING');
    expect(asked).toBe(1);
    await pool.disconnect();
    expect(await pool.executeCommand('ACL', 'WHOAMI')).toBe('default');
    expect(asked).toBe(2);
    expect(
      await cluster
        .getLocalClient(0)
        .duplicate()
        .ping()
        .catch(() => 'asked'),
    ).toBe('asked');
    expect(asked).toBeGreaterThan(2);
    // An answer that is none is no connection without a login.
    await pool.disconnect();
    const error = await failureOf(pool.executeCommand('PING'));
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    expect(error['cause']).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
  },
  async ssl() {
    const secure = { ...tcp(), port: tlsPort, sslOptions: { ca: ca() } };
    expect(await run({ ...secure, ssl: true }, 'PING')).toBe('PONG');
    expect(await failureOf(run({ ...secure, ssl: false }, 'PING'))).toBeInstanceOf(ConnectionError);
    // A server without TLS waits for the end of a line that never comes.
    const silent = open({ ...tcp(), ssl: true }, { poolOptions: { connectTimeout: 100 } });
    const error = await failureOf(silent.getPoolForHost(0).executeCommand('PING'));
    expect(error).toMatchObject({ code: 'RB_TIMEOUT', maybeExecuted: false });
  },
  async sslOptions() {
    const secure = { host: 'localhost', port: tlsPort, ssl: true };
    const unknown = await failureOf(run(secure, 'PING'));
    expect(unknown).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: false });
    expect(unknown['cause']).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await run({ ...secure, sslOptions: { rejectUnauthorized: false } }, 'PING')).toBe(
      'PONG',
    );
    const other = { ...secure, sslOptions: { ca: ca(), servername: 'other.example' } };
    expect((await failureOf(run(other, 'PING')))['cause']).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const local = open({ ...secure, sslOptions: { ca: ca() } }).getLocalClient(0);
    expect(await local.ping()).toBe('PONG');
  },
  async ringLabel() {
    const labels = ['north', 'south', 'west'];
    const cluster = new Cluster({
      hosts: labels.map((ringLabel, hostId) => ({ hostId, ringLabel })),
      router: ConsistentHashingRouter,
    });
    const ring = new Ketama(labels);
    for (let i = 0; i < 200; i++) {
      const hostId = cluster.getRouter().getHostForKey(`k${i}`);
      expect(labels[hostId]).toBe(ring.getNode(`k${i}`));
    }
    await cluster.disconnectPools();
  },
};

describe('the option of a host', () => {
  it.each(Object.entries(effects))('%s has its effect', (_, effect) => effect());

  it('has an effect here for every name that a host takes', () => {
    const bad = { nonsense: 1 } as HostConfig;
    expect(namesIn(() => open(bad))).toEqual(Object.keys(effects).sort());
  });

  it('has the same effect among the hostDefaults, whose names are the same', async () => {
    const defaults = { ...tcp(), db: 3, username: 'tim', password: 'tims' };
    const cluster = open({}, { hostDefaults: defaults });
    expect(await cluster.getPoolForHost(0).executeCommand('CLIENT', 'INFO')).toMatch(
      / db=3 .* user=tim /,
    );
    const bad = { nonsense: 1 } as HostConfig;
    const names = namesIn(() => new Cluster({ hosts: {}, hostDefaults: bad }));
    expect(names).toEqual(Object.keys(effects).sort());
  });
});

/** The names that the refusal of an unknown option lists, without the id of a host. */
function namesIn(act: () => unknown): string[] {
  let message = '';
  try {
    act();
  } catch (error) {
    message = (error as Error).message;
  }
  const [, list = ''] = /options are (.*)$/s.exec(message) ?? [];
  return [...list.matchAll(/\w+/g)]
    .map(([name]) => name)
    .filter((name) => name !== 'hostId' && name !== 'and')
    .sort();
}
