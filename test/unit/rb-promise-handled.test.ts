import { describe, expect, it } from 'vitest';
import {
  isHandled,
  type JoinScope,
  markHandled,
  RbPromise,
  sequenceOf,
  settleRejected,
} from '../../src/promise/rb-promise.js';

const failure = new Error('boom');
const throwing = (): never => {
  throw failure;
};

/** Remembers what it is told, and answers at the end what nobody handled. */
class RecordingScope implements JoinScope {
  readonly rejected: RbPromise<unknown>[] = [];
  readonly errors: unknown[] = [];

  promiseRejected(promise: RbPromise<unknown>): void {
    this.rejected.push(promise);
  }

  callbackFailed(error: unknown): void {
    this.errors.push(error);
  }

  get unhandled(): RbPromise<unknown>[] {
    return this.rejected.filter((promise) => !isHandled(promise));
  }
}

class Command<T = unknown> extends RbPromise<T> {}

/** A command of a scope, failed either before or after `use` has attached to it. */
function failed(isEarly: boolean, use: (command: Command) => unknown): RecordingScope {
  const scope = new RecordingScope();
  const command = new Command(scope, 0);
  if (isEarly) settleRejected(command, failure);
  use(command);
  if (!isEarly) settleRejected(command, failure);
  return scope;
}

describe.each([
  ['before', true],
  ['after', false],
])('a command that fails %s something is attached', (_when, isEarly) => {
  const HANDLED: Record<string, (p: Command) => unknown> = {
    'p.catch(g)': (p) => p.catch(() => 1),
    'p.then(f, g)': (p) => p.then(null, () => 1),
    'p.then(f).catch(g)': (p) => p.then(() => 1).catch(() => 1),
    'p.finally(f).catch(g)': (p) => p.finally(() => 1).catch(() => 1),
    'p.then(f).done(f, g)': (p) => p.then(() => 1).done(null, () => 1),
    'p.done(f, g)': (p) => p.done(null, () => 1),
    'RbPromise.all([p]).catch(g)': (p) => RbPromise.all([p]).catch(() => 1),
    'q.resolve(p); q.catch(g)': (p) => RbPromise.resolved(p).catch(() => 1),
    'ok.then(() => p).catch(g)': (p) =>
      RbPromise.resolved(1)
        .then(() => p)
        .catch(() => 1),
    'ok.finally(() => p).catch(g)': (p) =>
      RbPromise.resolved(1)
        .finally(() => p)
        .catch(() => 1),
    'p.catch(g).then(f)': (p) => p.catch(() => 1).then(() => 1),
    markHandled: (p) => markHandled(p),
  };
  it.each(Object.entries(HANDLED))('%s is handled', (_text, use) => {
    expect(failed(isEarly, use).unhandled).toEqual([]);
  });

  const UNHANDLED: Record<string, (p: Command) => unknown> = {
    p: () => undefined,
    'p.done(f)': (p) => p.done(() => 1),
    'p.done()': (p) => p.done(),
    'p.then(f)': (p) => p.then(() => 1),
    'p.then()': (p) => p.then(),
    'p.catch()': (p) => p.catch(),
    'p.finally(f)': (p) => p.finally(() => 1),
    'RbPromise.all([p])': (p) => RbPromise.all([p]),
    'RbPromise.all({ p })': (p) => RbPromise.all({ p }),
    'q.resolve(p)': (p) => RbPromise.resolved(p),
    'ok.then(() => p)': (p) => RbPromise.resolved(1).then(() => p),
    'p.catch(g), g throws': (p) => p.catch(throwing),
    'p.then(f).done(f)': (p) => p.then(() => 1).done(() => 1),
    'p.catch(g), and p.then(f) beside': (p) => (p.catch(() => 1), p.then(() => 1)),
  };
  it.each(Object.entries(UNHANDLED))('%s is unhandled, once', (_text, use) => {
    const { unhandled } = failed(isEarly, use);
    expect(unhandled.map(({ reason }) => reason)).toEqual([failure]);
  });

  it('an await ends the duty', async () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 0);
    const awaiting = expect(command).rejects.toBe(failure);
    const native = expect(Promise.resolve(command)).rejects.toBe(failure);
    settleRejected(command, failure);
    await awaiting;
    await native;
    expect(scope.unhandled).toEqual([]);
  });
});

