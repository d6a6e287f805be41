/** What is told of a handshake that is refused. */

import { expect, it } from 'vitest';

import { ReplyError } from '../../../src/errors.js';
import { handshake } from '../../../src/wire/handshake.js';

const options = {
  protocol: 3,
  db: 0,
  clientName: undefined,
  credentials: () => undefined,
} as const;

/** The reason that is told when the server answers HELLO like this. */
function refusedWith(answer: string, password: string): Error {
  let reason: Error | undefined;
  const pipeline = handshake(options, { password }, (refusal) => (reason ??= refusal));
  pipeline.sinks[0]!.onError(new ReplyError(answer));
  return reason!;
}

it.each([
  ['ERR bad args HELLO 3 AUTH default sekrit', 'sekrit', 'ERR'],
  ["ERR unknown command 'HELLO', with args beginning with: '3' 'sekrit'", 'sekrit', /HELLO/],
  ['WRONGPASS invalid username-password pair', 'password', /^WRONGPASS invalid username-password/],
  ['NOAUTH HELLO must be called', 'sekrit', /^NOAUTH HELLO must be called$/],
])('%s', (answer, password, shown) => {
  const reason = refusedWith(answer, password);
  const cause = reason.cause as ReplyError;
  expect(cause).toBeInstanceOf(ReplyError);
  expect(cause.message).toEqual(typeof shown === 'string' ? shown : expect.stringMatching(shown));
  const texts = [reason.message, reason.stack, cause.message, cause.stack].join(' ');
  expect(texts).not.toContain('sekrit');
});
