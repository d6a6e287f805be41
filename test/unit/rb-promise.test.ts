import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MisuseError } from '../../src/errors.js';
import {
  isHandled,
  RbPromise,
  settleRejected,
  settleResolved,
} from '../../src/promise/rb-promise.js';

const failure = new Error('boom');

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(MisuseError);
    expect(error).toBeInstanceOf(TypeError);
    return (error as MisuseError).code;
  }
  return 'nothing thrown';
}

function stateOf(promise: RbPromise<unknown>): unknown[] {
  const { isPending, isResolved, isRejected, value, reason } = promise;
  return [{ isPending, isResolved, isRejected }, value, reason];
}

const PENDING = { isPending: true, isResolved: false, isRejected: false };
const RESOLVED = { isPending: false, isResolved: true, isRejected: false };
const REJECTED = { isPending: false, isResolved: false, isRejected: true };

describe('the state of an RbPromise', () => {
  it('is pending at first, without value and reason', () => {
    expect(stateOf(new RbPromise())).toEqual([PENDING, undefined, undefined]);
  });

  it('has the value once resolved', () => {
    const promise = new RbPromise<string>();
    promise.resolve('x');
    expect(stateOf(promise)).toEqual([RESOLVED, 'x', undefined]);
    expect(stateOf(RbPromise.resolved(1))).toEqual([RESOLVED, 1, undefined]);
    expect(stateOf(RbPromise.resolved())).toEqual([RESOLVED, undefined, undefined]);
  });

  it('has the reason once rejected, whatever it is', () => {
    const promise = new RbPromise();
    promise.reject(failure);
    expect(stateOf(promise)).toEqual([REJECTED, undefined, failure]);
    expect(stateOf(RbPromise.rejected())).toEqual([REJECTED, undefined, undefined]);
    const inner = RbPromise.resolved(1);
    expect(RbPromise.rejected(inner).reason).toBe(inner);
  });

  it.each([0, '', false, null, undefined, NaN, 1n, Symbol.iterator, { a: 1 }, [1], () => 1])(
    'keeps %s as a value',
    (value) => {
      expect(RbPromise.resolved(value).value).toBe(value);
    },
  );

  it('refuses an executor', () => {
    const Loose = RbPromise as unknown as new (executor: unknown) => unknown;
    expect(codeOf(() => new Loose(() => undefined))).toBe('RB_INVALID_ARGUMENT');
  });
});

describe('settling twice', () => {
  it.each([
    ['resolved', () => RbPromise.resolved(1)],
    ['rejected', () => RbPromise.rejected<number>(failure)],
    [
      'following',
      () => {
        const promise = new RbPromise<number>();
        promise.resolve(new RbPromise<number>());
        return promise;
      },
    ],
  ])('is an error for a promise that is %s', (_state, make) => {
    const promise = make();
    const before = stateOf(promise);
    expect(codeOf(() => promise.resolve(2))).toBe('RB_ALREADY_SETTLED');
    expect(codeOf(() => promise.resolve(RbPromise.resolved(2)))).toBe('RB_ALREADY_SETTLED');
    expect(codeOf(() => promise.reject(failure))).toBe('RB_ALREADY_SETTLED');
    expect(stateOf(promise)).toEqual(before);
  });

  it('does not take over the duty for a promise that it refuses to follow', () => {
    const refused = RbPromise.rejected<number>(failure);
    expect(codeOf(() => RbPromise.resolved(1).resolve(refused))).toBe('RB_ALREADY_SETTLED');
    expect(isHandled(refused)).toBe(false);
  });

  it('is an error while the callbacks run', () => {
    const promise = new RbPromise<number>();
    let code: unknown;
    promise.done(() => (code = codeOf(() => promise.resolve(2))));
    promise.resolve(1);
    expect(code).toBe('RB_ALREADY_SETTLED');
  });

  it('is ignored where the reply of a command comes late', () => {
    const promise = RbPromise.resolved<unknown>('mine');
    settleResolved(promise, 'reply');
    settleRejected(promise, failure);
    expect(promise.value).toBe('mine');
    const follower = new RbPromise<unknown>();
    const followed = new RbPromise<unknown>();
    follower.resolve(followed);
    settleResolved(follower, 'reply');
    settleRejected(follower, failure);
    expect(follower.isPending).toBe(true);
    followed.resolve('followed');
    expect(follower.value).toBe('followed');
  });
});