describe('a handler that comes late', () => {
  it('counts if it is there when the scope looks', () => {
    const scope = new RecordingScope();
    const derived = new Command(scope, 0);
    const last = derived.then(() => 1);
    settleRejected(derived, failure);
    expect(scope.unhandled).toEqual([last]);
    last.catch(() => 1);
    expect(scope.unhandled).toEqual([]);
  });
});

describe('a scope', () => {
  it('is told once of each rejected promise, before its callbacks run', () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 0);
    const seen: number[] = [];
    command.done(null, () => seen.push(scope.rejected.length));
    command.reject(failure);
    command.done(null, () => seen.push(scope.rejected.length));
    expect(seen).toEqual([1, 1]);
    expect(scope.rejected).toEqual([command]);
  });

  it('is told nothing of what resolves', () => {
    const scope = new RecordingScope();
    const command = new Command<number>(scope, 0);
    command.then((value) => value).finally(() => 1);
    command.resolve(1);
    expect(scope).toEqual(new RecordingScope());
  });

  it('is that of derived promises too', () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 0);
    const derived = [
      command.then(throwing),
      command.then(() => 1).then(throwing),
      command.finally(throwing),
      RbPromise.all([1, RbPromise.resolved(2), command]).then(throwing),
    ];
    command.resolve(1);
    expect(scope.rejected).toEqual(derived);
  });

  it('of all is that of the first member that has one', () => {
    const scopes = [new RecordingScope(), new RecordingScope()] as const;
    const plain = new RbPromise();
    const whole = RbPromise.all([plain, new Command(scopes[0], 0), new Command(scopes[1], 0)]);
    plain.reject(failure);
    expect(scopes[0].rejected).toEqual([whole]);
    expect(scopes[1].rejected).toEqual([]);
  });

  it('passes on with the duty to a promise without one that follows', () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 7);
    const follower = new RbPromise();
    const derived = follower.then(() => 1);
    follower.resolve(command);
    settleRejected(command, failure);
    expect(scope.unhandled).toEqual([derived]);
    expect(sequenceOf(derived)).toBe(7);
  });

  it('is told of callbacks that were attached before the follower had a scope', () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 7);
    const follower = new RbPromise();
    const derived = follower.then(throwing);
    follower.done(throwing);
    follower.resolve(command);
    command.resolve(1);
    expect(scope.unhandled).toEqual([derived]);
    expect(scope.errors).toEqual([failure]);
  });

  it('is told of a done callback that throws, and the other callbacks still run', () => {
    const scope = new RecordingScope();
    const command = new Command(scope, 0);
    const log: unknown[] = [];
    command.done(throwing).then((value) => log.push(value));
    command.then().done(throwing);
    command.resolve('x');
    expect(scope.errors).toEqual([failure, failure]);
    expect(scope.rejected).toEqual([]);
    expect(log).toEqual(['x']);
    new Command(scope, 1).done(null, throwing).reject('other');
    expect(scope.errors).toHaveLength(3);
    expect(scope.unhandled).toEqual([]);
  });
});

describe('the sequence number', () => {
  const scope = new RecordingScope();

  it.each([0, 1, 31, 32, 100_000, 2 ** 26 - 1])('%d survives whatever happens', (sequence) => {
    const command = new Command(scope, sequence);
    expect(sequenceOf(command)).toBe(sequence);
    const derived = command.then(() => 1);
    command.resolve(1);
    markHandled(command);
    expect([sequenceOf(command), sequenceOf(derived)]).toEqual([sequence, sequence]);
    expect([command.value, derived.value]).toEqual([1, 1]);
  });

  it('is -1 for a promise that is of no call', () => {
    expect(sequenceOf(new RbPromise())).toBe(-1);
    expect(sequenceOf(RbPromise.rejected(1).then())).toBe(-1);
  });

  it('goes with the reason', () => {
    const [a, b, c] = [new Command(scope, 1), new Command(scope, 2), new Command(scope, 3)];
    const whole = RbPromise.all([a, b]);
    const derived = c.then(() => b);
    c.resolve(1);
    b.reject(failure);
    expect([whole, derived].map(sequenceOf)).toEqual([2, 2]);
  });
});
