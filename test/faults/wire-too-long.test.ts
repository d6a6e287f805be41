/**
 * Values that are longer than a string can be. That would take half a GiB and many seconds, so Node's
 * limit is taken to be lower here.
 */

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { ConnectionError, ProtocolError } from '../../src/errors.js';
import { Thrown } from '../../src/wire/thrown.js';
import { startServer } from '../helpers/single-server.js';
import type { SingleServer } from '../helpers/single-server.js';
import { bulk, Replies } from '../unit/wire/decoding.js';
import { ERROR_FIELDS, execute, failureOf, makeChannel, send, settled } from './wire-channel.js';

const LONGEST = 200_000;
const LENGTH = 300_000;

let single: SingleServer;
beforeAll(async () => {
  single = await startServer();
});
afterAll(() => single.close());
beforeEach(() => {
  const prototype = Buffer.prototype as Buffer;
  const real = Reflect.get<Buffer, 'latin1Slice'>(prototype, 'latin1Slice');
  vi.spyOn(prototype, 'latin1Slice').mockImplementation(function (
    this: Buffer,
    start = 0,
    end = this.length,
  ) {
    if (end - start <= LONGEST) return real.call(this, start, end);
    const message = `Cannot create a string longer than 0x${LONGEST.toString(16)} characters`;
    throw Object.assign(new Error(message), { code: 'ERR_STRING_TOO_LONG' });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

it.each(['GET huge', 'MGET first huge last'])(
  'reject %s only, which is not sent again',
  async (read) => {
    const channel = makeChannel({ path: single.server.socketPath! });
    await execute(channel, 'CONFIG RESETSTAT');
    await execute(channel, `SETRANGE huge ${LENGTH - 1} x`);
    const id = await execute(channel, 'CLIENT ID');
    const sent = send(channel, read, 'ECHO next');
    await settled(sent);
    const thrown = await failureOf(sent.calls[0]);
    expect(thrown).toBeInstanceOf(Thrown);
    const { reason } = thrown as unknown as { reason: Error };
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason).toMatchObject({
      ...ERROR_FIELDS,
      maybeExecuted: true,
      cause: { code: 'ERR_STRING_TOO_LONG' },
    });
    expect(reason.message).toMatch(
      /^the test server sent a value of 300000 bytes, .*; ask for a Buffer/,
    );
    expect(sent.calls[1]!.value).toBe('next');
    expect(await execute(channel, 'CLIENT ID')).toBe(id);
    const stats = (await execute(channel, 'INFO commandstats')) as string;
    expect(stats).toMatch(/cmdstat_m?get:calls=1,/);
    channel.disconnect(new ConnectionError('end of test'));
  },
);

it('in a push leave the next reply alone', () => {
  const push = Buffer.concat([Buffer.from('>2\r\n+message\r\n'), bulk('x'.repeat(LENGTH))]);
  expect(new Replies().decode(push, Buffer.from('+next\r\n'))).toEqual(['next']);
});
