import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { RbPromise } from '../../src/promise/rb-promise.js';

const failure = new Error('boom');
const unreachable = (): never => expect.unreachable('the callback must not run');

describe('callbacks', () => {
  it('run synchronously, in the order attached, at settling', () => {
    const log: string[] = [];
    const promise = new RbPromise<string>();
    promise.done((value) => log.push(`a ${value}`));
    promise.then((value) => log.push(`b ${value}`));
    promise.finally(() => log.push('c'));
    promise.done((value) => log.push(`d ${value}`), unreachable);
    promise.catch(unreachable);
    expect(log).toEqual([]);
    promise.resolve('x');
    expect(log).toEqual(['a x', 'b x', 'c', 'd x']);
  });

  it('run at once if the promise is settled', () => {
    const log: unknown[] = [];
    RbPromise.resolved('x').done((value) => log.push(value));
    RbPromise.rejected(failure).done(unreachable, (reason) => log.push(reason));
    RbPromise.resolved('y').then((value) => log.push(value));
    RbPromise.rejected('z').catch((reason) => log.push(reason));
    expect(log).toEqual(['x', failure, 'y', 'z']);
  });

  it('see the promise settled, and promises of later replies pending', () => {
    const [first, second] = [new RbPromise<number>(), new RbPromise<number>()];
    const seen: unknown[] = [];
    first.done(() => seen.push(first.value, second.isPending));
    first.resolve(1);
    second.resolve(2);
    expect(seen).toEqual([1, true]);
  });

  it('attached amidst the callbacks of the same promise wait their turn', () => {
    const log: string[] = [];
    const promise = new RbPromise();
    promise.done(() => {
      log.push('a begins');
      promise.done(() => {
        log.push('c');
        promise.done(() => log.push('d'));
      });
      log.push('a ends');
    });
    promise.done(() => log.push('b'));
    promise.resolve(1);
    expect(log).toEqual(['a begins', 'a ends', 'b', 'c', 'd']);
    promise.done(() => log.push('e'));
    expect(log.at(-1)).toBe('e');
  });

  it('attached amidst a callback of a promise that was settled before wait their turn too', () => {
    const log: string[] = [];
    const promise = RbPromise.resolved(1);
    promise.done(() => {
      promise.done(() => log.push('inner'));
      log.push('outer');
    });
    expect(log).toEqual(['outer', 'inner']);
  });

  it('of a derived promise run when it settles, before later ones of its parent', () => {
    const log: string[] = [];
    const promise = new RbPromise<string>();
    promise.then((value) => `${value}1`).then((value) => log.push(value));
    promise.done((value) => log.push(value));
    promise.resolve('x');
    expect(log).toEqual(['x1', 'x']);
  });

  it('can settle other promises, whose callbacks then run at once', () => {
    const log: string[] = [];
    const [a, b] = [new RbPromise(), new RbPromise()];
    b.done(() => log.push('b'));
    a.done(() => {
      b.resolve(1);
      log.push('a1');
    });
    a.done(() => log.push('a2'));
    a.resolve(1);
    expect(log).toEqual(['b', 'a1', 'a2']);
  });

  it('get no receiver and one argument', () => {
    const calls: unknown[][] = [];
    const record = function (this: unknown, ...args: unknown[]): void {
      calls.push([this, ...args]);
    };
    RbPromise.resolved(1).done(record).then(record);
    RbPromise.resolved(1).finally(record);
    expect(calls).toEqual([[undefined, 1], [undefined, 1], [undefined]]);
  });

  it('run in the async context of whoever settles, and after an await in that of the caller', async () => {
    const storage = new AsyncLocalStorage<string>();
    const promise = new RbPromise();
    const seen: unknown[] = [];
    await storage.run('caller', async () => {
      promise.done(() => seen.push(storage.getStore()));
      storage.run('connection', () => setImmediate(() => promise.resolve(1)));
      await promise;
      seen.push(storage.getStore());
    });
    expect(seen).toEqual(['connection', 'caller']);
  });
});

describe('done', () => {
  it('returns the promise itself', () => {
    const promise = new RbPromise<number>();
    expect(promise.done()).toBe(promise);
    expect(
      promise.done(
        () => 1,
        () => 2,
      ),
    ).toBe(promise);
    expect(promise.done(null, null)).toBe(promise);
  });

  it('ignores what the callback returns', () => {
    const promise = RbPromise.resolved(1);
    promise.done(() => RbPromise.resolved(2));
    expect(promise.value).toBe(1);
  });

  it.each([1, 'x', {}, true])('refuses %s as a callback', (callback) => {
    const promise = new RbPromise();
    const expected = expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }) as Error;
    expect(() => promise.done(callback as never)).toThrow(expected);
    expect(() => promise.done(null, callback as never)).toThrow(expected);
  });
});

