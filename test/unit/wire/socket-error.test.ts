/** What is told of a socket's error. */

import { expect, it } from 'vitest';

import { socketMessage } from '../../../src/wire/socket-error.js';

const coded = (error: Error, code: string): Error => Object.assign(error, { code });

it.each([
  ['its message', new Error('connect ECONNREFUSED'), 'connect ECONNREFUSED'],
  [
    'its message in one line',
    new Error('80:error:0A000418:SSL routines\n'),
    '80:error:0A000418:SSL routines',
  ],
  ['its code where it has no message', coded(new Error(''), 'ETIMEDOUT'), 'ETIMEDOUT'],
  [
    'those of the errors in it',
    new AggregateError([new Error('one'), new Error('two')]),
    'one; two',
  ],
  [
    'the code of one that has nothing in it',
    coded(new AggregateError([]), 'ECONNREFUSED'),
    'ECONNREFUSED',
  ],
  ['its name if there is nothing else', new TypeError(), 'TypeError'],
])('is %s', (_, error, text) => {
  expect(socketMessage(error)).toBe(text);
});
