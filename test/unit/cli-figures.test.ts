/** What the command line makes of figures: INFO, totals and skew, cursors, placements, histograms. */

import { Int32Histogram } from 'hdr-histogram-js';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';

import { bucketsOf, statistics } from '../../src/cli/bench-report.js';
import { type HostStatus, hitRate, skewOf, totalsOf } from '../../src/cli/host-status.js';
import { Placement, withHostCount } from '../../src/cli/placement.js';
import { progressOf } from '../../src/cli/scan.js';
import { parseInfo } from '../../src/cli/server-info.js';
import { formatSpread } from '../../src/cli/spread-report.js';
import { formatStatus, formatStatusWithin } from '../../src/cli/status-report.js';
import { Cluster } from '../../src/cluster.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';

const plain = pc.createColors(false);

const INFO = [
  '# Server',
  'redis_version:7.0.15',
  'run_id:abc',
  '# Clients',
  'connected_clients:3',
  '# Memory',
  'used_memory:2048',
  '# Persistence',
  'loading:0',
  '# Stats',
  'instantaneous_ops_per_sec:12',
  'keyspace_hits:3',
  'keyspace_misses:1',
  '# Replication',
  'role:master',
  '# Keyspace',
  'db0:keys=10,expires=1,avg_ttl=0',
  'db1:keys=5,expires=0,avg_ttl=0',
  '',
].join('\r\n');

describe('parseInfo', () => {
  it('reads what the server says, and the keys of the database', () => {
    expect(parseInfo(INFO, 1)).toEqual({
      ...{ runId: 'abc', version: '7.0.15', role: 'master', isLoading: false, keys: 5 },
      ...{ memoryBytes: 2048, clients: 3, commandsPerSecond: 12, hits: 3, misses: 1 },
    });
    expect(parseInfo(INFO, 2).keys).toBe(0);
  });

  it('names Valkey, and a server that loads its data', () => {
    const text = `${INFO}valkey_version:8.1.0\r\nloading:1\r\n`;
    expect(parseInfo(text, 0)).toMatchObject({ version: 'valkey 8.1.0', isLoading: true });
  });
});

function hostStatus(host: number, runId: string, db: number): HostStatus {
  const info = { ...parseInfo(INFO, db), runId };
  return { host, address: `h${host}:6379`, db, state: 'up', info, latencyMs: 0.5 };
}

describe('totals', () => {
  const statuses: HostStatus[] = [
    hostStatus(0, 'one', 0),
    hostStatus(1, 'one', 1),
    hostStatus(2, 'two', 0),
    { host: 3, address: 'h3:6379', db: 0, state: 'down', error: new Error('no route') },
  ];

  it('add up keys by host, and everything else by server', () => {
    expect(totalsOf(statuses)).toEqual({
      ...{ hosts: 4, up: 3, servers: 2, keys: 25, memoryBytes: 4096, clients: 6 },
      ...{ commandsPerSecond: 24, hits: 6, misses: 2 },
    });
  });

  it('stand below the rows of the hosts', () => {
    expect(formatStatus(statuses, { colors: plain, room: Infinity }).split('\n')).toEqual([
      'HOST   ADDRESS  DB  STATE   VERSION  ROLE    KEYS  MEMORY  CLIENTS  OPS/S   HITS     PING',
      '0      h0:6379  0   up      7.0.15   master    10  2.0 KB        3     12  75.0%  0.50 ms',
      '1      h1:6379  1   up      7.0.15   master     5  2.0 KB        3     12  75.0%  0.50 ms',
      '2      h2:6379  0   up      7.0.15   master    10  2.0 KB        3     12  75.0%  0.50 ms',
      '3      h3:6379  0   down    -        -          -       -        -      -      -        -',
      'total               3/4 up                     25  4.0 KB        6     24  75.0%',
      'host 3: no route',
      'skew of keys: 5 (host 1) to 10 (host 2); the largest is 1.20 times the mean',
      'skew of memory: 2.0 KB (host 0) to 2.0 KB (host 2); the largest is 1.00 times the mean',
      '3 hosts on 2 servers: memory, clients, ops/s and hits are those of the server, and are ' +
        'counted once for each in the total',
    ]);
  });

  it('have nothing above them that a terminal would obey, whatever a server says', () => {
    const info = parseInfo('redis_version:\x1b[31m7\r\nrole:\u202emaster\r\n', 0);
    const [, row] = formatStatus([{ host: 0, address: 'h0:6379', db: 0, state: 'up', info }], {
      colors: plain,
      room: Infinity,
    }).split('\n');
    expect(row).toMatch(/^0 +h0:6379 +0 +up +"\\x1b\[31m7" +"\\xe2\\x80\\xaemaster" /);
  });

  it('leave columns out where a terminal has no room for all, and say so', () => {
    const at = (room: number): string[] =>
      formatStatus(statuses, { colors: plain, room }).split('\n');
    const [title = ''] = at(Infinity);
    expect(at(title.length)[0]).toBe(title);
    expect(at(title.length - 1)[0]).not.toContain('VERSION');
    const narrow = at(60);
    expect(narrow[0]).toBe('HOST   ADDRESS  DB  STATE   KEYS  MEMORY  OPS/S     PING');
    expect(narrow[6]).toBe(
      'no room for VERSION, ROLE, CLIENTS, HITS: a wider terminal or --json has them',
    );
    // The host, its state and what it holds stay, however narrow the terminal is.
    expect(at(1)[0]).toBe('HOST   ADDRESS  DB  STATE   KEYS  MEMORY');
  });

  it('stay in sight on a low terminal, where hosts that are up are left out first', () => {
    const within = (height: number): string[] =>
      formatStatusWithin(height, statuses, { colors: plain, room: Infinity }).split('\n');
    expect(within(10)).toEqual(within(Infinity));
    const low = within(8);
    expect(low).toHaveLength(8);
    expect(low.map((line) => line.split(' ', 1)[0])).toEqual([
      ...['HOST', '3', 'total', 'no', 'host', 'skew', 'skew', '3'],
    ]);
    expect(low[3]).toBe('no room for 3 more hosts');
  });

  it('know no hit rate before the first read', () => {
    expect(hitRate({ hits: 0, misses: 0 })).toBeUndefined();
    expect(hitRate({ hits: 1, misses: 3 })).toBe(0.25);
  });
});

