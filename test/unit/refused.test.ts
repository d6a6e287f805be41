import { describe, expect, it } from 'vitest';

import { mayBeRefused, refusal } from '../../src/commands/refused.js';
import { UnroutableCommand } from '../../src/errors.js';

const commands =
  'MULTI EXEC DISCARD WATCH UNWATCH SELECT AUTH HELLO RESET QUIT MONITOR SYNC PSYNC REPLCONF ' +
  'SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE READONLY READWRITE ' +
  'ASKING HIMPORT';
const clientSubcommands = 'REPLY TRACKING CACHING SETNAME NO-EVICT NO-TOUCH';

describe('refusal', () => {
  it.each(commands.split(' '))('refuses %s in any spelling', (name) => {
    for (const spelling of [name, name.toLowerCase(), `${name[0]}${name.slice(1).toLowerCase()}`]) {
      expect(refusal(spelling, undefined)).toBeInstanceOf(UnroutableCommand);
      expect(refusal(Buffer.from(spelling), 'x')).toBeInstanceOf(UnroutableCommand);
    }
  });

  it.each(clientSubcommands.split(' '))('refuses CLIENT %s in any spelling', (subcommand) => {
    for (const spelling of [subcommand, subcommand.toLowerCase()]) {
      expect(refusal('client', spelling)).toBeInstanceOf(UnroutableCommand);
      expect(refusal('CLIENT', Buffer.from(spelling))).toBeInstanceOf(UnroutableCommand);
    }
  });

  it('refuses SCRIPT DEBUG', () => {
    expect(refusal('script', 'debug')).toBeInstanceOf(UnroutableCommand);
  });

  it('names the command and the way out, and no argument', () => {
    const error = refusal('auth', 'hunter2');
    expect(error?.message).toContain('AUTH');
    expect(error?.message).toContain('getLocalClient');
    expect(error?.message).not.toContain('hunter2');
    expect(refusal('client', 'reply')?.message).toContain('CLIENT REPLY');
  });

  it.each([
    ['GET', 'MULTI'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'INFO'],
    ['CLIENT', 'ID'],
    ['CLIENT', 'KILL'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', undefined],
    ['SCRIPT', 'LOAD'],
    ['CONFIG', 'GET'],
    ['PUBSUB', 'CHANNELS'],
    ['PUBLISH', 'channel'],
    ['WAIT', 1],
    ['WAITAOF', 1],
    ['', undefined],
    [' MULTI', undefined],
    ['MULTI ', undefined],
    ['CLIENT REPLY', 'OFF'],
    ['CLIENT', ' REPLY'],
    [1, 'REPLY'],
  ])('lets %j %j pass', (name, firstArg) => {
    expect(refusal(name, firstArg)).toBeUndefined();
  });

  it('is not tricked by a NUL, after which a server may stop comparing', () => {
    for (const name of ['MULTI\0', 'BLPOP\0x', 'GET\0', `${'x'.repeat(100)}\0`]) {
      expect(refusal(name, undefined)?.message).toMatch(/cannot hold a NUL/);
      expect(refusal(Buffer.from(name), undefined)?.message).toMatch(/cannot hold a NUL/);
      expect(mayBeRefused(name)).toBe(true);
    }
    expect(refusal('client', `reply\0${'x'.repeat(1000)}`)).toBeInstanceOf(UnroutableCommand);
    expect(refusal('client', Buffer.from('reply\0'))).toBeInstanceOf(UnroutableCommand);
  });
});