describe('resolving with itself', () => {
  it('is an error and leaves the promise pending', () => {
    const promise = new RbPromise<unknown>();
    expect(codeOf(() => promise.resolve(promise))).toBe('RB_SELF_RESOLUTION');
    expect(promise.isPending).toBe(true);
    promise.resolve(1);
    expect(promise.value).toBe(1);
  });

  it('is an error too through promises that follow it', () => {
    const [a, b, c] = [new RbPromise(), new RbPromise(), new RbPromise()];
    b.resolve(c);
    a.resolve(b);
    expect(codeOf(() => c.resolve(a))).toBe('RB_SELF_RESOLUTION');
    c.resolve(1);
    expect(a.value).toBe(1);
  });

  it('rejects a derived promise', () => {
    const promise = new RbPromise<unknown>();
    const derived: RbPromise<unknown> = promise.then(() => derived);
    promise.resolve(1);
    expect(derived.reason).toMatchObject({ code: 'RB_SELF_RESOLUTION' });
  });

  it('rejects where a thenable answers with the promise', () => {
    const promise = new RbPromise<unknown>();
    promise.resolve({ then: (resolve: (value: unknown) => void) => resolve(promise) });
    expect(promise.reason).toMatchObject({ code: 'RB_SELF_RESOLUTION' });
  });
});

describe('following an RbPromise', () => {
  it('stays pending until that one settles, then does the same at once', () => {
    for (const settle of ['resolve', 'reject'] as const) {
      const followed = new RbPromise<string>();
      const promise = new RbPromise<string>();
      promise.resolve(followed);
      expect(stateOf(promise)).toEqual([PENDING, undefined, undefined]);
      followed[settle]('x');
      expect(stateOf(promise)).toEqual(stateOf(followed));
    }
  });

  it('takes the outcome of a settled one at once', () => {
    expect(RbPromise.resolved(RbPromise.resolved('x')).value).toBe('x');
    expect(RbPromise.resolved(RbPromise.rejected(failure)).reason).toBe(failure);
  });

  it('takes it at once amidst the callbacks of the followed one', () => {
    const followed = new RbPromise<number>();
    let value: unknown;
    followed.done(() => (value = RbPromise.resolved(followed).value));
    followed.done(() => undefined);
    followed.resolve(1);
    expect(value).toBe(1);
  });

  it('keeps its turn among the callbacks of the followed one', () => {
    const log: string[] = [];
    const [followed, promise] = [new RbPromise(), new RbPromise()];
    promise.done(() => log.push('follower'));
    followed.done(() => log.push('before'));
    promise.resolve(followed);
    followed.done(() => log.push('after'));
    followed.resolve(1);
    expect(log).toEqual(['before', 'follower', 'after']);
  });

  it('follows what the followed one follows', () => {
    const promises = Array.from({ length: 5 }, () => new RbPromise<unknown>());
    for (const [index, promise] of promises.entries()) {
      if (index > 0) promise.resolve(promises[index - 1]);
    }
    promises[0]?.resolve('x');
    expect(promises.map((promise) => promise.value)).toEqual(['x', 'x', 'x', 'x', 'x']);
  });
});

