/** How the command line reads calls: hosts, mixes, lines, what is destructive, what a config may say. */

import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';

import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';

import { isDestructive } from '../../src/cli/destructive.js';
import { readHostList, readIds } from '../../src/cli/host-list.js';
import { readKeys } from '../../src/cli/lines.js';
import { integer, listOf, positive } from '../../src/cli/verb.js';
import { familiesToFill, parseMix, picker } from '../../src/cli/workload.js';
import { Cluster, type ClusterOptions } from '../../src/cluster.js';

describe('host lists', () => {
  it('tell URLs from ids', () => {
    expect(readHostList(['redis://a,rediss://:x@b:1', '0,3', 'unix:///s?db=1', '5-7'])).toEqual({
      urls: ['redis://a', 'rediss://:x@b:1', 'unix:///s?db=1'],
      ids: [0, 3, 5, 6, 7],
    });
  });

  it('let a password have a comma', () => {
    const value = 'redis://:a,b@one,redis://:c,@two';
    expect(readHostList([value]).urls).toEqual(['redis://:a,b@one', 'redis://:c,@two']);
  });

  it.each([
    ['redis://a,redis://b,', 3],
    ['redis://a,,redis://b', 2],
    [' ,redis://a', 1],
    ['redis://:a,b@one,redis://:c,@two, ', 3],
    ['0,', 2],
    ['0,,3', 2],
    [',', 1],
  ])('say which entry of %j is empty', (value, number) => {
    expect(() => readHostList([value])).toThrow(`entry ${number} of the list of hosts is empty`);
  });

  it('leave it to the cluster what a URL lacks', () => {
    expect(readHostList(['redis://:x@']).urls).toEqual(['redis://:x@']);
  });

  it.each(['redis://a,b', '0,b', '', '3-1', '-1', '1.5', '0-99999999'])('refuse %j', (value) => {
    expect(() => readHostList([value])).toThrow(/names no hosts|URL of its own/);
  });

  it.each(['localhost:7001', '10.0.0.1:7001,10.0.0.2:7001', 'redis.example'])(
    'say what is missing of %j',
    (value) => {
      expect(() => readHostList([value])).toThrow(`write redis://${value.split(',')[0]!}`);
    },
  );

  it('show no login that misses its scheme', () => {
    expect(() => readHostList(['user:secret@host:1'])).toThrow(/^this names no hosts/);
  });

  it('have each id once', () => {
    expect(readIds('3,0-2,1,3')).toEqual([3, 0, 1, 2]);
  });
});

describe('numbers', () => {
  it('are refused beyond their bounds and where they are none', () => {
    expect(integer(1, 5)('5')).toBe(5);
    expect(positive(10)('0.5')).toBe(0.5);
    expect(listOf(integer(1))('8, 16')).toEqual([8, 16]);
    for (const value of ['0', '6', '-1', '1.5', '', 'x', '1e3']) {
      expect(() => integer(1, 5)(value)).toThrow('whole number, from 1 to 5');
    }
    for (const value of ['0', '0.0', '11', '-1', '', 'Infinity']) {
      expect(() => positive(10)(value)).toThrow('above 0, up to 10');
    }
  });
});

describe('keys from a stream', () => {
  it('are its lines to the byte, wherever the stream is cut', async () => {
    const text = Buffer.concat([
      Buffer.from('a\n\nüü\r\n'),
      Buffer.from([0xff]),
      Buffer.from('\nz'),
    ]);
    for (let size = 1; size <= text.length; size++) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
      const keys: (string | Buffer)[] = [];
      for await (const key of readKeys(Readable.from(chunks))) keys.push(key);
      expect(keys).toEqual(['a', 'üü\r', Buffer.from([0xff]), 'z']);
    }
  });
});

describe('destructive commands', () => {
  it.each([
    'FLUSHALL',
    'flushdb ASYNC',
    'SWAPDB 0 1',
    'SHUTDOWN NOSAVE',
    'DEBUG SLEEP 1',
    'REPLICAOF NO ONE',
    'CONFIG SET maxmemory 1',
    'config resetstat',
    'SCRIPT FLUSH',
    'FUNCTION DELETE lib',
    'ACL SETUSER x',
    'CLIENT KILL TYPE normal',
  ])('include %s', (line) => {
    const [command = '', ...args] = line.split(' ');
    expect(isDestructive(command, args)).toBe(true);
  });

  it.each([
    "return redis.call('FLUSHALL')",
    'redis.pcall("flushdb")',
    "redis.call('config', 'SET', 'maxmemory', '1')",
    'redis.call([[FLUSHALL]])',
    'redis.call[==[\nflushdb]==]',
    "redis.call([[CONFIG]], 'SET', 'maxmemory', '1')",
  ])('include scripts that name them: %s', (source) => {
    expect(isDestructive('EVAL', [source, '0'])).toBe(true);
  });

  it.each([
    "return redis.call('GET', KEYS[1])",
    'redis.call([[CONFIG]], [[GET]], [[maxmemory]])',
    "redis.call('CONFIG', 'GET', 'maxmemory')",
  ])('leave out other scripts: %s', (source) => {
    expect(isDestructive('eval', [source, '0'])).toBe(false);
  });

  it.each([
    'PING',
    'DBSIZE',
    'INFO',
    'GET k',
    'SET k v',
    'DEL k',
    'MSET a 1',
    'KEYS *',
    'BGSAVE',
    'CONFIG GET maxmemory',
    'CLIENT LIST',
    'SCRIPT LOAD x',
    'SLOWLOG GET',
    'EVAL x 0',
    'XADD s * f v',
    'SORT k',
    'NOSUCH',
    'CONFIG',
  ])('do not include %s', (line) => {
    const [command = '', ...args] = line.split(' ');
    expect(isDestructive(command, args)).toBe(false);
  });
});

