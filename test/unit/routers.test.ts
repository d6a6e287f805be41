import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';

import { BadHostSetup, MisuseError, UnroutableCommand } from '../../src/errors.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { pythonRepr } from '../../src/routers/python-repr.js';
import { BaseRouter, type HostInfoLike, type RouterCluster } from '../../src/routers/router.js';
import type { Key } from '../../src/util/key.js';

function clusterOf(ids: readonly number[], extra: Partial<HostInfoLike> = {}): RouterCluster {
  const hosts = ids.map((hostId): [number, HostInfoLike] => [
    hostId,
    { hostId, host: 'localhost', port: 6379, db: 0, ssl: false, ...extra },
  ]);
  return { hosts: new Map(hosts) };
}

class LastLetterRouter extends BaseRouter {
  override getHostForKey(key: Key): number {
    return String(key).charCodeAt(String(key).length - 1) % this.cluster.hosts.size;
  }
}

const routers = [PartitionRouter, ConsistentHashingRouter];

describe('getKey', () => {
  const router = new PartitionRouter(clusterOf([0, 1]));

  it('answers the argument as it was given', () => {
    const bytes = new Uint8Array([0, 1]);
    expect(router.getKey('GET', [bytes])).toBe(bytes);
    expect(router.getKey('get', [42])).toBe(42);
    expect(router.getKey('Set', [42n, 'v'])).toBe(42n);
    expect(router.getKey('EVAL', ['return 1', '1', 'k', 'v'])).toBe('k');
  });

  it('refuses several keys and names the ways out', () => {
    const act = () => router.getKey('mget', ['secret-a', 'secret-b']);
    expect(act).toThrow(UnroutableCommand);
    for (const part of ['MGET', '2 keys', 'mGet', 'groupByHost', 'targetKey', 'local client']) {
      expect(act).toThrow(part);
    }
    expect(act).not.toThrow('secret');
  });

  it('refuses one key named twice', () => {
    expect(() => router.getKey('RENAME', ['a', 'a'])).toThrow(UnroutableCommand);
  });

  it('refuses commands without a key and names the ways out', () => {
    for (const args of [[], ['secret']]) {
      const act = () => router.getKey('PING', args);
      expect(act).toThrow(UnroutableCommand);
      for (const part of ['PING', 'no key', 'fan-out', 'local client']) expect(act).toThrow(part);
      expect(act).not.toThrow('secret');
    }
    expect(() => router.getKey('GET', [])).toThrow('no key');
  });

  it.each([
    'FLY',
    '',
    ' GET',
    'GET ',
    'CLIENT|LIST',
    'constructor',
    '__proto__',
    'GET\0',
    'XAC\u212A',
  ])('refuses the unknown command %j', (command) => {
    expect(() => router.getKey(command, ['key'])).toThrow(UnroutableCommand);
    expect(() => router.getKey(command, ['key'])).toThrow('unknown command');
  });

  it('refuses a name that is no string and arguments that are no array', () => {
    expect(() => router.getKey(5 as unknown as string, [])).toThrow(MisuseError);
    expect(() => router.getKey('GET', 'key' as unknown as string[])).toThrow(MisuseError);
    expect(() => router.getKey('GET', undefined as unknown as string[])).toThrow(MisuseError);
  });

  it('does not repeat the values of a whole command that was passed as its name', () => {
    const act = () => router.getKey('SET key hunter2', []);
    expect(act).toThrow('"SET…"');
    expect(act).toThrow('separate arguments');
    expect(act).not.toThrow('hunter2');
  });
});

describe('getHostForCommand', () => {
  it('is the host of the key', () => {
    const router = new LastLetterRouter(clusterOf([0, 1]), { anything: 'goes' });
    expect(router.getHostForCommand('get', ['a'])).toBe(1);
    expect(router.getHostForCommand('get', ['b'])).toBe(0);
    expect(router.cluster.hosts.size).toBe(2);
  });
});

