/** The promise of a command, which is made past the constructors of its classes. */

import { describe, expect, it } from 'vitest';

import { ReplyMapping } from '../../src/clients/reply-mapping.js';
import { CommandContext, CommandPromise } from '../../src/clients/sinks.js';
import { rawSpec } from '../../src/commands/command-spec.js';
import { type JoinScope, RbPromise, scopeOf, sequenceOf } from '../../src/promise/rb-promise.js';

const SILENT: JoinScope = { promiseRejected: () => {}, callbackFailed: () => {} };

describe('the promise of a command', () => {
  const context = new CommandContext(SILENT, rawSpec('GET', []), new ReplyMapping(3, undefined));

  it('is what its constructors make', () => {
    const made = CommandPromise.of<string>(context, 7);
    const constructed = new CommandPromise<string>(context, 7);
    expect(made).toBeInstanceOf(RbPromise);
    for (const promise of [made, constructed]) {
      expect(Reflect.getPrototypeOf(promise)).toBe(CommandPromise.prototype);
      expect(Reflect.ownKeys(promise)).toEqual([]);
      expect([scopeOf(promise), sequenceOf(promise), promise.isPending]).toEqual([
        context,
        7,
        true,
      ]);
      promise.onReply('value');
      expect([promise.value, promise.isResolved]).toEqual(['value', true]);
    }
  });
});