describe('skewOf', () => {
  it('compares the largest with the mean', () => {
    expect(
      skewOf(
        new Map([
          [0, 10],
          [1, 30],
          [2, 20],
        ]),
      ),
    ).toEqual({
      ...{ smallest: 10, smallestHost: 0, largest: 30, largestHost: 1, largestToMean: 1.5 },
    });
  });

  it('is none where there is nothing to compare', () => {
    expect(skewOf(new Map([[0, 10]]))).toBeUndefined();
    expect(
      skewOf(
        new Map([
          [0, 0],
          [1, 0],
        ]),
      ),
    ).toBeUndefined();
  });
});

describe('progressOf', () => {
  it('rises from 0 to 1 as a server counts its cursor, whatever the size of its table', () => {
    for (const bits of [3, 7]) {
      let cursor = 0;
      const seen: number[] = [];
      do {
        seen.push(progressOf(String(cursor)));
        cursor = nextCursor(cursor, bits);
      } while (cursor !== 0);
      expect(seen).toEqual(Array.from({ length: 2 ** bits }, (_, index) => index / 2 ** bits));
    }
    expect(progressOf('9223372036854775808')).toBeLessThan(1e-15);
  });

  /** The cursor after this one in a table of 2^bits buckets: one more, in reversed bits. */
  function nextCursor(cursor: number, bits: number): number {
    const reversed = (value: number): number =>
      parseInt(Array.from(value.toString(2).padStart(bits, '0')).reverse().join(''), 2);
    return reversed((reversed(cursor) + 1) % 2 ** bits);
  }
});

describe('placements', () => {
  const hosts = {
    0: { host: 'a', password: 'x' },
    1: { host: 'b', port: 1, db: 3 },
    2: { unixSocketPath: '/s', ringLabel: 'third' },
  };

  it.each([undefined, ConsistentHashingRouter])(
    'of as many hosts are those of the cluster itself',
    (router) => {
      const options = { hosts, ...(router !== undefined && { router }) };
      const placement = new Placement(new Cluster(withHostCount(options, 3)));
      const cluster = new Cluster(options).getRouter();
      for (let index = 0; index < 500; index++) {
        placement.add(`key:${index}`, cluster.getHostForKey(`key:${index}`));
      }
      expect(placement).toMatchObject({ hosts: 3, moved: 0, total: 500 });
    },
  );

  it('count what moves, and draw as wide as the terminal is', () => {
    const now = new Placement(new Cluster({ hosts }));
    const more = new Placement(new Cluster(withHostCount({ hosts }, 6)));
    for (let index = 0; index < 600; index++) more.add(`key:${index}`, now.add(`key:${index}`));
    // Modulo 6 puts a key where modulo 3 does, or three further.
    const stay = [0, 1, 2].reduce((sum, id) => sum + more.counts.get(id)!, 0);
    expect(more.moved).toBe(600 - stay);
    const lines = formatSpread(now, [more], { colors: plain, width: 60 }).split('\n');
    expect(lines[0]).toBe('600 keys on 3 hosts, PartitionRouter');
    expect(Math.max(...lines.slice(1, 4).map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(lines[5]).toMatch(/^ROUTER +HOSTS +FEWEST +MOST +MOST\/MEAN +MOVE +SHARE$/);
    expect(lines[7]).toMatch(new RegExp(`^PartitionRouter +6 .* ${more.moved} +[\\d.]+%$`));
  });
});

describe('statistics', () => {
  it('have no percentile above the maximum', () => {
    const histogram = new Int32Histogram(1, 2, 3);
    histogram.autoResize = true;
    histogram.recordValue(100_001);
    // All values from 99,968 to 100,031 are one to the histogram.
    expect(histogram.getValueAtPercentile(50)).toBeGreaterThan(100_001);
    expect(
      statistics(histogram)
        .slice(1)
        .map(([, micros]) => micros),
    ).toEqual(Array<number>(5).fill(100_001));
  });
});

describe('bucketsOf', () => {
  it('has bounds of 1, 2 and 5 from the first latency to the last, with none left out', () => {
    const histogram = new Int32Histogram(1, 2, 3);
    histogram.autoResize = true;
    for (const [value, count] of [
      [12, 3],
      [20, 1],
      [150, 2],
      [1_000, 1],
    ] as const) {
      for (let index = 0; index < count; index++) histogram.recordValue(value);
    }
    expect(bucketsOf(histogram)).toEqual([
      { above: 10, upTo: 20, count: 4 },
      { above: 20, upTo: 50, count: 0 },
      { above: 50, upTo: 100, count: 0 },
      { above: 100, upTo: 200, count: 2 },
      { above: 200, upTo: 500, count: 0 },
      { above: 500, upTo: 1000, count: 1 },
    ]);
    // The same again: it can be read more than once.
    expect(bucketsOf(histogram)).toHaveLength(6);
  });
});
