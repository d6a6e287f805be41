/** The hosts of keys, and the rings that consistent hashing looks them up on. */
import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { hostMap, range } from './support.mjs';

const HOSTS = 8;
const KEYS = 1_000;
/** So many keys are enough to compare two rings. */
const COMPARED = 100;

const KEY_KINDS = {
  'short keys': (i) => `user:${i}`,
  'keys of 25 bytes': (i) => `user:${i}:session:`.padEnd(25, 'x'),
  'keys of 100 bytes': (i) => `session:${i}:`.padEnd(100, 'x'),
  'keys beyond ASCII': (i) => `größe:${i}`,
  numbers: (i) => i * 7_919,
  Buffers: (i) => Buffer.from(`user:${i}`),
};

/** What a plain command hashes while it writes it. */
const WRITTEN_KINDS = ['short keys', 'keys of 25 bytes'];

export function routerBenches({ ConsistentHashingRouter, PartitionRouter, Ring }) {
  const lookups = (title, Router, reference) =>
    Object.entries(KEY_KINDS).map(([kind, keyOf]) => ({
      name: `${title}: ${kind}`,
      setUp: () => lookup(new Router({ hosts: hostMap(HOSTS) }), range(KEYS, keyOf), reference()),
    }));
  const builds = [8, 64, 256].map((count) => ({
    name: `ring: built of ${count} hosts`,
    setUp: () =>
      ringBuild(
        Ring,
        range(count, (i) => `host-${i}`),
      ),
  }));
  const partition = () => partitionOf;
  const ketama = () => {
    const ring = referenceRing([...hostMap(HOSTS).values()].map(pythonLabel));
    return (key) => ownerOn(ring, key);
  };
  return [
    ...lookups('partition', PartitionRouter, partition),
    ...WRITTEN_KINDS.map((kind) => ({
      name: `partition, key written with that: ${kind}`,
      setUp: () =>
        writing(new PartitionRouter({ hosts: hostMap(HOSTS) }), range(KEYS, KEY_KINDS[kind])),
    })),
    ...lookups('ketama', ConsistentHashingRouter, ketama),
    ...builds,
  ];
}

/** An operation is a key. */
function writing(router, keys) {
  const target = new DataView(new ArrayBuffer(48));
  let sum;
  return {
    operations: keys.length,
    run() {
      sum = 0;
      for (let i = 0; i < keys.length; i++) sum += router.writeAndGetHost(keys[i], target);
    },
    check() {
      for (const key of keys) {
        deepStrictEqual(router.writeAndGetHost(key, target), partitionOf(key));
        deepStrictEqual(Buffer.from(target.buffer).toString('latin1', 0, key.length), key);
      }
      const expected = keys.reduce((total, key) => total + partitionOf(key), 0);
      this.run();
      deepStrictEqual(sum, expected);
    },
  };
}

/** An operation is a key. */
function lookup(router, keys, hostOf) {
  let sum;
  return {
    operations: keys.length,
    run() {
      sum = 0;
      for (let i = 0; i < keys.length; i++) sum += router.getHostForKey(keys[i]);
    },
    check() {
      const hosts = keys.map(hostOf);
      deepStrictEqual(
        keys.map((key) => router.getHostForKey(key)),
        hosts,
      );
      this.run();
      deepStrictEqual(
        sum,
        hosts.reduce((total, host) => total + host, 0),
      );
    },
  };
}

/** An operation is a ring. */
function ringBuild(Ring, labels) {
  const shares = labels.map((label) => ({ label }));
  let ring;
  return {
    operations: 1,
    run() {
      ring = new Ring(shares);
    },
    check() {
      this.run();
      const reference = referenceRing(labels);
      const keys = range(COMPARED, KEY_KINDS['short keys']);
      deepStrictEqual(ring.size, new Set(reference.map(({ point }) => point)).size);
      deepStrictEqual(
        keys.map((key) => ring.ownerOf(key)),
        keys.map((key) => ownerOn(reference, key)),
      );
    },
  };
}

// The same once more, made the simplest way: what the library answers is compared with it.

function partitionOf(key) {
  let crc = -1;
  for (const byte of bytesOf(key)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((~crc % HOSTS) + HOSTS) % HOSTS;
}

function referenceRing(labels) {
  return labels.flatMap((label, owner) =>
    range(40, (i) => md5(`${label}-${i}-salt`)).flatMap((digest) =>
      range(4, (word) => ({ point: digest.readUInt32LE(word * 4), owner })),
    ),
  );
}

/** Of the points behind the key's, or else of all, the lowest; the later of two on one place. */
function ownerOn(ring, key) {
  const hash = md5(bytesOf(key)).readUInt32LE(0);
  const behind = ring.filter(({ point }) => point > hash);
  const candidates = behind.length > 0 ? behind : ring;
  return candidates.reduce((best, next) => (next.point <= best.point ? next : best)).owner;
}

function pythonLabel({ hostId, host, port, db }) {
  return (
    `<HostInfo db=${db} host='${host}' host_id=${hostId} password=None port=${port} ` +
    'ssl=False ssl_options=None unix_socket_path=None>'
  );
}

function md5(data) {
  return createHash('md5').update(data).digest();
}

function bytesOf(key) {
  return Buffer.from(typeof key === 'number' ? String(key) : key);
}
