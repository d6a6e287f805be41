/** Runs every example. */

import { readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { root, usePrograms } from '../helpers/programs.js';

const programs = usePrograms();

/** What each example prints; the runner of `testing` also prints how long things took. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  buffers: [
    'value: <Buffer de ad be ef>',
    'greeting as text: grüß dich',
    'greeting as bytes: 11',
    'mapped: grüß dich <Buffer de ad be ef>',
    "hash: Map(2) { 'name' => 'Ada', 'born' => '1815' }",
    'number: 11',
  ],
  'command-lists': [
    'in the bank: 30',
    'cash and bank: 70 and 30',
    'bob: OK, PONG',
    'MapError: 1 of 3 failed',
    'ada 100',
    'bob FUNDS not enough',
    'bob 5',
  ],
  'consistent-hashing': [
    'PartitionRouter: 764 of 1000 keys have to move',
    'ConsistentHashingRouter: 227 of 1000 keys have to move',
    'key:1 belongs to small',
    'and now to larger',
  ],
  'copy-keys': [
    'from 4 hosts to 6',
    'copied: 5003',
    'name 1999 value',
    'expires in minutes: 10',
    'bytes: <Buffer 00 ff>',
    'on each host: 848 841 857 797 797 863',
  ],
  'counters-and-rate-limits': [
    'user-0: 5, user-9: 50, all: 5500',
    'request-0 of ann: passes',
    'request-1 of ann: passes',
    'request-2 of ann: passes',
    'request-3 of bob: passes',
    'request-4 of ann: is turned away',
    'request-5 of ann: passes',
    'every host has its share: true',
  ],
  'custom-router': [
    'acme:users lives on host 2',
    'acme:orders lives on host 2',
    'bigco:users lives on host 3',
    'bigco:orders lives on host 3',
    "users that are admins: [ 'ada' ]",
  ],
  failures: [
    'true INCR ERR value is not an integer or out of range',
    'the other command ran: 42',
    'true 2 of 3 failed',
    'handled: no number, 44',
    'true true',
    'may have run: true',
    'aborted: nobody waits any more',
    'cancelled: CancelledError',
    'and on it goes: 44',
  ],
  'fan-out': [
    'host 0 has 25 keys',
    'host 1 has 25 keys',
    'host 2 has 25 keys',
    'host 3 has 25 keys',
    'after flushDb on 0 and 1: Map(4) { 0 => 0, 1 => 0, 2 => 25, 3 => 25 }',
    "set on two hosts: Map(2) { 0 => 'OK', 1 => 'OK' }",
    "everywhere: Map(4) { 0 => 'hello', 1 => 'hello', 2 => null, 3 => null }",
    'one value: hello',
    'FanoutError: RB_FANOUT',
    'host 3: WRONGTYPE',
    'host 0: length 1',
    'host 1: length 1',
    'host 2: length 1',
  ],
  'local-client': [
    "transaction: [ 'OK', 7, '7' ]",
    'watched: WatchError',
    'message: hello',
    'found on all hosts: 20',
  ],
  mapping: [
    'square:0 0',
    'square:1 1',
    'square:2 4',
    'square:3 9',
    'square:4 16',
    'square:5 25',
    'all: 0 1 4 9 16 25',
    'three: 9, four: 16',
    'copy: 25',
    'sum: 13',
    "cities: [ 'Lima', null, 'Paris' ]",
    'counter: 1, then 11',
  ],
  routing: [
    'name: Ada',
    'born: 1815',
    'visits: 1 1 1 1',
    'length: 3',
    'user:1 lives on host 2',
    'user:2 lives on host 0',
    'user:4 lives on host 1',
    'refused: RB_UNROUTABLE, DEL, maybeExecuted: false',
    'left: 0',
  ],
  testing: ['tests 3', 'pass 3', 'fail 0'],
  'typed-scripts': ['first: 60', 'second: 100', 'mapped: 7 7 7', 'after SCRIPT FLUSH: 1'],
};

const examples = readdirSync(join(root, 'examples'))
  .filter((file) => extname(file) === '.mjs')
  .map((file) => basename(file, '.mjs'));

describe('the examples', () => {
  it('are all known here', () => {
    expect(examples.toSorted()).toEqual(Object.keys(outputs).toSorted());
  });

  it.each(examples)('print what they should, and leave nothing behind: %s', async (name) => {
    const lines = await programs.run(join('examples', `${name}.mjs`));
    expect(name === 'testing' ? testCounts(lines) : lines).toEqual(outputs[name]);
  });
});

/** What Node's test runner counted. One character by the kind of reporter stands in front. */
function testCounts(lines: readonly string[]): string[] {
  return lines.filter((line) => /^\S (tests|pass|fail) /.test(line)).map((line) => line.slice(2));
}
