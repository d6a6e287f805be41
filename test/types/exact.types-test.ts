/** What the type tests compare with. */

/** True only for the very same type, `any` and readonly told apart. */
export type Equal<A, B> =
  (<T>(it: T) => T extends A ? 1 : 2) extends <T>(it: T) => T extends B ? 1 : 2 ? true : false;

/** True for `any` alone. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

/** True for `any`, and for what has it as an element or field. */
export type HasAny<T> =
  IsAny<T> extends true
    ? true
    : T extends readonly (infer Item)[]
      ? IsAny<Item>
      : T extends Map<infer Name, infer Value>
        ? IsAny<Name | Value>
        : T extends object
          ? true extends { [K in keyof T]: IsAny<T[K]> }[keyof T]
            ? true
            : false
          : false;

/** Compiles only if the type of the argument is exactly the one named. */
export function exactly<Expected>() {
  return <Actual>(
    _actual: Actual,
    ..._same: Equal<Actual, Expected> extends true ? [] : [never]
  ): void => undefined;
}

/** Compiles only with a true type. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it is all that is checked
export function isTrue<T extends true>(..._proof: T[]): void {}
