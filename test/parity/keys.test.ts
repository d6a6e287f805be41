/**
 * Whose answer counts: where the server names exactly one key, that one. Where it names none or
 * several, and where neither it nor the original finds any, we refuse. Where only the server refuses
 * the arguments, either answer is right: we find what the original found, or refuse.
 */

import { describe, expect, it } from 'vitest';

import { UnroutableCommand } from '../../src/errors.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { keyBytes, type Key } from '../../src/util/key.js';
import { clusterOf, keyOf, readVectors, type RecordedKey } from './vectors.js';

interface KeyCase {
  readonly command: string;
  readonly args: readonly RecordedKey[];
  readonly key?: RecordedKey;
  readonly error?: { readonly class: string };
  readonly redis: { readonly keys?: readonly RecordedKey[]; readonly error?: string };
}

const { cases } = readVectors('rb-keys.json') as { cases: readonly KeyCase[] };
const router = new PartitionRouter(clusterOf([[0, {}]]));

/** That COMMAND GETKEYS found the invocation fine, but without a key. */
const NO_KEYS = 'ERR The command has no key arguments';

function kindOf({ redis, error }: KeyCase): 'one key' | 'refused' | 'either' {
  if (redis.keys?.length === 1) return 'one key';
  if (redis.keys !== undefined || redis.error === NO_KEYS) return 'refused';
  return error === undefined ? 'either' : 'refused';
}

/** The key found; undefined where the command is refused. */
function ourKey({ command, args }: KeyCase): Key | undefined {
  const given = args.map(keyOf);
  try {
    const key = router.getKey(command, given);
    expect(given).toContain(key);
    return key;
  } catch (error) {
    expect(error).toBeInstanceOf(UnroutableCommand);
    return undefined;
  }
}

function bytesOf(key: RecordedKey): Buffer {
  return Buffer.from(keyBytes(keyOf(key)));
}

const oneKey = cases.filter((recorded) => kindOf(recorded) === 'one key');
const refused = cases.filter((recorded) => kindOf(recorded) === 'refused');
const either = cases.filter((recorded) => kindOf(recorded) === 'either');

describe('getKey', () => {
  it.each(oneKey)('$command $args: finds the one key of the server', (recorded) => {
    const key = ourKey(recorded);
    expect(key).toBeDefined();
    expect(Buffer.from(keyBytes(key!))).toEqual(bytesOf(recorded.redis.keys![0]!));
    if (recorded.key !== undefined) expect(key).toEqual(keyOf(recorded.key));
  });

  it.each(refused)('$command $args: is refused', (recorded) => {
    expect(ourKey(recorded)).toBeUndefined();
  });

  it.each(either)('$command $args: is found as by the original, or refused', (recorded) => {
    expect([undefined, keyOf(recorded.key!)]).toContainEqual(ourKey(recorded));
  });

  it(`ran ${cases.length} cases: ${oneKey.length} with one key, ${refused.length} refused, ${either.length} either`, () => {
    expect(cases.length).toBe(168);
    expect(oneKey.length + refused.length + either.length).toBe(cases.length);
    expect(oneKey.length).toBeGreaterThan(80);
  });
});