describe.each(routers)('%o', (Router) => {
  it('refuses no hosts and gaps between their ids', () => {
    expect(() => new Router(clusterOf([]))).toThrow(BadHostSetup);
    expect(() => new Router(clusterOf([]))).toThrow('no hosts');
    expect(() => new Router(clusterOf([1]))).toThrow('host 0 is missing');
    expect(() => new Router(clusterOf([0, 1, 4]))).toThrow('host 2 is missing');
    expect(() => new Router(clusterOf([-1, 0]))).toThrow('host 1 is missing');
  });

  it('does not mind the order in which the hosts were added', () => {
    const forwards = new Router(clusterOf([0, 1, 2]));
    const backwards = new Router(clusterOf([2, 1, 0]));
    for (let key = 0; key < 100; key++) {
      expect(backwards.getHostForKey(key)).toBe(forwards.getHostForKey(key));
    }
  });

  it('sends a key to the same host as text, integer, bigint and bytes', () => {
    const router = new Router(clusterOf([0, 1, 2, 3, 4]));
    for (let i = -50; i < 50; i++) {
      const host = router.getHostForKey(String(i));
      expect(router.getHostForKey(i)).toBe(host);
      expect(router.getHostForKey(BigInt(i))).toBe(host);
      expect(router.getHostForKey(Buffer.from(String(i)))).toBe(host);
      expect(Object.is(host, -0)).toBe(false);
    }
  });

  it.each([true, null, undefined, 1.5, [1], {}, 'a\ud800'])('refuses the key %o', (key) => {
    const router = new Router(clusterOf([0]));
    expect(() => router.getHostForKey(key as Key)).toThrow(MisuseError);
    expect(() => router.getHostForCommand('GET', [key as Key])).toThrow(MisuseError);
  });

  it('has no options', () => {
    expect(() => new Router(clusterOf([0]), {})).not.toThrow();
    expect(() => new Router(clusterOf([0]), { replicas: 3 })).toThrow("'replicas'");
    expect(() => new Router(clusterOf([0]), { replicas: 3 })).toThrow(
      expect.objectContaining({ code: 'RB_UNKNOWN_OPTION' }),
    );
  });
});

describe('ConsistentHashingRouter', () => {
  const homes = (router: BaseRouter) =>
    Array.from({ length: 200 }, (_, key) => router.getHostForKey(key));

  it('hashes the ringLabel in place of the other settings', () => {
    const ids = [0, 1, 2];
    const label = (base: RouterCluster): RouterCluster => ({
      hosts: new Map(
        [...base.hosts].map(([id, host]) => [id, { ...host, ringLabel: `node-${id}` }]),
      ),
    });
    const here = new ConsistentHashingRouter(label(clusterOf(ids, { port: 7000 })));
    const moved = new ConsistentHashingRouter(label(clusterOf(ids, { port: 7001, password: 'x' })));
    expect(homes(moved)).toEqual(homes(here));
  });

  it('refuses two hosts with one ringLabel, without showing it', () => {
    const act = () => new ConsistentHashingRouter(clusterOf([0, 1], { ringLabel: 'password=x' }));
    expect(act).toThrow(BadHostSetup);
    expect(act).toThrow('hosts 0 and 1');
    expect(act).not.toThrow('password');
  });

  it('changes with the password, and takes username, credentials and sslOptions for nothing', () => {
    const plain = homes(new ConsistentHashingRouter(clusterOf([0, 1, 2])));
    const withPassword = clusterOf([0, 1, 2], { password: 'x' });
    const extra = { username: 'u', credentials: () => 'c', sslOptions: { ca: 'x' } };
    expect(homes(new ConsistentHashingRouter(withPassword))).not.toEqual(plain);
    expect(homes(new ConsistentHashingRouter(clusterOf([0, 1, 2], extra as object)))).toEqual(
      plain,
    );
  });

  it('keeps no label', () => {
    const router = new ConsistentHashingRouter(clusterOf([0], { ringLabel: 'the-label' }));
    const shown = inspect(Object.assign(router, { cluster: null }), { showHidden: true, depth: 9 });
    expect(shown).not.toContain('the-label');
  });
});

describe('pythonRepr', () => {
  it.each([
    [undefined, 'None'],
    [true, 'True'],
    [false, 'False'],
    [0, '0'],
    ['', "''"],
    ["it's", `"it's"`],
    [`both ' and "`, `'both \\' and "'`],
    ['back\\slash', "'back\\\\slash'"],
    ['\t\n\r\0\x1b\x7f', "'\\t\\n\\r\\x00\\x1b\\x7f'"],
    ['\x80\xa0\xad\xe9', "'\\x80\\xa0\\xad\u00e9'"],
    ['\u0378\u2003\u2028\u2029\ufeff\ue000', "'\\u0378\\u2003\\u2028\\u2029\\ufeff\\ue000'"],
    ['\u{e0001}\u{1f600}\u{10ffff}', "'\\U000e0001\u{1f600}\\U0010ffff'"],
    ['\ud800x', "'\\ud800x'"],
  ])('writes %j as Python does', (value, text) => {
    expect(pythonRepr(value)).toBe(text);
  });
});
