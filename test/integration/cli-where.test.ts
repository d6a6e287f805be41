/** The verbs that need no server, `rb where` and `rb spread`, and how a call names its cluster. */

import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { type CliResult, type RunningCli, useCli } from '../helpers/cli.js';
import { condition } from '../helpers/condition.js';

const cli = useCli();

const hosts = {
  0: { port: 7001 },
  1: { port: 7002, db: 3 },
  2: { unixSocketPath: '/run/redis.sock' },
  3: { port: 7004 },
};

beforeEach(() => {
  cli.file('rb.config.json', { $schema: './rb.config.schema.json', hosts });
});
afterEach(() => {
  for (const name of ['json', 'js', 'mjs', 'ts']) cli.removeFile(`rb.config.${name}`);
});

/** The lines of JSON that a call prints. */
async function jsonLines(
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await cli.run(args, input === undefined ? {} : { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('where', () => {
  it('shows host, address, database, router and hash of each key', async () => {
    const { stdout } = await cli.run(['where', 'user:1', 'user:2', 'k']);
    // The sums are those of zlib.crc32, read as signed numbers.
    expect(stdout).toBe(
      [
        'HOST  ADDRESS          DB  ROUTER                  HASH  KEY',
        '2     /run/redis.sock  0   PartitionRouter   2074460802  user:1',
        '0     localhost:7001   0   PartitionRouter   -492006600  user:2',
        '1     localhost:7002   3   PartitionRouter    140662621  k',
        '',
      ].join('\n'),
    );
  });

  it('agrees with the router on every key of stdin', async () => {
    const keys = Array.from({ length: 2000 }, (_, index) => `ключ:${index}`);
    const cluster = new Cluster({ hosts, router: ConsistentHashingRouter });
    const args = ['where', '--json', '--router', 'consistent-hashing', '-'];
    const places = await jsonLines(args, keys.join('\n'));
    expect(places.map(({ key }) => key)).toEqual(keys);
    const router = cluster.getRouter();
    expect(places.map(({ host }) => host)).toEqual(keys.map((key) => router.getHostForKey(key)));
    expect(places[0]).toMatchObject({ router: 'ConsistentHashingRouter' });
  });

  it('places keys of any bytes, and prints them as they are', async () => {
    const key = Buffer.from([0xff, 0x00, 0x20, 0xc3]);
    const input = Buffer.concat([key, Buffer.from('\n\nlast')]);
    const host = new Cluster({ hosts }).getRouter().getHostForKey(key);
    const places = await jsonLines(['where', '--json'], input);
    expect(places).toMatchObject([
      { key: { base64: key.toString('base64') }, host },
      { key: 'last' },
    ]);
    const { bytes } = await cli.run(['where'], { input });
    expect(bytes.includes(Buffer.concat([Buffer.from('  '), key, Buffer.from('\n')]))).toBe(true);
  });

  it('takes keys that look like options after --', async () => {
    const places = await jsonLines(['where', '--json', '--', '--json', '-']);
    expect(places.map(({ key }) => key)).toEqual(['--json', '-']);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'ends with 1 when what it prints cannot be written',
    async () => {
      const { code, stderr } = await cli.runShell('rb where k > /dev/full');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^rb: .*no space left/);
    },
  );

  it('ends well when nobody reads on', async () => {
    const running = cli.start(['where', '--json'], { input: 'key\n'.repeat(200_000) });
    await running.shows('"key"');
    running.closeOutput();
    expect(await running.result).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('spread', () => {
  const keys = Array.from({ length: 3000 }, (_, index) => `user:${index}`);

  it('counts the keys of each host, and draws them as bars', async () => {
    cli.file('keys.txt', keys.join('\n'));
    const groups = new Cluster({ hosts }).groupByHost(keys);
    const { code, stdout } = await cli.run(['spread', 'keys.txt']);
    expect(code).toBe(0);
    const [title, ...bars] = stdout.trimEnd().split('\n');
    expect(title).toBe('3,000 keys on 4 hosts, PartitionRouter');
    for (const [host, line] of bars.entries()) {
      expect(line).toMatch(
        new RegExp(`^host ${host}  +${groups.get(host)!.length}  +[\\d.]+%  █+.?$`),
      );
    }
    expect(bars).toHaveLength(4);
  });

  it('tells how many keys would move, with other numbers of hosts and other routers', async () => {
    const args = ['--hosts-count', '3,8', '--routers', 'partition,consistent-hashing', '--json'];
    const { stdout } = await cli.run(['spread', '-', ...args], { input: keys.join('\n') });
    const {
      keys: count,
      now,
      compared,
    } = JSON.parse(stdout) as {
      keys: number;
      now: { hosts: number };
      compared: { router: string; hosts: number; moved: number; movedShare: number }[];
    };
    expect([count, now.hosts]).toEqual([3000, 4]);
    expect(compared.map(({ router, hosts: size }) => `${router} ${size}`)).toEqual([
      'ConsistentHashingRouter 4',
      'PartitionRouter 3',
      'ConsistentHashingRouter 3',
      'PartitionRouter 8',
      'ConsistentHashingRouter 8',
    ]);
    const [, three] = compared;
    const router = new Cluster({ hosts }).getRouter();
    const other = new Cluster({ hosts: { 0: hosts[0], 1: hosts[1], 2: hosts[2] } }).getRouter();
    const moved = keys.filter((key) => router.getHostForKey(key) !== other.getHostForKey(key));
    expect(three).toMatchObject({ moved: moved.length, movedShare: moved.length / 3000 });
  });

  it('moves few keys where a ring grows by one host', async () => {
    cli.file('rb.config.json', { hosts, router: 'ConsistentHashingRouter' });
    const args = ['spread', '-', '--hosts-count', '5', '--json'];
    const { stdout } = await cli.run(args, { input: keys.join('\n') });
    const { compared } = JSON.parse(stdout) as { compared: { movedShare: number }[] };
    expect(compared[0]!.movedShare).toBeGreaterThan(0.05);
    expect(compared[0]!.movedShare).toBeLessThan(0.4);
  });

  it('needs no cluster where numbers of hosts are given', async () => {
    cli.removeFile('rb.config.json');
    const options = { input: keys.join('\n') };
    const { code, stdout } = await cli.run(['spread', '-', '--hosts-count', '2,4'], options);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3,000 keys on 2 hosts, PartitionRouter\n/);
    expect(stdout).toMatch(/^PartitionRouter +4 .* [\d,]+ +[\d.]+%$/m);
    expect(await cli.run(['spread', '-'], options)).toMatchObject({ code: 2, stdout: '' });
  });

  it.each([
    [['nothing.txt'], 'rb: cannot read nothing.txt: there is no such file\n'],
    [['.'], 'rb: cannot read .: it is a folder\n'],
    [['-'], 'rb: there are no keys: one is expected on each line\n'],
  ])('refuses %j with 2', async (args, message) => {
    const { code, stdout, stderr } = await cli.run(['spread', ...args]);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: message });
  });
});

describe.skipIf(process.platform === 'win32')('a second signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '(%s) ends the process also while it reads from a FIFO',
    async (signal) => {
      const result = await endWhileReading(signal, (fifo) => ['spread', fifo]);
      expect(result).toMatchObject({ code: null, signal, stdout: '', stderr: '' });
    },
  );

  it('does so also while it reads its config from there', async () => {
    const args = (fifo: string) => ['where', '--config', fifo, 'k'];
    const { code, signal, stdout, stderr } = await endWhileReading('SIGTERM', args);
    // The first one ends it cleanly if it comes between two reads; shells tell both ends alike.
    const ends = [
      { code: null, signal: 'SIGTERM' },
      { code: 143, signal: null },
    ];
    expect(ends).toContainEqual({ code, signal });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  });

  async function endWhileReading(
    signal: NodeJS.Signals,
    args: (fifo: string) => string[],
  ): Promise<CliResult> {
    const fifo = join(cli.folder, 'fifo.json');
    execFileSync('mkfifo', [fifo]);
    const running = cli.start(args(fifo));
    // Opens as soon as somebody reads, who then waits for what is never written.
    const writer = (await condition(() => openForWriting(fifo)))!;
    const result = await endBySignals(running, signal).finally(() => closeSync(writer));
    cli.removeFile('fifo.json');
    return result;
  }

  function openForWriting(fifo: string): number | undefined {
    try {
      return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
  }

  /** Signals again and again: of several that wait, a process gets one. */
  async function endBySignals(running: RunningCli, signal: NodeJS.Signals): Promise<CliResult> {
    let hasEnded = false;
    void running.result.then(() => (hasEnded = true));
    await condition(() => {
      running.kill(signal);
      return hasEnded;
    });
    return running.result;
  }
});

describe('the cluster of a call', () => {
  const addressOf = async (args: readonly string[], env = {}): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(['where', '--json', ...args, 'k'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as { address: string }).address;
  };

  it('is that of --hosts, then --config, then RB_HOSTS, then the config file', async () => {
    cli.file('other.json', { hosts: ['redis://other:1'] });
    const env = { RB_HOSTS: 'redis://listed:1' };
    expect(await addressOf([])).toBe('localhost:7002');
    expect(await addressOf([], env)).toBe('listed:1');
    expect(await addressOf(['--config', 'other.json'], env)).toBe('other:1');
    expect(await addressOf(['--hosts', 'redis://named:1'], env)).toBe('named:1');
    const both = await cli.run(['where', '--hosts=redis://a', '--config=other.json', 'k']);
    expect(both).toMatchObject({ code: 2, stdout: '' });
  });

  it('may be a list of URLs with commas, or repeated, before the verb and after it', async () => {
    const listed = await jsonLines(['where', '--json', '--hosts', 'redis://a,redis://b', 'k', 'l']);
    const repeated = await jsonLines([
      '--hosts',
      'redis://a',
      'where',
      '--json',
      '--hosts',
      'redis://b',
      'k',
      'l',
    ]);
    expect(new Set(listed.map(({ address }) => address))).toEqual(new Set(['a:6379', 'b:6379']));
    expect(repeated).toEqual(listed);
  });

  it('may be exported by a JavaScript file, with a router of its own', async () => {
    cli.removeFile('rb.config.json');
    cli.file(
      'rb.config.mjs',
      `class Last {
        constructor(cluster) { this.cluster = cluster; }
        getHostForKey() { return this.cluster.hosts.size - 1; }
      }
      export default { hosts: ['redis://a', 'redis://b'], router: Last };`,
    );
    expect(await jsonLines(['where', '--json', 'k'])).toMatchObject([
      { host: 1, address: 'b:6379', router: 'Last', hash: null },
    ]);
  });

  it('may be a file that begins with a byte order mark', async () => {
    cli.file('marked.json', '\uFEFF{ "hosts": ["redis://marked:1"] }');
    expect(await addressOf(['--config', 'marked.json'])).toBe('marked:1');
  });

  it('may be TypeScript where Node runs that, and is refused with the reason where not', async () => {
    cli.removeFile('rb.config.json');
    cli.file(
      'rb.config.ts',
      "const hosts: string[] = ['redis://typed:1'];\nexport default { hosts };",
    );
    const { code, stdout, stderr } = await cli.run(['where', '--json', 'k']);
    const runsTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);
    expect(code).toBe(runsTypeScript ? 0 : 2);
    if (runsTypeScript) expect(stdout).toContain('"address":"typed:1"');
    else expect(stderr).toMatch(/rb\.config\.ts is TypeScript, which Node .* does not run/);
  });

  it('may be an ES module in a package that is none, as far as Node reads it', async () => {
    cli.removeFile('rb.config.json');
    cli.file('rb.config.js', "export default { hosts: ['redis://a'] };");
    cli.file('package.json', { type: 'commonjs' });
    const common = await cli.run(['where', 'k']);
    expect(common).toMatchObject({ code: 2, stdout: '' });
    expect(common.stderr).toMatch(
      /^rb: rb\.config\.js is an ES module, .* call it rb\.config\.mjs/,
    );
    // Newer versions of Node read it as what it looks like, and warn, which is left out.
    cli.file('package.json', {});
    const typeless = await cli.run(['where', 'k']);
    if (typeless.code === 0) expect(typeless.stderr).toBe('');
    else expect(typeless.stderr).toBe(common.stderr);
    cli.removeFile('package.json');
    cli.removeFile('rb.config.js');
  });

  it('is refused with 2 where there is none, or where there are two', async () => {
    cli.file('rb.config.js', 'export default {}');
    const two = await cli.run(['where', 'k']);
    expect(two).toMatchObject({ code: 2, stdout: '' });
    expect(two.stderr).toBe(
      'rb: rb.config.json and rb.config.js are both here: name one of them with --config\n',
    );
    cli.removeFile('rb.config.js');
    cli.removeFile('rb.config.json');
    const none = await cli.run(['where', 'k']);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toMatch(/^rb: no cluster is named: .*rb\.config\.json.*--hosts.*RB_HOSTS/);
  });

  it.each([
    ['{ "hosts": { "0": { "port": 99999 } } }', /^rb: bad\.json: host 0: port must be/],
    ['{ "hots": {} }', /^rb: bad\.json: Cluster: unknown option 'hots' \(did you mean 'hosts'/],
    ['{ "hosts": {} }', /^rb: bad\.json: hosts is empty$/m],
    ['{ "hosts": ["redis://a"], "router": "Best" }', /^rb: bad\.json: there is no router 'Best'/],
    ['[]', /^rb: bad\.json must hold an object/],
    ['{\n"hosts": {\n"0": {"password": secret}\n}}', /^rb: bad\.json is no JSON: see line 3\n$/],
    ['{ "hosts": [],\n\n  "RESP": nope }', /^rb: bad\.json is no JSON: see line 3\n$/],
    ['{\n\n x }', /^rb: bad\.json is no JSON: see line 3\n$/],
    ['{\n"hosts":\n', /^rb: bad\.json is no JSON: it ends too early\n$/],
    ['{\n"x":1,\n"b": x}', /^rb: bad\.json is no JSON\n$/],
  ])('refuses the config %j with 2 and names the file', async (text, message) => {
    cli.file('bad.json', text);
    const { code, stdout, stderr } = await cli.run(['where', '--config', 'bad.json', 'k']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each([
    ['--hosts', 'redis://:secret@host:99999'],
    ['--hosts', 'redis://:sec,ret@host:99999,redis://b'],
    ['--hosts', 'redis://:sec/secret@host'],
    ['--hosts', 'user:secret@host'],
    ['--hosts', 'redis://u:my secret@a,b'],
    ['--hosts', 'redis://u:my secret@a:99999'],
    ['--hots', 'redis://:secret@host'],
    ['--hots=redis://:secret@host'],
    ['--timeout', 'redis://:secret@host'],
    ['--hots=my secret'],
    ['-psecret'],
    ['-p=my secret'],
    ['--router', 'redis://host?secret', '--hosts=redis://a'],
    ['--router', 'redis://u:my secret@host', '--hosts=redis://a'],
    ['--config', 'redis://u:my secret@host'],
    ['--config', 'u:my secret@host'],
    // Longer than a path may be.
    ['--config', `u:my secret${'@'.repeat(5000)}host.json`],
  ])('shows no password of a bad %s', async (...args) => {
    const { code, stdout, stderr } = await cli.run(['where', ...args, 'k']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/sec(ret|,ret|\/)/);
  });
});

describe('a config that is a module', () => {
  const rejection = 'export default Promise.reject(new Error("the vault is sealed"));';

  it.each([
    [rejection, 'Error: the vault is sealed'],
    ['throw "the vault is sealed"', 'the vault is sealed'],
    ['throw null', 'what it throws is no Error (null)'],
    ['throw 7', 'what it throws is no Error (number)'],
    // The messages of these repeat what may be a password.
    ['export default {\n password: secret }', 'ReferenceError, see line 2'],
    ['export default JSON.parse("secret")', 'SyntaxError'],
  ])('is refused with 2 and the reason: %j', async (text, reason) => {
    cli.file('bad.mjs', text);
    const { code, stdout, stderr } = await cli.run(['where', '--config', 'bad.mjs', 'k']);
    const message = `rb: bad.mjs cannot be loaded: ${reason}`;
    expect({ code, stdout, stderr: stderr.slice(0, message.length) }).toEqual({
      ...{ code: 2, stdout: '', stderr: message },
    });
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr).not.toContain('secret');
  });
});

describe('a config that never comes', () => {
  it.each(['export default new Promise(() => {});', 'await new Promise(() => {});'])(
    'is refused with 2, and not passed over: %j',
    async (text) => {
      cli.file('never.mjs', text);
      expect(await cli.run(['where', '--config', 'never.mjs', 'k'])).toMatchObject({
        ...{ code: 2, stdout: '' },
        stderr: 'rb: never.mjs cannot be loaded: it waits for a promise that never settles\n',
      });
    },
  );

  it('lets the first signal end the waiting', async () => {
    cli.file(
      'slow.mjs',
      "console.log('loading'); setInterval(() => {}, 1000); await new Promise(() => {});",
    );
    const running = cli.start(['where', '--config', 'slow.mjs', 'k']);
    await running.shows('loading');
    running.kill('SIGTERM');
    expect(await running.result).toMatchObject({ code: 143, stderr: '' });
  });
});

describe('the name of a config file', () => {
  it('may be in upper case where it is JSON', async () => {
    cli.file('RB.JSON', { hosts: ['redis://a'] });
    expect(await cli.run(['where', '--config', 'RB.JSON', 'k'])).toMatchObject({ code: 0 });
  });

  it.each(['rb.yaml', 'rb', 'rb.MJS'])('is refused with 2 where nothing reads %s', async (name) => {
    cli.file(name, 'hosts: secret');
    const { code, stdout, stderr } = await cli.run(['where', '--config', name, 'k']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^rb: rb\S* is no config file: .*\.json or, in lower case, one of \.js, /,
    );
    expect(stderr).not.toContain('secret');
    cli.removeFile(name);
  });

  it('may not be that of a folder, or of nothing', async () => {
    const folder = await cli.run(['where', '--config', '.', 'k']);
    expect(folder).toMatchObject({ code: 2, stderr: 'rb: cannot read .: it is a folder\n' });
    const none = await cli.run(['where', '--config', 'no.mjs', 'k']);
    expect(none).toMatchObject({
      ...{ code: 2, stderr: 'rb: cannot read no.mjs: there is no such file\n' },
    });
  });
});

describe('a config that leaves something open', () => {
  beforeEach(() => {
    cli.removeFile('rb.config.json');
    cli.file(
      'rb.config.mjs',
      "setInterval(() => {}, 1000); export default { hosts: ['unix:///nowhere'] };",
    );
  });

  it('keeps nothing from its end, and cuts off nothing', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `key:${index}`);
    const { code, stdout } = await cli.run(['where', '--json'], { input: keys.join('\n') });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(keys.length + 1);
    expect(await cli.run(['spread', '-'])).toMatchObject({
      ...{ code: 2, stdout: '', stderr: 'rb: there are no keys: one is expected on each line\n' },
    });
  });

  it('lets a signal end it, and whoever reads no more', async () => {
    const interrupted = cli.start(['status', '--watch', '--interval', '0.05']);
    await interrupted.shows('down');
    interrupted.kill('SIGTERM');
    expect(await interrupted.result).toMatchObject({ code: 143, stderr: '' });
    const unread = cli.start(['where', '--json'], { input: 'key\n'.repeat(200_000) });
    await unread.shows('"key"');
    unread.closeOutput();
    expect(await unread.result).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the grammar', () => {
  it('prints help with examples for each verb, and ends with 0', async () => {
    const { code, stdout } = await cli.run(['--help']);
    expect(code).toBe(0);
    const verbs = [...stdout.matchAll(/^ {2}(\w+) .*(?:show|run|list|put) /gm)].map(
      ([, verb]) => verb!,
    );
    expect(verbs).toEqual(['where', 'exec', 'all', 'fanout', 'status', 'keys', 'spread', 'bench']);
    for (const verb of verbs) {
      const help = await cli.run([verb, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toMatch(new RegExp(`Examples:\n  \\$ rb ${verb}`));
      expect((await cli.run(['help', verb])).stdout).toBe(help.stdout);
    }
    expect(await cli.run(['help'])).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it('refuses what it does not know with 2, and says what was meant', async () => {
    const verb = await cli.run(['statsu']);
    expect(verb).toMatchObject({ code: 2, stdout: '' });
    expect(verb.stderr).toContain('(Did you mean status?)');
    const help = await cli.run(['help', 'nosuch']);
    expect(help).toMatchObject({ code: 2, stdout: '', stderr: "rb: unknown verb 'nosuch'\n" });
    for (const args of [[], ['exec'], ['where', '--nope'], ['status', 'operand']]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
      expect(stderr).not.toBe('');
    }
  });

  it.each([
    [['redis://u:my secret@h'], /^rb: unknown command 'redis:\/\/\*\*\*@h'/],
    [['status', '--on', 'u:my secret@h'], /^rb: --on \*\*\*@h: this names no hosts/],
    [['exec', '--hosts=redis://a', 'redis://u:my secret@h', 'k'], /^rb: unknown command/],
  ])('shows no password of what stands where something else belongs: %j', async (args, message) => {
    const { code, stderr } = await cli.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/secret/i);
  });

  it('shows of an option that there is not only what is no value', async () => {
    for (const args of [['exec', '-nps3cret', 'k'], ['-ps3cret'], ['--json', '-p', 's3cret']]) {
      const { code, stderr } = await cli.run(args);
      expect(code).toBe(2);
      expect(stderr).toContain("unknown option '-p'");
      expect(stderr).not.toContain('s3cret');
    }
  });

  it('says how a command of Redis is sent', async () => {
    for (const name of ['GET', 'eval', 'XREAD']) {
      const { code, stderr } = await cli.run([name, 'user:1']);
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(`^rb: ${name} is a command of Redis: rb exec ${name} `));
    }
  });

  it('says what is wrong as JSON if that is asked for', async () => {
    for (const args of [
      ['--json', 'nope'],
      ['where', '--json', '--nope'],
      ['spread', '--json'],
    ]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ error: { name: 'UsageError' } });
    }
  });

  it('refuses an argument that is no UTF-8 with 2, and shows nothing of it', async () => {
    const { code, stdout, stderr } = await cli.runShell(`rb where "$(printf 'key\\377')"`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^rb: argument 2 is not UTF-8, .* rb where - .* rb exec -x\n$/);
    expect(stderr).not.toContain('key\uFFFD');
    const json = await cli.run(['exec', '--json', 'GET', '\uFFFD']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { name: 'UsageError' } });
  });

  it('prints the version of the package', async () => {
    expect((await cli.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
