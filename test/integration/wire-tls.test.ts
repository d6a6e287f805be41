/** Connections over TLS, with a certificate that is made for the tests. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ConnectionError } from '../../src/errors.js';
import { findFreePort } from '../../src/testing/free-port.js';
import type { Channel } from '../../src/wire/channel.js';
import { execute, failureOf, makeChannel, send, settled } from '../faults/wire-channel.js';
import type { ChannelSettings } from '../faults/wire-channel.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';

/** Whether there are what makes a certificate, and a server that can use it. */
function isPossible(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    const libraries = execFileSync('ldd', [
      execFileSync('which', ['redis-server']).toString().trim(),
    ]);
    return libraries.includes('libssl');
  } catch {
    return false;
  }
}

describe.skipIf(!isPossible())('over TLS', () => {
  let folder: string;
  let single: SingleServer;
  let port: number;
  let ca: Buffer;
  const channels: Channel[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wire-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    const names = [
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
    ];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', [...request, ...names, ...files], { stdio: 'ignore' });
    ca = readFileSync(cert);
    port = findFreePort();
    const tls = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', '--tls-ca-cert-file', cert];
    single = await startServer({
      serverArguments: [...tls, '--tls-cert-file', cert, '--tls-key-file', key],
    });
  });
  afterEach(() => {
    for (const channel of channels.splice(0))
      channel.disconnect(new ConnectionError('end of test'));
  });
  afterAll(async () => {
    await single.close();
    await rm(folder, { recursive: true, force: true });
  });

  function connect(
    tls: NonNullable<ChannelSettings['tls']>,
    settings: ChannelSettings = {},
  ): Channel {
    const channel = makeChannel({ port }, { protocol: 3, retries: 0, ...settings, tls });
    channels.push(channel);
    return channel;
  }

  it('a connection carries short and long replies', async () => {
    const channel = connect({ ca }, { db: 2 });
    const value = 'x\u00fc'.repeat(700_000);
    expect(await execute(channel, `SET big ${value}`)).toBe('OK');
    const pipelines = Array.from({ length: 200 }, (_, i) =>
      send(channel, `ECHO ${i}`, 'STRLEN big'),
    );
    expect((await execute(channel, 'GET big')) === value).toBe(true);
    await settled(...pipelines);
    expect(pipelines.map(({ calls }) => calls.map((call) => call.value))).toEqual(
      pipelines.map((_, i) => [`${i}`, Buffer.byteLength(value)]),
    );
    await channel.drain();
  });

  it('a certificate that is not trusted is a ConnectionError with the cause', async () => {
    const error = await failureOf(send(connect({}), 'SET a 1').calls[0]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      maybeExecuted: false,
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('options that TLS cannot use are a ConnectionError with the cause', async () => {
    const error = await failureOf(send(connect({ ca, cert: 'no', key: 'no' }), 'SET a 1').calls[0]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ maybeExecuted: false });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('a server that speaks no TLS is waited for until the timeout', async () => {
    const plain = await startServer({ tcp: true });
    try {
      const channel = makeChannel(
        { port: plain.server.port! },
        { tls: { ca }, connectTimeout: 300 },
      );
      channels.push(channel);
      const error = await failureOf(send(channel, 'SET a 1').calls[0]);
      expect(error).toMatchObject({ name: 'TimeoutError', maybeExecuted: false });
    } finally {
      await plain.close();
    }
  });
});
