/** `rb where`: which hosts keys live on. */

import { createHash } from 'node:crypto';

import type { Cluster } from '../../cluster.js';
import { crc32 } from '../../hash/crc32.js';
import { ConsistentHashingRouter } from '../../routers/consistent-hashing-router.js';
import { PartitionRouter } from '../../routers/partition-router.js';
import type { BaseRouter } from '../../routers/router.js';
import type { Context } from '../context.js';
import { EXIT, UsageError } from '../exit.js';
import { readKeys } from '../lines.js';
import { bytesJson } from '../reply.js';
import { displayText } from '../text.js';
import type { Verb } from '../verb.js';

type Key = string | Buffer;

/** Where a key lives, and why. */
interface Place {
  readonly host: number;
  readonly address: string;
  readonly db: number;
  readonly router: string;
  /** What a built-in router makes of the key; null where the router is another. */
  readonly hash: number | null;
}

/** `rb where` */
export const where: Verb<object> = {
  name: 'where',
  summary: 'show which host each key lives on',
  details: `Shows the host of each key: its id, address and database, the router, and the
hash that the router decides by. It is computed here; no host is asked.

Without keys, or with '-', they are read from stdin, one on each line.
With --json there is one JSON object for each key, on a line of its own.`,
  operands: '[key...]',
  options: [],
  examples: [
    ['rb where user:1 user:2', 'two keys'],
    ['rb where < keys.txt', 'many keys, one on each line'],
    ["rb where --json user:1 | jq '.host'", 'the host id alone'],
    ['rb where --router consistent-hashing user:1', 'where another router puts it'],
  ],
  run: runWhere,
};

async function runWhere(context: Context, operands: readonly string[]): Promise<number> {
  const cluster = await context.openCluster();
  const { output } = context;
  const router = cluster.getRouter();
  const columns = new Columns(cluster, router);
  if (!context.isJson) await output.line(output.colors.bold(columns.title()));
  for await (const key of keysOf(context, operands)) {
    const place = placeOf(key, cluster, router);
    if (context.isJson) await output.jsonLine({ key: keyJson(key), ...place });
    else await output.write(columns.row(place, output.isTerminal ? displayText(key) : key));
  }
  return EXIT.ok;
}

function keysOf(context: Context, operands: readonly string[]): Iterable<Key> | AsyncIterable<Key> {
  const isFromStdin = operands.length === 0 || (operands.length === 1 && operands[0] === '-');
  if (!isFromStdin) return operands;
  if (operands.length === 0 && context.stdin.isTTY) {
    throw new UsageError('no key is named: give keys, or lines of keys on stdin');
  }
  return readKeys(context.stdin);
}

function keyJson(key: Key): unknown {
  return typeof key === 'string' ? key : bytesJson(key);
}

function placeOf(key: Key, cluster: Cluster, router: BaseRouter): Place {
  const host = router.getHostForKey(key);
  const { address, db } = cluster.hosts.get(host) ?? { address: 'unknown', db: 0 };
  return { host, address, db, router: router.constructor.name, hash: hashOf(key, router) };
}

/** By the class itself: a subclass may go by something else. */
function hashOf(key: Key, router: BaseRouter): number | null {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  if (router.constructor === PartitionRouter) return crc32(bytes);
  if (router.constructor !== ConsistentHashingRouter) return null;
  return createHash('md5').update(bytes).digest().readUInt32LE(0);
}

/** The longest hash: -2147483648. */
const HASH_WIDTH = 11;

/** Rows of one width from the first key on, however many follow: keys, being of any length, are last. */
class Columns {
  readonly #widths: readonly number[];

  constructor(cluster: Cluster, router: BaseRouter) {
    const hosts = [...cluster.hosts.values()];
    const widest = (title: string, values: readonly string[]): number =>
      Math.max(title.length, ...values.map((value) => value.length));
    this.#widths = [
      widest(
        'HOST',
        hosts.map(({ hostId }) => String(hostId)),
      ),
      widest(
        'ADDRESS',
        hosts.map(({ address }) => address),
      ),
      widest(
        'DB',
        hosts.map(({ db }) => String(db)),
      ),
      widest('ROUTER', [router.constructor.name]),
      HASH_WIDTH,
    ];
  }

  title(): string {
    return `${this.#cells('HOST', 'ADDRESS', 'DB', 'ROUTER', 'HASH')}KEY`;
  }

  row({ host, address, db, router, hash }: Place, key: Key): Buffer {
    const cells = this.#cells(`${host}`, address, `${db}`, router, `${hash ?? '-'}`);
    return Buffer.concat([Buffer.from(cells), Buffer.from(key), Buffer.from('\n')]);
  }

  #cells(...cells: readonly string[]): string {
    const padded = cells.map((cell, index) => {
      const width = this.#widths[index] ?? 0;
      return index === cells.length - 1 ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${padded.join('  ')}  `;
  }
}
