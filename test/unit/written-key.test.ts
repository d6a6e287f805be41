import { describe, expect, it } from 'vitest';

import { appendWritten, writeKey } from '../../src/clients/written-key.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { RespWriter } from '../../src/wire/encoder.js';

const LONGEST = 48;
const HOSTS = 251;
const router = new PartitionRouter({
  hosts: new Map(Array.from({ length: HOSTS }, (_, hostId) => [hostId, hostOf(hostId)])),
});

function hostOf(hostId: number) {
  return { hostId, host: 'localhost', port: 6379, db: 0, ssl: false };
}

/** What is appended for a key; undefined if it is not the one that is written. */
function appended(key: string, capacity: number): string | undefined {
  const target = new RespWriter(capacity);
  target.writeString('before');
  const before = target.length;
  if (!appendWritten(target, key)) {
    expect(target.length).toBe(before);
    return undefined;
  }
  return target.bytes.latin1Slice(before, target.length);
}

describe.each([16, 4096])('a key that is written once, for a buffer of %i bytes', (capacity) => {
  it.each(Array.from({ length: LONGEST + 1 }, (_, length) => length))(
    'of length %i is hashed, and appended as an argument as often as it is asked for',
    (length) => {
      const key = '0123456789'.repeat(5).slice(0, length);
      expect(writeKey(router, key)).toBe(router.getHostForKey(key));
      for (let time = 0; time < 2; time++) {
        expect(appended(key, capacity)).toBe(`$${length}\r\n${key}\r\n`);
      }
    },
  );

  it('is given for that key alone', () => {
    writeKey(router, 'first');
    writeKey(router, 'other');
    expect(appended('first', capacity)).toBeUndefined();
    expect(appended('othe', capacity)).toBeUndefined();
    expect(appended('othes', capacity)).toBeUndefined();
    expect(appended(['ot', 'her'].join(''), capacity)).toBe('$5\r\nother\r\n');
  });

  it.each(['x'.repeat(LONGEST + 1), 'caf\u00e9', 'first\u0080', 'abcd\ud83d'])(
    'is not %j, and what was written before is not taken for it or spoilt',
    (key) => {
      writeKey(router, 'first');
      expect(writeKey(router, key)).toBeUndefined();
      expect(appended(key, capacity)).toBeUndefined();
      const first = appended('first', capacity);
      expect([undefined, '$5\r\nfirst\r\n']).toContain(first);
    },
  );
});