describe('following another thenable', () => {
  type Answer = (argument: unknown) => void;
  const thenable = (then: (resolve: Answer, reject: Answer) => void) =>
    ({ then }) as PromiseLike<unknown>;

  it('waits for a native promise', async () => {
    const promise = new RbPromise<string>();
    promise.resolve(Promise.resolve('x'));
    expect(promise.isPending).toBe(true);
    expect(codeOf(() => promise.resolve('y'))).toBe('RB_ALREADY_SETTLED');
    expect(await promise).toBe('x');
    expect(RbPromise.resolved(Promise.reject(failure)).catch((reason) => reason)).toBeInstanceOf(
      RbPromise,
    );
    await expect(RbPromise.resolved(Promise.reject(failure))).rejects.toBe(failure);
  });

  it('lets only the first of the two callbacks count', () => {
    const values = [
      thenable((resolve, reject) => {
        resolve(1);
        reject(failure);
        resolve(2);
      }),
      thenable((resolve, reject) => {
        reject(failure);
        resolve(1);
        reject(2);
      }),
      thenable((resolve) => {
        resolve(1);
        throw failure;
      }),
      thenable((resolve) => {
        resolve(new RbPromise());
        resolve(1);
      }),
    ].map((value) => RbPromise.resolved(value));
    expect(values.map(({ value, reason }) => [value, reason])).toEqual([
      [1, undefined],
      [undefined, failure],
      [1, undefined],
      [undefined, undefined],
    ]);
  });

  it('rejects when then throws, or its getter', () => {
    const throwing = thenable(() => {
      throw failure;
    });
    const hostile = Object.defineProperty({}, 'then', {
      get() {
        throw failure;
      },
    });
    expect(RbPromise.resolved(throwing).reason).toBe(failure);
    expect(RbPromise.resolved(hostile).reason).toBe(failure);
  });

  it('reads then once and calls it on the thenable', () => {
    let reads = 0;
    const receivers: unknown[] = [];
    const value = {
      get then() {
        reads++;
        return function (this: unknown, resolve: Answer) {
          receivers.push(this);
          resolve('x');
        };
      },
    };
    expect(RbPromise.resolved<unknown>(value).value).toBe('x');
    expect(reads).toBe(1);
    expect(receivers).toEqual([value]);
  });

  it('follows what the thenable answers with, in turn', () => {
    const inner = new RbPromise<unknown>();
    const outer = RbPromise.resolved(thenable((resolve) => resolve(inner)));
    expect(outer.isPending).toBe(true);
    inner.resolve(thenable((resolve) => resolve('x')));
    expect(outer.value).toBe('x');
  });

  it('follows a function that has a then', () => {
    const value = Object.assign(() => 1, { then: (resolve: Answer) => resolve('x') });
    expect(RbPromise.resolved<unknown>(value).value).toBe('x');
  });

  it('takes an object whose then is no function as a value', () => {
    const value = { then: 'x' };
    expect(RbPromise.resolved<unknown>(value).value).toBe(value);
  });
});

describe('settling from the wire', () => {
  it('does not look for a then', () => {
    const promise = new RbPromise<unknown>();
    const reply = { then: () => expect.unreachable() };
    settleResolved(promise, reply);
    expect(promise.value).toBe(reply);
  });

  it('runs the callbacks at once', () => {
    const log: unknown[] = [];
    const [good, bad] = [new RbPromise<unknown>(), new RbPromise<unknown>()];
    good.done((value) => log.push(value));
    bad.done(null, (reason) => log.push(reason));
    settleResolved(good, 'x');
    settleRejected(bad, failure);
    expect(log).toEqual(['x', failure]);
  });
});

describe('util.inspect', () => {
  it('shows state and value', () => {
    expect(inspect(new RbPromise())).toBe('RbPromise { <pending> }');
    expect(inspect(RbPromise.resolved('x'))).toBe("RbPromise { 'x' }");
    expect(inspect(RbPromise.resolved())).toBe('RbPromise { undefined }');
    expect(inspect(RbPromise.rejected('why'))).toBe("RbPromise { <rejected> 'why' }");
    expect(inspect(RbPromise.rejected(failure))).toMatch(/^RbPromise \{\s+<rejected> Error: boom/);
  });

  it('shows a promise that follows as pending', () => {
    const promise = new RbPromise();
    promise.resolve(new RbPromise());
    expect(inspect(promise)).toBe('RbPromise { <pending> }');
  });

  it('shows the base name for a subclass', () => {
    expect(inspect(new (class CommandPromise extends RbPromise<unknown> {})())).toBe(
      'RbPromise { <pending> }',
    );
  });

  it('keeps to the depth and to the colours', () => {
    expect(inspect([[[RbPromise.resolved(1)]]])).toBe('[ [ [ [RbPromise] ] ] ]');
    expect(inspect(RbPromise.resolved({ a: { b: {} } }), { depth: 1 })).toBe(
      'RbPromise { { a: [Object] } }',
    );
    expect(inspect(new RbPromise(), { colors: true })).toContain('\u001b[36m<pending>\u001b[39m');
  });

  it('indents what takes several lines', () => {
    const value = Array.from({ length: 3 }, (_, index) => 'x'.repeat(40) + String(index));
    expect(inspect(RbPromise.resolved(value)).split('\n')[1]).toMatch(/^ {2}\[/);
  });

  it('survives a promise that holds itself', () => {
    const value: { self?: unknown } = {};
    const promise = RbPromise.resolved(value);
    value.self = promise;
    expect(inspect(promise, { depth: null })).toBe('RbPromise { { self: [Circular] } }');
  });
});
