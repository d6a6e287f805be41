import { describe, expect, it } from 'vitest';

import { BadHostSetup } from '../../src/errors.js';
import { createHost, parseHosts, type HostConfig, type HostsInput } from '../../src/hosts.js';

/** What a caller without types might pass. */
const untyped = (value: unknown): HostsInput => value as HostsInput;

function refusal(run: () => unknown): BadHostSetup {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BadHostSetup);
    return error as BadHostSetup;
  }
  throw new Error('nothing was refused');
}

/** The refusal of host 3 with one option of any value. */
function refusedOption(config: Record<string, unknown>, defaults?: HostConfig): BadHostSetup {
  return refusal(() => parseHosts(untyped({ 3: config }), defaults));
}

const ids = (input: HostsInput) => [...parseHosts(input).keys()];

describe('the forms of hosts', () => {
  it('takes a record of id to config', () => {
    const hosts = parseHosts({ 0: { port: 6379 }, 12: { host: '10.0.0.1', port: 6380 } });
    expect([...hosts].map(([id, info]) => [id, info.hostId, info.address])).toEqual([
      [0, 0, 'localhost:6379'],
      [12, 12, '10.0.0.1:6380'],
    ]);
  });

  it('takes a record without a prototype', () => {
    const record = Object.assign(Object.create(null) as object, { 7: {} });
    expect(ids(untyped(record))).toEqual([7]);
  });

  it('takes a Map of id to config and keeps its order', () => {
    expect(
      ids(
        new Map([
          [2, { port: 1 }],
          [0, { port: 2 }],
        ]),
      ),
    ).toEqual([2, 0]);
  });

  it('takes any iterable of configs with hostId', () => {
    const list = [
      { hostId: 1, port: 7001 },
      { hostId: 0, port: 7000 },
    ];
    expect(ids(list)).toEqual([1, 0]);
    expect(ids(new Set(list))).toEqual([1, 0]);
    expect(
      ids(
        (function* () {
          yield* list;
        })(),
      ),
    ).toEqual([1, 0]);
  });

  it('takes an array of URLs, whose index is the host id', () => {
    const hosts = parseHosts(['redis://a:7000/1', 'rediss://[::1]', 'unix:///tmp/r.sock?db=3']);
    expect([...hosts.values()].map((h) => [h.hostId, h.address, h.db, h.ssl])).toEqual([
      [0, 'a:7000', 1, false],
      [1, '[::1]:6379', 0, true],
      [2, '/tmp/r.sock', 3, false],
    ]);
  });

  it.each([
    ['a record', {}],
    ['an array', []],
    ['a Map', new Map<number, HostConfig>()],
  ])('takes %s without any hosts', (_, input) => {
    expect(parseHosts(input).size).toBe(0);
  });

  it('takes the HostInfo of another cluster, secrets included', () => {
    const first = parseHosts({ 0: { password: 'pw', port: 7000 }, 1: { ringLabel: 'one' } });
    const fromMap = parseHosts(first);
    const fromList = parseHosts([...first.values()]);
    for (const hosts of [fromMap, fromList]) {
      expect(hosts.get(0)?.password).toBe('pw');
      expect(hosts.get(0)?.port).toBe(7000);
      expect(hosts.get(1)?.ringLabel).toBe('one');
    }
  });

  it('checks the shape of hosts in the types too', () => {
    // @ts-expect-error an unknown option
    refusal(() => parseHosts({ 0: { prot: 6379 } }));
    // @ts-expect-error an unknown option beside a known one
    refusal(() => parseHosts({ 0: { db: 1, prot: 6379 } }));
    // @ts-expect-error a port is a number
    refusal(() => parseHosts({ 0: { port: '6379' } }));
    // @ts-expect-error in a list, a host needs its id
    refusal(() => parseHosts([{ port: 6379 }]));
    // @ts-expect-error an id is a number
    refusal(() => parseHosts({ a: {} }));
    // @ts-expect-error URLs and configs cannot be mixed
    refusal(() => parseHosts(['redis://a', { hostId: 1 }]));
    const maybe: string | undefined = undefined;
    const record: Record<string, HostConfig> = { 0: { host: maybe, password: maybe } };
    expect(parseHosts(record).size).toBe(1);
  });
});

