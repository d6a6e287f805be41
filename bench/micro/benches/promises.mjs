/** RbPromise, and native promises doing the same. */
import { deepStrictEqual } from 'node:assert/strict';
import { range } from './support.mjs';

const PROMISES = 1_000;
const CHAIN = 10;
const CHAINS = 100;

export function promiseBenches({ RbPromise }) {
  return [
    { name: 'promise: create and resolve, RbPromise', setUp: () => creation(RbPromise) },
    { name: 'promise: create and resolve, native', setUp: nativeCreation },
    { name: 'promise: done, RbPromise', setUp: () => callbacks(RbPromise) },
    { name: 'promise: then, native', setUp: nativeCallbacks },
    { name: 'promise: then-chain of 10, RbPromise', setUp: () => chains(RbPromise) },
    { name: 'promise: then-chain of 10, native', setUp: nativeChains },
    { name: 'promise: all of 1,000, RbPromise', setUp: () => combination(RbPromise) },
    { name: 'promise: all of 1,000, native', setUp: nativeCombination },
    { name: 'promise: await, RbPromise', setUp: () => awaiting(RbPromise.resolved(1)) },
    { name: 'promise: await, native', setUp: () => awaiting(Promise.resolve(1)) },
  ];
}

/** The resolve function of the native promise made last; one executor for all of them. */
let resolveLast;
const capture = (resolve) => {
  resolveLast = resolve;
};

function creation(RbPromise) {
  let last;
  return {
    operations: PROMISES,
    run() {
      for (let i = 0; i < PROMISES; i++) {
        last = new RbPromise();
        last.resolve(i);
      }
    },
    check() {
      this.run();
      deepStrictEqual(last.value, PROMISES - 1);
    },
  };
}

function nativeCreation() {
  let last;
  return {
    operations: PROMISES,
    run() {
      for (let i = 0; i < PROMISES; i++) {
        last = new Promise(capture);
        resolveLast(i);
      }
    },
    async check() {
      this.run();
      deepStrictEqual(await last, PROMISES - 1);
    },
  };
}

function callbacks(RbPromise) {
  const counter = sumCounter();
  return {
    operations: PROMISES,
    run() {
      for (let i = 0; i < PROMISES; i++) {
        const promise = new RbPromise();
        promise.done(counter.add);
        promise.resolve(i);
      }
    },
    check() {
      counter.check(() => this.run());
    },
  };
}

function nativeCallbacks() {
  const counter = sumCounter();
  return {
    operations: PROMISES,
    isAsync: true,
    async run() {
      let derived;
      for (let i = 0; i < PROMISES; i++) {
        derived = new Promise(capture).then(counter.add);
        resolveLast(i);
      }
      await derived;
    },
    check() {
      return counter.check(() => this.run());
    },
  };
}

function sumCounter() {
  let sum = 0;
  return {
    add(value) {
      sum += value;
    },
    /** Whether a run has added each number once. */
    async check(run) {
      sum = 0;
      await run();
      deepStrictEqual(sum, (PROMISES * (PROMISES - 1)) / 2);
    },
  };
}

const increment = (value) => value + 1;

/** An operation is a `then`. */
function chains(RbPromise) {
  let end;
  return {
    operations: CHAINS * CHAIN,
    run() {
      for (let i = 0; i < CHAINS; i++) {
        const promise = new RbPromise();
        end = promise;
        for (let j = 0; j < CHAIN; j++) end = end.then(increment);
        promise.resolve(i);
      }
    },
    check() {
      this.run();
      deepStrictEqual(end.value, CHAINS - 1 + CHAIN);
    },
  };
}

function nativeChains() {
  let result;
  return {
    operations: CHAINS * CHAIN,
    isAsync: true,
    async run() {
      let end;
      for (let i = 0; i < CHAINS; i++) {
        end = new Promise(capture);
        const resolve = resolveLast;
        for (let j = 0; j < CHAIN; j++) end = end.then(increment);
        resolve(i);
      }
      result = await end;
    },
    async check() {
      await this.run();
      deepStrictEqual(result, CHAINS - 1 + CHAIN);
    },
  };
}

/** An operation is an `all`, with the settling of its promises. */
function combination(RbPromise) {
  let promises;
  let whole;
  return {
    operations: 1,
    prepare() {
      promises = range(PROMISES, () => new RbPromise());
    },
    run() {
      whole = RbPromise.all(promises);
      for (let i = 0; i < PROMISES; i++) promises[i].resolve(i);
    },
    check() {
      this.prepare();
      this.run();
      deepStrictEqual(
        whole.value,
        range(PROMISES, (i) => i),
      );
    },
  };
}

function nativeCombination() {
  let promises;
  let resolves;
  let values;
  return {
    operations: 1,
    isAsync: true,
    prepare() {
      resolves = [];
      promises = range(PROMISES, () => {
        const promise = new Promise(capture);
        resolves.push(resolveLast);
        return promise;
      });
    },
    async run() {
      const whole = Promise.all(promises);
      for (let i = 0; i < PROMISES; i++) resolves[i](i);
      values = await whole;
    },
    async check() {
      this.prepare();
      await this.run();
      deepStrictEqual(
        values,
        range(PROMISES, (i) => i),
      );
    },
  };
}

/** An operation is an `await` of a promise that has its value. */
function awaiting(promise) {
  let sum;
  return {
    operations: PROMISES,
    isAsync: true,
    async run() {
      sum = 0;
      for (let i = 0; i < PROMISES; i++) sum += await promise;
    },
    async check() {
      await this.run();
      deepStrictEqual(sum, PROMISES);
    },
  };
}
