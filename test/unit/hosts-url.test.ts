import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BadHostSetup } from '../../src/errors.js';
import { parseHostUrl } from '../../src/host-url.js';
import { parseHosts, type HostConfig } from '../../src/hosts.js';

function refusalOf(url: string): string {
  try {
    parseHostUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(BadHostSetup);
    return (error as BadHostSetup).message;
  }
  throw new Error(`${url} was not refused`);
}

describe('parseHostUrl', () => {
  it.each<[string, HostConfig]>([
    ['redis://localhost', { host: 'localhost' }],
    ['redis://localhost:6380', { host: 'localhost', port: 6380 }],
    ['redis://localhost/0', { host: 'localhost', db: 0 }],
    ['redis://localhost:6380/12', { host: 'localhost', port: 6380, db: 12 }],
    ['REDIS://Host', { host: 'Host' }],
    ['rediss://a', { host: 'a', ssl: true }],
    ['redis://user:pw@a', { host: 'a', username: 'user', password: 'pw' }],
    ['redis://:pw@a', { host: 'a', password: 'pw' }],
    ['redis://user@a', { host: 'a', username: 'user' }],
    ['redis://user:@a', { host: 'a', username: 'user' }],
    ['redis://:@a', { host: 'a' }],
    ['redis://u:p:w@a', { host: 'a', username: 'u', password: 'p:w' }],
    ['redis://u:p@w@a', { host: 'a', username: 'u', password: 'p@w' }],
    ['redis://us%40er:p%3A%2f%C3%A9%25@a', { host: 'a', username: 'us@er', password: 'p:/é%' }],
    ['redis://:a+b c@h', { host: 'h', password: 'a+b c' }],
    ['redis://my%2Dhost', { host: 'my-host' }],
    ['redis://[::1]', { host: '::1' }],
    ['redis://[::1]:6380/2', { host: '::1', port: 6380, db: 2 }],
    ['redis://u:p@[2001:DB8::1]:1', { host: '2001:DB8::1', port: 1, username: 'u', password: 'p' }],
    ['redis://[fe80::1%25eth0]', { host: 'fe80::1%eth0' }],
    ['unix:///tmp/r.sock', { unixSocketPath: '/tmp/r.sock' }],
    ['unix:///tmp/r.sock?db=3', { unixSocketPath: '/tmp/r.sock', db: 3 }],
    ['unix:///tmp/a%20b%3Fc.sock', { unixSocketPath: '/tmp/a b?c.sock' }],
    ['unix:///tmp/a@b.sock', { unixSocketPath: '/tmp/a@b.sock' }],
    ['unix:///tmp/../x//y', { unixSocketPath: '/tmp/../x//y' }],
    ['unix://u:p%2F@/r?db=1', { unixSocketPath: '/r', db: 1, username: 'u', password: 'p/' }],
    ['unix://:p@/r', { unixSocketPath: '/r', password: 'p' }],
  ])('reads %s', (url, config) => {
    expect(parseHostUrl(url)).toEqual(config);
  });

  it('reads back every login that was escaped', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(text, text, fc.constantFrom('redis', 'rediss', 'unix'), (user, pw, scheme) => {
        const place = scheme === 'unix' ? '/run/r.sock' : 'h:1/2';
        const login = `${encodeURIComponent(user)}:${encodeURIComponent(pw)}`;
        const config = parseHostUrl(`${scheme}://${login}@${place}`);
        expect(config).toMatchObject({ username: user, password: pw });
      }),
    );
  });

  const scheme = 'the scheme must be redis, rediss or unix, followed by ://';
  const host = 'after :// and the login there must be a host, and then only a port';
  const port = 'the port must be an integer from 1 to 65535';
  const database = 'the path (the database) must be an integer of 0 or more';
  const path = 'the path must be the path of a socket (not empty, no NUL byte)';
  it.each([
    ['http://a', scheme],
    ['redis:a', scheme],
    ['redis:/a', scheme],
    ['unix:/tmp/r.sock', scheme],
    ['redis+tls://a', scheme],
    ['constructor://a', scheme],
    ['localhost:6379', scheme],
    ['//a', scheme],
    [' redis://a', scheme],
    ['', scheme],
    ['redis://', host],
    ['redis://:6379', host],
    ['redis://:pw@', host],
    ['redis://:pw@:6379', host],
    ['redis:///0', host],
    ['redis://::1', host],
    ['redis://a b', host],
    ['redis://a\n', host],
    ['redis://a%00b', host],
    ['redis://a%2Fb', host],
    ['redis://[::1', host],
    ['redis://[::1]x', host],
    ['redis://[a]', host],
    ['redis://[127.0.0.1]', host],
    ['redis://%3A%3A1', host],
    ['redis://a:', port],
    ['redis://a:0', port],
    ['redis://a:65536', port],
    ['redis://a:-1', port],
    ['redis://a:06379', port],
    ['redis://a:1e3', port],
    ['redis://a:b', port],
    ['redis://a:1:2', port],
    ['redis://a/', database],
    ['redis://a/x', database],
    ['redis://a/-1', database],
    ['redis://a/01', database],
    ['redis://a/1/', database],
    ['redis://a/1.5', database],
    ['redis://a/9007199254740992', database],
    ['redis://a?db=1', 'a redis URL takes no query (?)'],
    ['rediss://a/0?', 'a rediss URL takes no query (?)'],
    ['redis://a#x', 'a fragment (#) is not part of a host URL'],
    ['redis://a/1#', 'a fragment (#) is not part of a host URL'],
    ['unix:///r#x', 'a fragment (#) is not part of a host URL'],
    ['unix://', path],
    ['unix:///', path],
    ['unix://u:p@', path],
    ['unix:///a%00b', path],
    ['unix://tmp/r.sock', 'a unix URL names no host: the path follows as the third slash'],
    ['unix:///r?', 'the query of a unix URL can only be ?db=n'],
    ['unix:///r?x=1', 'the query of a unix URL can only be ?db=n'],
    ['unix:///r?DB=1', 'the query of a unix URL can only be ?db=n'],
    ['unix:///r?db=', 'the db must be an integer of 0 or more'],
    ['unix:///r?db=1&x=2', 'the db must be an integer of 0 or more'],
    ['unix:///r?db=1&db=2', 'the db must be an integer of 0 or more'],
    ['redis://%zz@a', 'the user has a bad percent escape'],
    ['redis://:%@a', 'the password has a bad percent escape'],
    ['redis://:%ff@a', 'the password has a bad percent escape'],
    ['redis://a%2', 'the host has a bad percent escape'],
    ['unix:///a%2', 'the path has a bad percent escape'],
  ])('refuses %j', (url, problem) => {
    const message = refusalOf(url);
    expect(message).toMatch(/^the URL '.*' cannot be used: /);
    expect(message.slice(message.indexOf(' cannot be used: ') + 17)).toBe(problem);
  });

  it('refuses what is no string', () => {
    const url: unknown = new URL('redis://:hunter2@a');
    expect(() => parseHostUrl(url as string)).toThrow('a URL must be a string, not a URL');
  });
});