describe('what is no set of hosts', () => {
  it.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 4, 'a number'],
    ['one URL', 'redis://:hunter2@a', 'a string'],
    ['a promise', Promise.resolve({}), 'a Promise'],
    ['a date', new Date(0), 'a Date'],
    ['a WeakMap', new WeakMap(), 'a WeakMap'],
    ['an async generator', (async function* () {})(), 'an AsyncGenerator'],
  ])('refuses %s', (_, input, told) => {
    const { message } = refusal(() => parseHosts(untyped(input)));
    expect(message).toMatch(
      /^hosts must be a record or Map .*, an iterable .*, or an array of URLs/,
    );
    expect(message.endsWith(`not ${told}`)).toBe(true);
    expect(message).not.toContain('hunter2');
  });

  it.each(['01', 'a', '-1', '1.5', '', ' 1', '1e3', '0x1', '9007199254740993', '٣'])(
    'refuses the record key %j',
    (key) => {
      const { message } = refusal(() => parseHosts(untyped({ [key]: {} })));
      expect(message).toBe(`hosts: a host id must be a decimal integer of 0 or more, not '${key}'`);
    },
  );

  it.each([
    ['0', "the string '0'"],
    [-1, '-1'],
    [1.5, '1.5'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [2 ** 53, '9007199254740992'],
    [1n, '1n'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [{}, 'an object'],
  ])('refuses the id %s of a Map, a list and an added host', (id, told) => {
    const problem = `must be an integer of 0 or more, not ${told}`;
    const fromMap = refusal(() => parseHosts(untyped(new Map([[id, {}]]))));
    expect(fromMap.message).toBe(`hosts: a host id ${problem}`);
    const fromList = refusal(() => parseHosts(untyped([{ hostId: 0 }, { hostId: id }])));
    expect(fromList.message).toBe(`hosts[1]: hostId ${problem}`);
    const added = refusal(() => createHost({ hostId: id as number }));
    expect(added.message).toBe(`the host to add: hostId ${problem}`);
  });

  it('refuses two hosts with one id', () => {
    const error = refusal(() => parseHosts([{ hostId: 5 }, { hostId: 5, port: 1 }]));
    expect(error.message).toBe('host 5: two hosts have this id');
    expect(error.hostId).toBe(5);
  });

  it('takes -0 for 0', () => {
    expect(parseHosts([{ hostId: -0 }]).get(0)?.hostId).toBe(0);
    expect(refusal(() => parseHosts([{ hostId: -0 }, { hostId: 0 }])).message).toContain('host 0:');
  });

  it.each([
    [['redis://a', { hostId: 1 }], 'hosts[1] must be a URL string, as others are, not an object'],
    [[{ hostId: 0 }, 'redis://a'], 'hosts[0] must be a URL string, as others are, not an object'],
    [
      new Array<unknown>(1).concat('redis://a'),
      'hosts[0] must be a URL string, as others are, not undefined',
    ],
  ])('refuses URLs mixed with anything else', (input, message) => {
    expect(refusal(() => parseHosts(untyped(input))).message).toContain(message);
  });

  it.each([
    ['a set of URLs', new Set(['redis://:hunter2@a']), 'a string'],
    ['URL objects', [new URL('redis://:hunter2@a')], 'a URL'],
    ['null', [null], 'null'],
    ['pairs', [[0, {}]], 'an array'],
  ])('refuses %s in a list', (_, input, told) => {
    expect(refusal(() => parseHosts(untyped(input))).message).toBe(
      `hosts[0] must be a config with hostId, not ${told}`,
    );
  });

  it.each([
    ['redis://:hunter2@a', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [6379, 'a number'],
    [['a', 6379], 'an array'],
  ])('refuses %s as the config of a host', (config, told) => {
    const message = `host 0: options must be an object, not ${told}`;
    expect(refusal(() => parseHosts(untyped({ 0: config }))).message).toBe(message);
    expect(refusal(() => parseHosts(untyped(new Map([[0, config]])))).message).toBe(message);
  });

  it('refuses a hostId that contradicts its key, and takes one that does not', () => {
    const error = refusal(() => parseHosts(untyped({ 3: { hostId: 4 } })));
    expect(error.message).toBe('host 3: hostId is 4, which contradicts its key');
    expect(ids(untyped({ 3: { hostId: 3 } }))).toEqual([3]);
  });

  it('passes on what an iterable throws', () => {
    const own = new Error('mine');
    const broken = (function* () {
      yield { hostId: 0 };
      throw own;
    })();
    expect(() => parseHosts(broken)).toThrow(own);
  });

  it('closes the iterable that it gives up', () => {
    let isClosed = false;
    const list = (function* () {
      try {
        yield { hostId: 0, port: 0 };
      } finally {
        isClosed = true;
      }
    })();
    refusal(() => parseHosts(list));
    expect(isClosed).toBe(true);
  });
});

describe('defaults', () => {
  it('fills in the documented ones', () => {
    const host = createHost({ hostId: 0 });
    expect(host).toMatchObject({ host: 'localhost', port: 6379, db: 0, ssl: false });
    for (const name of [
      'unixSocketPath',
      'username',
      'password',
      'credentials',
      'sslOptions',
      'ringLabel',
    ] as const) {
      expect(host[name]).toBeUndefined();
    }
  });

  it('fills what a host leaves out from hostDefaults, and lets the host win', () => {
    const defaults = { host: '127.0.0.1', port: 7000, db: 2, password: 'd', ssl: true };
    const hosts = parseHosts(
      { 0: {}, 1: { host: 'b', db: 0, password: 'own', ssl: false } },
      defaults,
    );
    expect(hosts.get(0)).toMatchObject({ host: '127.0.0.1', port: 7000, db: 2, ssl: true });
    expect(hosts.get(0)?.password).toBe('d');
    expect(hosts.get(1)).toMatchObject({ host: 'b', port: 7000, db: 0, ssl: false });
    expect(hosts.get(1)?.password).toBe('own');
  });

  it('takes an explicit undefined as left out, in both places', () => {
    const host = createHost(
      { hostId: 0, host: undefined, port: undefined, password: undefined },
      { host: 'd', db: undefined },
    );
    expect(host).toMatchObject({ host: 'd', port: 6379, db: 0 });
  });

  it('fills in what a URL leaves out', () => {
    const hosts = parseHosts(['redis://a', 'redis://:own@b'], { port: 7000, password: 'd' });
    expect([...hosts.values()].map((h) => [h.address, h.password])).toEqual([
      ['a:7000', 'd'],
      ['b:7000', 'own'],
    ]);
  });

  it('checks hostDefaults also without hosts', () => {
    expect(refusal(() => parseHosts({}, { port: 0 })).message).toBe(
      'hostDefaults: port must be an integer from 1 to 65535, not 0',
    );
    expect(refusal(() => parseHosts({}, untyped({ hostId: 1 }) as HostConfig)).message).toContain(
      "hostDefaults: unknown option 'hostId'",
    );
    expect(refusal(() => parseHosts({}, null as unknown as HostConfig)).message).toBe(
      'hostDefaults: options must be an object, not null',
    );
    expect(refusal(() => createHost({ hostId: 0 }, { db: -1 })).message).toContain('hostDefaults');
  });

  it('does not change or keep the objects given', () => {
    const config = Object.freeze({ port: 7000 });
    const defaults = Object.freeze({ host: 'd' });
    parseHosts(Object.freeze({ 0: config }), defaults);
    expect(config).toEqual({ port: 7000 });
    expect(defaults).toEqual({ host: 'd' });
  });
});

describe('option names', () => {
  it.each([
    ['unix_socket_path', 'unixSocketPath'],
    ['ssl_options', 'sslOptions'],
    ['host_id', 'hostId'],
    ['prot', 'port'],
    ['hots', 'host'],
    ['pasword', 'password'],
    ['userName', 'username'],
    ['user', 'username'],
    ['sslOption', 'sslOptions'],
    ['DB', 'db'],
    ['database', 'db'],
    ['path', 'unixSocketPath'],
    ['tls', 'ssl'],
  ])('refuses %s and says that %s was meant', (name, meant) => {
    const error = refusedOption({ [name]: 'hunter2' });
    expect(error.message).toBe(
      `host 3: unknown option '${name}' (did you mean '${meant}'?); the options are hostId, host, ` +
        'port, unixSocketPath, db, username, password, credentials, ssl, sslOptions, ringLabel',
    );
    expect(error.hostId).toBe(3);
  });

  it('refuses a name like no other without a guess', () => {
    expect(refusedOption({ weight: 1 }).message).toMatch(
      /^host 3: unknown option 'weight'; the options are hostId, /,
    );
  });

  it('refuses unknown names that are undefined, and those in hostDefaults', () => {
    expect(refusedOption({ weight: undefined }).message).toContain("'weight'");
    const defaults = { ssl_options: {} } as HostConfig;
    expect(refusedOption({}, defaults).message).toContain(
      "hostDefaults: unknown option 'ssl_options' (did you mean 'sslOptions'?)",
    );
    expect(refusedOption({}, { tls: true } as HostConfig).message).toContain(
      "hostDefaults: unknown option 'tls' (did you mean 'ssl'?)",
    );
  });
});

describe('option values', () => {
  it.each([
    ['host', 'a'],
    ['host', 'redis-1.example.com'],
    ['host', 'my_container'],
    ['host', 'bücher.example'],
    ['host', '127.0.0.1'],
    ['host', '::1'],
    ['host', 'fe80::1%eth0'],
    ['port', 1],
    ['port', 65535],
    ['unixSocketPath', '/run/it\'s "r".sock'],
    ['unixSocketPath', 'relative.sock'],
    ['unixSocketPath', '\\\\.\\pipe\\redis'],
    ['db', 0],
    ['db', 100_000],
    ['username', 'alice'],
    ['password', ''],
    ['password', '\0 any \u00ad text'],
    ['credentials', () => ({ password: 'x' })],
    ['ssl', true],
    ['ssl', false],
    ['sslOptions', { ca: 'x' }],
    ['ringLabel', 'label'],
    ['ringLabel', ''],
  ])('takes %s %j', (name, value) => {
    expect(createHost({ hostId: 0, [name]: value })).toHaveProperty(name, value);
  });

  const hostName = 'a host name or an IP address (without port or brackets)';
  const path = 'the path of a socket (not empty, no NUL byte)';
  const port = 'an integer from 1 to 65535';
  const db = 'an integer of 0 or more';
  it.each<[string, unknown, string, string]>([
    ['host', '', hostName, "the string ''"],
    ['host', 'a\0b', hostName, "the string 'a\\x00b'"],
    ['host', 'a b', hostName, "the string 'a b'"],
    ['host', 'localhost:6380', hostName, "the string 'localhost:6380'"],
    ['host', '[::1]', hostName, "the string '[::1]'"],
    ['host', '/tmp/r.sock', hostName, "the string '/tmp/r.sock'"],
    ['host', 'redis://u:hunter2@h', hostName, "the string 'redis://***@h'"],
    ['host', 'u:hunter2@h', hostName, "the string '***@h'"],
    ['host', 'redis://:hunter2', hostName, "the string 'redis://***'"],
    ['host', `${'x'.repeat(200)}/`, hostName, `the string '${'x'.repeat(100)}…'`],
    ['host', null, hostName, 'null'],
    ['host', 1, hostName, '1'],
    ['port', '6379', port, "the string '6379'"],
    ['port', 0, port, '0'],
    ['port', -1, port, '-1'],
    ['port', 65536, port, '65536'],
    ['port', 1.5, port, '1.5'],
    ['port', NaN, port, 'NaN'],
    ['port', 6379n, port, '6379n'],
    ['port', null, port, 'null'],
    ['unixSocketPath', '', path, "the string ''"],
    ['unixSocketPath', '/tmp/\0', path, "the string '/tmp/\\x00'"],
    ['unixSocketPath', 'unix://u:hunter2@/r', path, "the string 'unix://***@/r'"],
    ['unixSocketPath', 5, path, '5'],
    ['db', -1, db, '-1'],
    ['db', '0', db, "the string '0'"],
    ['db', 0.5, db, '0.5'],
    ['db', 2 ** 53, db, '9007199254740992'],
    ['db', true, db, 'true'],
    ['username', 5, 'a string', '5'],
    ['username', Buffer.from('a'), 'a string', 'a Uint8Array'],
    ['ssl', 'yes', 'true or false', "the string 'yes'"],
    ['ssl', {}, 'true or false', 'an object'],
    ['ssl', null, 'true or false', 'null'],
  ])('refuses %s %o', (name, value, expected, told) => {
    const error = refusedOption({ [name]: value });
    expect(error.message).toBe(`host 3: ${name} must be ${expected}, not ${told}`);
    expect(error.hostId).toBe(3);
    expect(error.code).toBe('RB_BAD_HOST_SETUP');
  });

  const callback = 'a function that answers { username?, password }';
  it.each<[string, unknown, string, string]>([
    ['password', 90_210, 'a string', 'a number'],
    ['password', ['hunter2'], 'a string', 'an array'],
    ['password', null, 'a string', 'null'],
    ['credentials', 'hunter2', callback, 'a string'],
    ['credentials', { password: 'hunter2' }, callback, 'an object'],
    ['sslOptions', 'hunter2', "an object of Node's TLS options", 'a string'],
    ['sslOptions', ['hunter2'], "an object of Node's TLS options", 'an array'],
    ['sslOptions', true, "an object of Node's TLS options", 'a boolean'],
    ['ringLabel', 90_210, 'a string', 'a number'],
    ['ringLabel', () => 'hunter2', 'a string', 'a function'],
  ])('refuses %s %j without showing it', (name, value, expected, told) => {
    expect(refusedOption({ [name]: value }).message).toBe(
      `host 3: ${name} must be ${expected}, not ${told}`,
    );
  });

  it('names hostDefaults where the bad value stands there', () => {
    expect(refusedOption({}, { port: 70_000 }).message).toBe(
      'hostDefaults: port must be an integer from 1 to 65535, not 70000',
    );
  });
});

describe('options that exclude each other', () => {
  const credentials = () => ({ password: 'hunter2' });
  it.each<[Record<string, unknown>, string]>([
    [{ password: 'hunter2', credentials }, 'password cannot be combined with credentials'],
    [{ password: '', credentials }, 'password cannot be combined with credentials'],
    [{ username: 'alice', credentials }, 'username cannot be combined with credentials'],
    [{ unixSocketPath: '/r', sslOptions: {} }, 'unixSocketPath cannot be combined with sslOptions'],
    [{ unixSocketPath: '/r', ssl: true }, 'unixSocketPath cannot be combined with ssl: true'],
    [
      { unixSocketPath: '/r', ssl: false, sslOptions: {} },
      'unixSocketPath cannot be combined with sslOptions',
    ],
  ])('refuses %o', (config, problem) => {
    const error = refusedOption(config);
    expect(error.message).toMatch(new RegExp(`^host 3: ${problem}: `));
    expect(error.message).not.toContain('hunter2');
    expect(refusal(() => parseHosts({}, config)).message).toContain(`hostDefaults: ${problem}: `);
  });

  it.each<[HostConfig, HostConfig, string]>([
    [
      { unixSocketPath: '/r' },
      { ssl: true },
      'unixSocketPath cannot be combined with ssl: true (of hostDefaults)',
    ],
    [
      { ssl: true },
      { unixSocketPath: '/r' },
      'unixSocketPath (of hostDefaults) cannot be combined with ssl: true:',
    ],
    [
      { unixSocketPath: '/r' },
      { sslOptions: {} },
      'unixSocketPath cannot be combined with sslOptions (of hostDefaults)',
    ],
    [
      { password: 'hunter2' },
      { credentials },
      'password cannot be combined with credentials (of hostDefaults)',
    ],
    [
      { credentials },
      { username: 'a' },
      'username (of hostDefaults) cannot be combined with credentials',
    ],
  ])('refuses %j beside the defaults %j', (config, defaults, problem) => {
    const { message } = refusedOption({ ...config }, defaults);
    expect(message).toContain(`host 3: ${problem}`);
    expect(message).not.toContain('hunter2');
  });

  it('refuses a unix URL beside ssl in hostDefaults', () => {
    expect(refusal(() => parseHosts(['unix:///r'], { ssl: true })).message).toContain(
      'host 0: unix',
    );
  });

  it('lets a host turn off the ssl of hostDefaults for its socket', () => {
    const host = createHost({ hostId: 0, unixSocketPath: '/r', ssl: false }, { ssl: true });
    expect(host.ssl).toBe(false);
  });

  it('takes a socket beside host and port, and the socket is the address', () => {
    const host = createHost({ hostId: 0, unixSocketPath: '/r', host: 'h', port: 1 });
    expect(host).toMatchObject({ unixSocketPath: '/r', host: 'h', port: 1, address: '/r' });
  });
});
