/** Promises of other kinds: whatever has a `then`. */

/** The `then` of a promise of any kind. */
export type Then = PromiseLike<unknown>['then'];

/** Whether a value can have properties of its own, and so be a thenable. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' ? value !== null : typeof value === 'function';
}

/**
 * Reads `then`, once, and answers it if it is a function.
 *
 * Whatever a getter throws passes on.
 */
export function thenOf(value: object): Then | undefined {
  const { then } = value as Partial<PromiseLike<unknown>>;
  return typeof then === 'function' ? then : undefined;
}

/** Calls exactly one of the two functions, once, however the thenable behaves. */
export function callThen(
  thenable: object,
  then: Then,
  onResolve: (value: unknown) => void,
  onReject: (reason: unknown) => void,
): void {
  let isAnswered = false;
  const once = (answer: (argument: unknown) => void) => (argument: unknown) => {
    if (isAnswered) return;
    isAnswered = true;
    answer(argument);
  };
  const rejectOnce = once(onReject);
  try {
    then.call(thenable, once(onResolve), rejectOnce);
  } catch (error) {
    rejectOnce(error);
  }
}
