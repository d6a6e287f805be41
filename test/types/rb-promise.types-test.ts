/** Checked by tsc alone: what the types of RbPromise accept, answer and refuse. */

import { RbPromise } from '../../src/promise/rb-promise.js';

/** True only for the very same type, `any` and readonly told apart. */
type Equals<A, B> =
  (<T>(it: T) => T extends A ? 1 : 2) extends <T>(it: T) => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the type of the argument is exactly the one named. */
function expectType<Expected>() {
  return <Actual>(
    _actual: Actual,
    ..._same: Equals<Actual, Expected> extends true ? [] : [never]
  ): void => undefined;
}

declare const text: RbPromise<string | null>;
declare const count: RbPromise<number>;
declare const keys: readonly string[];
declare function get(key: string): RbPromise<string | null>;

export async function accepted(): Promise<unknown> {
  expectType<string | null | undefined>()(text.value);
  expectType<unknown>()(text.reason);
  expectType<boolean>()(text.isPending);
  expectType<string | null>()(await text);
  expectType<RbPromise<string | null>>()(text.done((value) => value?.length));

  expectType<RbPromise<number>>()(count.then((value) => value + 1));
  expectType<RbPromise<number>>()(text.then(() => count));
  expectType<RbPromise<number>>()(text.then(() => Promise.resolve(1)));
  expectType<RbPromise<string | number | null>>()(text.then(undefined, () => 1));
  expectType<RbPromise<string | null>>()(text.then());
  expectType<RbPromise<number | string>>()(count.catch((reason) => String(reason)));
  expectType<RbPromise<number>>()(count.finally(() => 'ignored'));

  expectType<RbPromise<string>>()(RbPromise.resolved('x' as string));
  expectType<RbPromise<number>>()(RbPromise.resolved(count));
  expectType<RbPromise<void>>()(RbPromise.resolved());
  expectType<RbPromise<never>>()(RbPromise.rejected(new Error('x')));
  const typed: RbPromise<string> = RbPromise.rejected('why');
  const wider: RbPromise<unknown> = count;
  const like: PromiseLike<number> = count;
  new RbPromise<void>().resolve();
  new RbPromise<number>().resolve(Promise.resolve(1));
  new RbPromise<number>().resolve(count);
  expectType<[string | null, number]>()(await Promise.all([text, count]));
  return [typed, wider, like];
}

export function combined(): void {
  expectType<RbPromise<[string | null, number, string]>>()(RbPromise.all([text, count, 'x']));
  expectType<RbPromise<(string | null)[]>>()(RbPromise.all(keys.map(get)));
  expectType<RbPromise<[number, string | null]>>()(RbPromise.all([count, text] as const));
  expectType<RbPromise<number[]>>()(RbPromise.all(new Set([count])));
  expectType<RbPromise<{ a: string | null; b: number; c: number }>>()(
    RbPromise.all({ a: text, b: count, c: Promise.resolve(1) }),
  );
  const symbol: unique symbol = Symbol('key');
  expectType<RbPromise<{ [symbol]: string | null; b: number }>>()(
    RbPromise.all({ [symbol]: text, b: count }),
  );
  expectType<RbPromise<Record<string, number>>>()(
    RbPromise.all({} as Record<string, typeof count>),
  );
  expectType<RbPromise<Map<number, string | null>>>()(RbPromise.all(new Map([[1, text]])));
  interface Named {
    readonly name: RbPromise<string>;
    readonly age?: RbPromise<number>;
  }
  expectType<RbPromise<{ name: string; age?: number }>>()(RbPromise.all({} as Named));
}

export function refused(): void {
  // @ts-expect-error a promise takes no executor
  new RbPromise<number>((resolve: (value: number) => void) => resolve(1));
  // @ts-expect-error the value has another type
  count.resolve('x');
  // @ts-expect-error a value is needed
  count.resolve();
  // @ts-expect-error the value may be missing
  console.log(text.value.length);
  // @ts-expect-error the value cannot be assigned
  count.value = 1;
  // @ts-expect-error a number is no collection
  RbPromise.all(5);
  // @ts-expect-error a promise is no collection
  RbPromise.all(count);
  // @ts-expect-error a callback is a function
  count.done(5);
  // @ts-expect-error it is no native promise
  const native: Promise<number> = count;
  console.log(native);
}
