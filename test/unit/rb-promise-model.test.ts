/** Random programs, run with RbPromise and with a simple recursive model of it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHandled, RbPromise } from '../../src/promise/rb-promise.js';

type Step =
  | { readonly do: 'done' | 'then'; readonly at: number; readonly steps: readonly Step[] }
  | { readonly do: 'catch' | 'all'; readonly at: number; readonly other: number }
  | { readonly do: 'resolve' | 'reject'; readonly at: number }
  | { readonly do: 'follow'; readonly at: number; readonly other: number };

interface Subject {
  readonly value: unknown;
  readonly reason: unknown;
  readonly isPending: boolean;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  done(onSuccess: (value: unknown) => void, onFailure?: () => void): unknown;
  then(onSuccess: (value: unknown) => unknown): this;
  catch(onFailure: (reason: unknown) => unknown): this;
}

interface Kind<S extends Subject> {
  make(): S;
  all(subjects: readonly S[]): S;
  isHandled(subject: S): boolean;
}

class ModelMisuse extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

class Model implements Subject {
  state: 'pending' | 'following' | 'resolved' | 'rejected' = 'pending';
  content: unknown;
  followed: Model | undefined;
  isHandled = false;
  isRunning = false;
  readonly reactions: (() => Model | undefined)[] = [];

  get isSettled(): boolean {
    return this.state === 'resolved' || this.state === 'rejected';
  }
  get isPending(): boolean {
    return !this.isSettled;
  }
  get value(): unknown {
    return this.state === 'resolved' ? this.content : undefined;
  }
  get reason(): unknown {
    return this.state === 'rejected' ? this.content : undefined;
  }

  resolve(value: unknown): void {
    if (this.state !== 'pending') throw new ModelMisuse('RB_ALREADY_SETTLED');
    if (value instanceof Model && value.waitsFor(this)) throw new ModelMisuse('RB_SELF_RESOLUTION');
    this.adopt(value);
    this.run();
  }

  reject(reason: unknown): void {
    if (this.state !== 'pending') throw new ModelMisuse('RB_ALREADY_SETTLED');
    this.settle('rejected', reason);
    this.run();
  }

  done(onSuccess: (value: unknown) => void, onFailure?: () => void): void {
    if (onFailure) this.isHandled = true;
    this.attach(() => {
      if (this.state === 'resolved') onSuccess(this.content);
      else onFailure?.();
      return undefined;
    });
  }

  then(onSuccess: (value: unknown) => unknown): this {
    return this.derive((derived) => {
      if (this.state === 'rejected') derived.settleLike(this);
      else derived.settleBy(() => onSuccess(this.content));
    });
  }

  catch(onFailure: (reason: unknown) => unknown): this {
    return this.derive((derived) => {
      if (this.state === 'resolved') derived.settleLike(this);
      else derived.settleBy(() => onFailure(this.content));
    });
  }

  derive(settle: (derived: Model) => void): this {
    const derived = new Model();
    this.isHandled = true;
    this.attach(() => {
      settle(derived);
      return derived;
    });
    return derived as this;
  }

  waitsFor(other: Model): boolean {
    return this === other || (this.followed?.waitsFor(other) ?? false);
  }

  settle(state: 'resolved' | 'rejected', content: unknown): void {
    this.state = state;
    this.content = content;
    this.followed = undefined;
  }

  settleLike(source: Model): void {
    if (this.state !== 'pending') return;
    this.settle(source.state as 'resolved' | 'rejected', source.content);
  }

  settleBy(callback: () => unknown): void {
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      if (this.state === 'pending') this.settle('rejected', error);
      return;
    }
    if (this.state === 'pending') this.adopt(result);
  }

  adopt(value: unknown): void {
    if (!(value instanceof Model)) this.settle('resolved', value);
    else if (value.waitsFor(this)) this.settle('rejected', new ModelMisuse('RB_SELF_RESOLUTION'));
    else {
      value.isHandled = true;
      if (value.isSettled) {
        this.settleLike(value);
        return;
      }
      this.state = 'following';
      this.followed = value;
      value.attach(() => {
        this.state = 'pending';
        this.settleLike(value);
        return this;
      });
    }
  }

  attach(reaction: () => Model | undefined): void {
    this.reactions.push(reaction);
    this.run();
  }

  run(): void {
    if (!this.isSettled || this.isRunning) return;
    let reaction;
    while ((reaction = this.reactions.shift()) !== undefined) {
      this.isRunning = true;
      const next = reaction();
      if (this.reactions.length === 0) this.isRunning = false;
      next?.run();
    }
    this.isRunning = false;
  }
}

const models: Kind<Model> = {
  make: () => new Model(),
  isHandled: (model) => model.isHandled,
  all(members) {
    const whole = new Model();
    let pending = members.length;
    const onSettled = (member: Model): Model => {
      if (member.state === 'rejected') whole.settleLike(member);
      else if (--pending === 0 && whole.state === 'pending') {
        whole.settle(
          'resolved',
          members.map(({ content }) => content),
        );
      }
      return whole;
    };
    for (const member of members) {
      member.isHandled = true;
      if (member.isSettled) onSettled(member);
      else member.attach(() => onSettled(member));
    }
    return whole;
  },
};

const promises: Kind<RbPromise<unknown>> = {
  make: () => new RbPromise(),
  isHandled,
  all: (members) => RbPromise.all(members),
};

/** Runs a program; answers everything that can be seen. */
function trace<S extends Subject>(kind: Kind<S>, program: readonly Step[]): string[] {
  const log: string[] = [];
  const subjects = Array.from({ length: 4 }, () => kind.make());
  const name = (value: unknown): string => {
    if (!(value instanceof Error)) return JSON.stringify(value);
    return 'code' in value ? String(value.code) : value.message;
  };
  let calls = 0;
  const subjectAt = (at: number): S => subjects[at % subjects.length] as S;

  const perform = (step: Step, id: string): void => {
    const subject = subjectAt(step.at);
    const nested = (what: string, value: unknown): void => {
      log.push(`${id} ${what} ${name(value)}`);
      // A callback that attaches callbacks to its own promise would go on for ever.
      if ('steps' in step && ++calls < 200)
        step.steps.forEach((it, n) => perform(it, `${id}.${n}`));
    };
    if (step.do === 'done') subject.done((value) => nested('done', value));
    else if (step.do === 'resolve') attempt(() => subject.resolve(id), id);
    else if (step.do === 'reject') attempt(() => subject.reject(id), id);
    else if (step.do === 'follow') attempt(() => subject.resolve(subjectAt(step.other)), id);
    else if (step.do === 'all') subjects.push(kind.all([subject, subjectAt(step.other)]));
    else if (step.do === 'catch') {
      subjects.push(
        subject.catch((reason) => {
          nested('catch', reason);
          return subjectAt(step.other);
        }),
      );
    } else {
      subjects.push(
        subject.then((value) => {
          nested('then', value);
          if (step.at % 3 === 0) throw new Error(`thrown ${id}`);
          return step.at % 3 === 1 ? id : subjectAt(step.at + 1);
        }),
      );
    }
  };
  const attempt = (action: () => void, id: string): void => {
    try {
      action();
    } catch (error) {
      log.push(`${id} threw ${name(error)}`);
    }
    log.push(`${id} returned`);
  };

  program.forEach((step, index) => perform(step, String(index)));
  for (const subject of subjects) {
    const { isPending, value, reason } = subject;
    log.push(`${isPending} ${name(value)} ${name(reason)} ${kind.isHandled(subject)}`);
  }
  return log;
}

const at = fc.nat(11);
const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 4 },
    fc.record({ do: fc.constantFrom('resolve', 'resolve', 'reject'), at }),
    fc.record({ do: fc.constantFrom('follow', 'catch', 'all'), at, other: at }),
    fc.record({ do: fc.constantFrom('done', 'then'), at, steps: tie('steps') }),
  ),
  steps: fc.array(tie('step'), { maxLength: 12 }),
}));

describe('an RbPromise', () => {
  it('behaves as its model in any program', () => {
    fc.assert(
      fc.property(steps, (program) => {
        expect(trace(promises, program)).toEqual(trace(models, program));
      }),
      { numRuns: 3_000 },
    );
  });
});