describe('mixes', () => {
  it('have shares, equal ones unless told', () => {
    const shares = (text: string): unknown =>
      parseMix(text).map(({ name, weight }) => [name, weight]);
    expect(shares('get=80, SET=20')).toEqual([
      ['get', 80],
      ['set', 20],
    ]);
    expect(shares('incr,hget')).toEqual([
      ['incr', 1],
      ['hget', 1],
    ]);
  });

  it.each(['', 'get=0', 'get=-1', 'get=1.5', 'get,get', 'flushall', 'get;set', 'constructor'])(
    'refuse %j',
    (text) => {
      expect(() => parseMix(text)).toThrow('it must be like get=80,set=20');
    },
  );

  it('are picked from as their weights say', () => {
    const mix = parseMix('get=2,set=1,incr=1');
    const picks = [0, 1, 2, 3].map((value) => picker(mix, () => value)().name);
    expect(picks).toEqual(['get', 'get', 'set', 'incr']);
  });

  it('say which keys have to be there', () => {
    expect(familiesToFill(parseMix('set,incr,lpop'))).toEqual([]);
    expect(familiesToFill(parseMix('get,exists,hget,sadd'))).toEqual(['string', 'hash']);
  });
});

describe('the schema of the config file', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../rb.config.schema.json', import.meta.url), 'utf8'),
  ) as {
    properties: Record<string, object>;
    definitions: Record<'host' | 'hostWithId' | 'poolOptions', { properties: object }>;
  };
  const validate = new Ajv().compile(schema);

  /** The names that the library says it knows, of an options object that has an unknown one. */
  function knownNames(options: object): string[] {
    try {
      new Cluster(options as ClusterOptions);
    } catch (error) {
      const [, list = ''] = /the options are (.*)$/.exec((error as Error).message) ?? [];
      return list.split(', ').sort();
    }
    throw new Error('the unknown option was not refused');
  }

  const names = (properties: object, ...others: string[]): string[] =>
    [...Object.keys(properties), ...others].filter((name) => name !== '$schema').sort();

  it('has every option that JSON can say, and no other', () => {
    // Classes and functions, and what belongs to them.
    const classes = ['pool', 'routerOptions', 'typeMapping', 'scripts', 'functions', 'modules'];
    expect(names(schema.properties, ...classes)).toEqual(knownNames({ hosts: {}, no: 1 }));
    const { host, hostWithId, poolOptions } = schema.definitions;
    const known = knownNames({ hosts: { 0: { no: 1 } } }).filter((name) => name !== 'hostId');
    expect(names(host.properties, 'credentials')).toEqual(known);
    expect(names(hostWithId.properties)).toEqual(names(host.properties, 'hostId'));
    expect(names(poolOptions.properties)).toEqual(
      knownNames({ hosts: {}, poolOptions: { no: 1 } }),
    );
  });

  it.each([
    { hosts: { 0: { port: 1 }, 1: { unixSocketPath: '/s', db: 2 } }, $schema: './x.json' },
    { hosts: { 0: { hostId: 0, port: 1 }, 1: { hostId: 1 } } },
    { hosts: [{ hostId: 0, host: 'a', password: 'x', ssl: true, sslOptions: { ca: '' } }] },
    { hosts: ['redis://a', 'REDISS://b:1/2', 'unix:///s?db=1'], hostDefaults: { ssl: false } },
    {
      hosts: ['redis://a'],
      poolOptions: { keepAlive: false, reconnect: { minDelay: 1 }, onOverload: 'wait' },
      RESP: 2,
    },
    { hosts: {} },
  ])('takes %j, as the library does', (options) => {
    expect({ valid: validate(options), errors: validate.errors }).toEqual({
      valid: true,
      errors: null,
    });
    const given: Record<string, unknown> = { ...options };
    delete given['$schema'];
    expect(new Cluster(given as unknown as ClusterOptions).hosts).toBeInstanceOf(Map);
  });

  it.each([
    { hosts: { '01': {} } },
    { hosts: { 0: { port: 0 } } },
    { hosts: { 0: { db: -1 } } },
    { hosts: { 0: { hostId: '0' } } },
    { hosts: {}, hostDefaults: { hostId: 0 } },
    { hosts: ['http://a'] },
    { hosts: [{ host: 'a' }] },
    { hosts: {}, poolOptions: { retries: -1 } },
    { hosts: {}, poolOptions: { clientName: 'a b' } },
    { hosts: {}, RESP: 4 },
    { hosts: {}, unknown: 1 },
    {},
  ])('refuses %j, as the library does', (options) => {
    expect(validate(options)).toBe(false);
    expect(() => new Cluster(options as unknown as ClusterOptions)).toThrow();
  });
});
