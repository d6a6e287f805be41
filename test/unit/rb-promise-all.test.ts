import { describe, expect, it } from 'vitest';
import { isHandled, RbPromise } from '../../src/promise/rb-promise.js';

const failure = new Error('boom');

describe('RbPromise.all', () => {
  it('keeps the positions of an array, in whatever order they settle', () => {
    const promises = [new RbPromise<number>(), new RbPromise<number>(), new RbPromise<number>()];
    const whole = RbPromise.all(promises);
    for (const index of [2, 0, 1]) {
      expect(whole.isPending).toBe(true);
      promises[index]?.resolve(index);
    }
    expect(whole.value).toEqual([0, 1, 2]);
  });

  it('takes any iterable', () => {
    const numbers = function* () {
      yield RbPromise.resolved(1);
      yield 2;
    };
    expect(RbPromise.all(numbers()).value).toEqual([1, 2]);
    expect(RbPromise.all(new Set([RbPromise.resolved('a'), 'b'])).value).toEqual(['a', 'b']);
  });

  it('keeps the keys of a Map, in their order', () => {
    const key = { any: 'key' };
    const [a, b] = [new RbPromise<number>(), new RbPromise<number>()];
    const whole = RbPromise.all(
      new Map<unknown, RbPromise<number> | string>([
        [key, a],
        [2, b],
        ['c', 'plain'],
      ]),
    );
    b.resolve(2);
    a.resolve(1);
    expect(whole.value).toBeInstanceOf(Map);
    expect([...(whole.value ?? [])]).toEqual([
      [key, 1],
      [2, 2],
      ['c', 'plain'],
    ]);
  });

  it('keeps the keys of a record, in their order', () => {
    const [b, a] = [new RbPromise<number>(), new RbPromise<number>()];
    const whole = RbPromise.all({ b, a, c: null });
    a.resolve(1);
    b.resolve(2);
    expect(whole.value).toEqual({ b: 2, a: 1, c: null });
    expect(Object.keys(whole.value ?? {})).toEqual(['b', 'a', 'c']);
    const odd = RbPromise.all(JSON.parse('{"__proto__": 1}') as object).value ?? {};
    expect(Object.entries(odd)).toEqual([['__proto__', 1]]);
  });

  it('keeps the symbols of a record, and awaits what is under them', () => {
    const symbol = Symbol('key');
    const pending = new RbPromise<number>();
    const record = { [symbol]: pending, b: 2 };
    Object.defineProperty(record, Symbol('hidden'), { value: new RbPromise(), enumerable: false });
    const whole = RbPromise.all(record);
    expect(isHandled(pending)).toBe(true);
    expect(whole.isPending).toBe(true);
    pending.resolve(1);
    expect(whole.value).toEqual({ [symbol]: 1, b: 2 });
    expect(Reflect.ownKeys(whole.value ?? {})).toEqual(['b', symbol]);
  });

  it('resolves at once when nothing is pending', () => {
    expect(RbPromise.all([]).value).toEqual([]);
    expect(RbPromise.all({}).value).toEqual({});
    expect(RbPromise.all(new Map()).value).toEqual(new Map());
    expect(RbPromise.all([1, RbPromise.resolved(2)]).value).toEqual([1, 2]);
  });

  it('resolves at once also amidst the callbacks of a member', () => {
    const member = new RbPromise<number>();
    let value: unknown;
    member.done(() => (value = RbPromise.all([member]).value));
    member.resolve(1);
    expect(value).toEqual([1]);
  });

  it('counts a member that is there twice', () => {
    const member = new RbPromise<number>();
    const whole = RbPromise.all([member, member]);
    member.resolve(1);
    expect(whole.value).toEqual([1, 1]);
  });

  it('counts members that settle while it looks at the others', () => {
    const [first, last] = [new RbPromise<number>(), new RbPromise<number>()];
    const meddler = {
      then(resolve: (value: number) => void) {
        first.resolve(1);
        last.resolve(3);
        resolve(2);
      },
    };
    const members: unknown[] = [first, meddler, last];
    expect(RbPromise.all(members).value).toEqual([1, 2, 3]);
  });

  it('waits for promises of other kinds', async () => {
    expect(await RbPromise.all([Promise.resolve(1), RbPromise.resolved(2)])).toEqual([1, 2]);
    await expect(RbPromise.all([Promise.reject(failure)])).rejects.toBe(failure);
  });

  it('leaves promises inside its members alone', () => {
    const inner = [RbPromise.resolved(1)];
    expect(RbPromise.all([inner]).value).toEqual([inner]);
  });

  it('leaves the collection alone', () => {
    const members = [RbPromise.resolved(1), { a: 1 }];
    const copy = [...members];
    expect(RbPromise.all(members).value).not.toBe(members);
    expect(members).toEqual(copy);
    expect(members[0]).toBeInstanceOf(RbPromise);
  });

  it('is rejected with the first reason to settle', () => {
    const [a, b] = [new RbPromise(), new RbPromise()];
    const whole = RbPromise.all([a, b]);
    b.reject('b');
    a.reject('a');
    expect(whole.reason).toBe('b');
    expect(RbPromise.all([new RbPromise(), RbPromise.rejected('c')]).reason).toBe('c');
  });

  it('takes over the handling of all, also of those behind a failed one', () => {
    const members = [RbPromise.rejected(1), RbPromise.rejected(2), new RbPromise()];
    const whole = RbPromise.all(members);
    expect(members.map(isHandled)).toEqual([true, true, true]);
    expect(isHandled(whole)).toBe(false);
  });

  it('may be settled by hand', () => {
    const member = new RbPromise<number>();
    const whole = RbPromise.all([member]);
    whole.resolve([5]);
    member.resolve(1);
    expect(whole.value).toEqual([5]);
  });

  it('runs its callbacks as the last member settles', () => {
    const log: string[] = [];
    const [a, b] = [new RbPromise(), new RbPromise()];
    a.done(() => log.push('before'));
    RbPromise.all([a, b]).done(() => log.push('all'));
    a.done(() => log.push('after'));
    b.resolve(1);
    a.resolve(1);
    expect(log).toEqual(['before', 'all', 'after']);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a function', () => 1],
    ['a promise', RbPromise.resolved([1])],
    ['a native promise', Promise.resolve([1])],
    [
      'an async iterable',
      (async function* () {
        yield await Promise.resolve(1);
      })(),
    ],
  ])('refuses %s', (_name, values) => {
    expect(() => RbPromise.all(values as never)).toThrow(
      expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }) as Error,
    );
  });

  it('passes on what the iterable throws, and then takes nothing over', () => {
    const member = RbPromise.rejected(failure);
    const broken = function* () {
      yield member;
      throw new RangeError('broken');
    };
    expect(() => RbPromise.all(broken())).toThrow(RangeError);
    expect(isHandled(member)).toBe(false);
  });
});
