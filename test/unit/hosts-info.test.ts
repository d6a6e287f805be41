import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';

import { createHost, parseHosts } from '../../src/hosts.js';

const host = createHost({
  hostId: 3,
  host: '10.0.0.1',
  username: 'alice',
  password: 'hunter2-password',
  ssl: true,
  sslOptions: { key: 'hunter2-key', passphrase: 'hunter2-passphrase' },
  ringLabel: 'hunter2-label',
});
const withCredentials = createHost({
  hostId: 4,
  credentials: function hunter2Credentials() {
    return { password: 'hunter2-answer' };
  },
});

describe('address', () => {
  it.each([
    [{}, 'localhost:6379'],
    [{ host: 'h', port: 1 }, 'h:1'],
    [{ host: '127.0.0.1' }, '127.0.0.1:6379'],
    [{ host: '::1', port: 6380 }, '[::1]:6380'],
    [{ host: 'fe80::1%eth0' }, '[fe80::1%eth0]:6379'],
    [{ unixSocketPath: '/tmp/r.sock' }, '/tmp/r.sock'],
  ])('of %j is %s', (config, address) => {
    expect(createHost({ hostId: 0, ...config }).address).toBe(address);
  });
});

describe('secrecy', () => {
  it('keeps every secret readable', async () => {
    expect(host.password).toBe('hunter2-password');
    expect(host.sslOptions).toEqual({ key: 'hunter2-key', passphrase: 'hunter2-passphrase' });
    expect(host.ringLabel).toBe('hunter2-label');
    expect(await withCredentials.credentials?.()).toEqual({ password: 'hunter2-answer' });
  });

  const nested = {
    host,
    map: new Map([[3, { a: { b: { host } } }]]),
    all: parseHosts([host, withCredentials]),
    error: Object.assign(new Error('x'), { host }),
  };
  it.each<[string, () => string]>([
    ['JSON', () => JSON.stringify([nested, ...nested.map.values(), ...nested.all.values()])],
    ['inspect', () => inspect(nested, { depth: Infinity })],
    ['inspect of one', () => inspect(host)],
    ['inspect with hidden properties', () => inspect(nested, { showHidden: true, depth: 20 })],
    [
      'inspect as console.dir does it',
      () => inspect(nested, { showHidden: true, customInspect: false, depth: 20 }),
    ],
    ['its plain form', () => inspect(host.toJSON(), { showHidden: true })],
    ['Object.keys', () => Object.keys(host).join()],
    ['Object.entries', () => JSON.stringify(Object.entries(host))],
    ['own property descriptors', () => JSON.stringify(Object.getOwnPropertyDescriptors(host))],
    ['a copy', () => inspect(Object.assign({}, host))],
    ['a structured clone', () => inspect(structuredClone(host), { showHidden: true })],
    [
      'for in',
      () => {
        const seen: unknown[] = [];
        for (const name in host) seen.push(name, host[name as keyof typeof host]);
        return seen.join();
      },
    ],
  ])('shows no secret in %s', (_, show) => {
    expect(show()).not.toMatch(/hunter2/i);
  });

  it('does not even name the secrets', () => {
    expect(inspect(host) + JSON.stringify(host)).not.toMatch(
      /password|credentials|sslOptions|ringLabel/,
    );
  });
});

describe('what is shown', () => {
  it('is what was given and the defaults', () => {
    const shown = {
      hostId: 3,
      host: '10.0.0.1',
      port: 6379,
      db: 0,
      username: 'alice',
      ssl: true,
    };
    expect(JSON.parse(JSON.stringify(host))).toEqual(shown);
    expect(inspect(host, { breakLength: Infinity })).toBe(
      "HostInfo { hostId: 3, host: '10.0.0.1', port: 6379, db: 0, username: 'alice', ssl: true }",
    );
  });

  it('is cut at the depth of inspect', () => {
    expect(inspect({ a: { host } }, { depth: 1 })).toBe('{ a: { host: [HostInfo] } }');
  });
});

describe('immutability', () => {
  it('freezes the host, its TLS options included', () => {
    expect(Object.isFrozen(host)).toBe(true);
    expect(() => Object.assign(host, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(host, { password: 'x' })).toThrow(TypeError);
    expect(Object.isFrozen(host.sslOptions)).toBe(true);
  });

  it('copies the TLS options, so that a later change has no effect', () => {
    const sslOptions = { servername: 'a' };
    const info = createHost({ hostId: 0, ssl: true, sslOptions });
    sslOptions.servername = 'b';
    expect(info.sslOptions).toEqual({ servername: 'a' });
  });
});