describe('the messages of refused URLs', () => {
  it.each([
    ['redis://u:hunter2@a:0', "'redis://***@a:0'"],
    ['redis://u:hunter2@[::1]:0', "'redis://***@[::1]:0'"],
    ['redis://:hunter2@a/x', "'redis://***@a/x'"],
    ['http://u:hunter2@a', "'http://***@a'"],
    ['u:hunter2@a', "'***@a'"],
    ['redis://:hunter2', "'redis://***'"],
    ['redis://u:hunter2', "'redis://***'"],
    ['redis://:hunter2/x@a', "'redis://***'"],
    ['redis://:hunter2?@a', "'redis://***'"],
    ['redis://:x#hunter2@a', "'redis://***'"],
    ['redis://:x/y@hunter2@a', "'redis://***'"],
    ['redis://u@a:hunter2', "'redis://***'"],
    ['redis://:hunter2%40a', "'redis://***'"],
    ['redis://a?password=hunter2', "'redis://a?***'"],
    ['redis://a#hunter2', "'redis://a#***'"],
    ['redis://a?password=x@hunter2', "'redis://***'"],
    ['unix://:hunter2@tmp/r', "'unix://***@tmp/r'"],
    ['unix://:hunter2/@/r', "'unix://***'"],
    ['redis://:hunter2%zz@a', "'redis://***@a'"],
    ['redis:// :hunter2\n@a:0', "'redis://***@a:0'"],
  ])('show %s as %s', (url, shown) => {
    const message = refusalOf(url);
    expect(message).toContain(`the URL ${shown} cannot`);
    expect(message).not.toContain('hunter2');
  });

  it('never show a password, wherever the URL is broken', () => {
    const junk = fc.stringMatching(/^[a-z0-9:/?#@%[\] ]{0,6}$/);
    const place = fc.constantFrom('a', 'a:0', 'a:x', '[::1', '', '/r', 'a/b', 'a?c', 'a#d');
    fc.assert(
      fc.property(junk, junk, place, fc.constantFrom('redis', 'unix', 'x'), (a, b, at, scheme) => {
        let message = '';
        try {
          parseHostUrl(`${scheme}://u:${a}hunter2${b}@${at}`);
        } catch (error) {
          message = String(error);
        }
        expect(message).not.toContain('hunter2');
      }),
      { numRuns: 2000 },
    );
  });

  it('begin with the host when the URL is one of the hosts', () => {
    const parse = () => parseHosts(['redis://a', 'redis://:hunter2@b:0']);
    expect(parse).toThrow(BadHostSetup);
    expect(parse).toThrow(
      "host 1: the URL 'redis://***@b:0' cannot be used: the port must be an integer from 1 to 65535",
    );
    try {
      parse();
    } catch (error) {
      expect((error as BadHostSetup).hostId).toBe(1);
      expect((error as BadHostSetup).cause).toBeUndefined();
    }
  });
});