describe('then', () => {
  it('answers a new promise for what the callback returns', () => {
    const promise = new RbPromise<number>();
    const derived = promise.then((value) => value + 1);
    expect(derived).not.toBe(promise);
    expect(derived.isPending).toBe(true);
    promise.resolve(1);
    expect(derived.value).toBe(2);
  });

  it('follows a promise that the callback returns', async () => {
    const inner = new RbPromise<string>();
    const derived = RbPromise.resolved(1).then(() => inner);
    expect(derived.isPending).toBe(true);
    inner.resolve('x');
    expect(derived.value).toBe('x');
    expect(await RbPromise.resolved(1).then(() => Promise.resolve('y'))).toBe('y');
  });

  it('settles as its parent does where there is no callback for the outcome', () => {
    expect(RbPromise.resolved(1).then().value).toBe(1);
    expect(RbPromise.resolved(1).then(null, unreachable).value).toBe(1);
    expect(RbPromise.rejected(failure).then(unreachable).reason).toBe(failure);
    expect(RbPromise.resolved(1).then('x' as never, 5 as never).value).toBe(1);
  });

  it('resolves with what the failure callback returns', () => {
    expect(RbPromise.rejected(failure).then(unreachable, () => 'saved').value).toBe('saved');
  });

  it('rejects the new promise when a callback throws, and the other callbacks still run', () => {
    const log: unknown[] = [];
    const promise = new RbPromise();
    const derived = promise.then(() => {
      throw failure;
    });
    promise.done((value) => log.push(value));
    promise.resolve('x');
    expect(log).toEqual(['x']);
    expect(derived.reason).toBe(failure);
    const again = RbPromise.rejected('first').catch(() => {
      throw failure;
    });
    expect(again.reason).toBe(failure);
  });

  it('may be settled by hand; what the callback decides is then dropped', () => {
    const promise = new RbPromise<string>();
    const derived = [
      promise.then((value) => value),
      promise.then(() => {
        throw failure;
      }),
      promise.then(),
      promise.finally(() => undefined),
    ];
    for (const one of derived) one.resolve('mine');
    promise.resolve('x');
    expect(derived.map(({ value }) => value)).toEqual(['mine', 'mine', 'mine', 'mine']);
  });

  it('makes plain promises, also for a subclass', () => {
    class Special<T> extends RbPromise<T> {}
    const special = new Special<number>();
    for (const derived of [special.then(), special.catch(), special.finally()]) {
      expect(Object.getPrototypeOf(derived)).toBe(RbPromise.prototype);
    }
  });
});

describe('catch', () => {
  it('answers what its callback returns for a failure, else the value', () => {
    expect(RbPromise.rejected(failure).catch((reason) => [reason]).value).toEqual([failure]);
    expect(RbPromise.resolved(1).catch(unreachable).value).toBe(1);
    expect(RbPromise.rejected(failure).catch().reason).toBe(failure);
  });
});

describe('finally', () => {
  it('passes the outcome on', () => {
    expect(RbPromise.resolved(1).finally(() => 2).value).toBe(1);
    expect(RbPromise.rejected(failure).finally(() => 2).reason).toBe(failure);
    expect(RbPromise.resolved(1).finally().value).toBe(1);
    expect(RbPromise.rejected(failure).finally(null).reason).toBe(failure);
  });

  it('waits for the promise that the callback returns', () => {
    const gates = [new RbPromise(), new RbPromise()];
    const derived = [
      RbPromise.resolved(1).finally(() => gates[0]),
      RbPromise.rejected(failure).finally(() => gates[1]),
    ];
    expect(derived.map(({ isPending }) => isPending)).toEqual([true, true]);
    for (const gate of gates) gate.resolve('ignored');
    expect(derived.map(({ value, reason }) => [value, reason])).toEqual([
      [1, undefined],
      [undefined, failure],
    ]);
  });

  it('fails with the callback, or with the promise that it returns', () => {
    const throwing = (): never => {
      throw failure;
    };
    expect(RbPromise.resolved(1).finally(throwing).reason).toBe(failure);
    expect(RbPromise.rejected('other').finally(throwing).reason).toBe(failure);
    expect(RbPromise.rejected('other').finally(() => RbPromise.rejected(failure)).reason).toBe(
      failure,
    );
  });
});

describe('await', () => {
  it('works', async () => {
    expect(await RbPromise.resolved('x')).toBe('x');
    await expect(RbPromise.rejected(failure)).rejects.toBe(failure);
    const later = new RbPromise<number>();
    setImmediate(() => later.resolve(1));
    expect(await later).toBe(1);
    expect(await Promise.all([RbPromise.resolved(1), RbPromise.resolved(2)])).toEqual([1, 2]);
  });
});

describe('chains of any length', () => {
  const LENGTH = 100_000;

  it('of then', () => {
    const first = new RbPromise<number>();
    let last = first;
    for (let index = 0; index < LENGTH; index++) last = last.then((value) => value + 1);
    first.resolve(0);
    expect(last.value).toBe(LENGTH);
  });

  it('of then, with more callbacks on every link', () => {
    const first = new RbPromise<number>();
    let last = first;
    let calls = 0;
    for (let index = 0; index < LENGTH; index++) {
      const link = last;
      last = link.then((value) => value + 1);
      link.done(() => calls++);
    }
    first.resolve(0);
    expect([last.value, calls]).toEqual([LENGTH, LENGTH]);
  });

  it('of catch and finally, rejected', () => {
    const first = new RbPromise<number>();
    let last: RbPromise<number> = first;
    for (let index = 0; index < LENGTH / 10; index++) last = last.finally(() => undefined).catch();
    first.reject(failure);
    expect(last.reason).toBe(failure);
  });

  it('of followed promises, in either direction', () => {
    for (const isForward of [true, false]) {
      const promises = Array.from({ length: LENGTH }, () => new RbPromise<string>());
      const order = promises.slice(1).map((promise, index) => [promise, promises[index]] as const);
      if (!isForward) order.reverse();
      for (const [promise, followed] of order) promise.resolve(followed as RbPromise<string>);
      promises[0]?.resolve('x');
      expect(promises.at(-1)?.value).toBe('x');
    }
  });

  it('of all', () => {
    const first = new RbPromise<unknown>();
    let last = first;
    for (let index = 0; index < LENGTH; index++) last = RbPromise.all([last]);
    first.resolve(0);
    expect(last.isResolved).toBe(true);
  });

  it('of callbacks that attach the next one to the same promise', () => {
    const promise = new RbPromise();
    let count = 0;
    const again = (): void => {
      if (++count < LENGTH) promise.done(again);
    };
    promise.done(again);
    promise.resolve(1);
    expect(count).toBe(LENGTH);
  });
});
