/**
 * Decoded replies, given to the sinks that wait for them: their transform, the promise, its
 * callbacks. The sinks are made outside of the time. An operation is a command.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { range } from './support.mjs';

const COMMANDS = 1_000;
const BATCH = 512;

const VALUE = 'value';
const fields = range(10, (field) => [`field${field}`, `value:${field}`]);
const record = Object.fromEntries(fields);
const scores = range(10, (i) => [`member:${i}`, i + 0.5]);

/** A call that nothing goes wrong in. */
const scope = { promiseRejected() {}, callbackFailed() {} };

export function settlingBenches(inside) {
  const { CommandPromise, GetBatch, NativeSink, ReplyError, SetBatch } = inside;
  const mapped = (...command) => {
    const context = contextOf(inside, ...command);
    return () => new CommandPromise(context, 0);
  };
  const native = (...command) => {
    const { spec, mapping } = contextOf(inside, ...command);
    return () => new NativeSink(spec, mapping);
  };
  const reply = (make, decoded, value = decoded) => single(make, 'onReply', decoded, value);
  return Object.entries({
    'GET, RbPromise': () => reply(mapped('get'), VALUE),
    'GET, RbPromise with a done': () => withCallback(mapped('get')),
    'GET, native promise': () => reply(native('get'), VALUE),
    'HGETALL, RESP 3': () => reply(mapped('hGetAll'), record),
    'HGETALL, RESP 2': () => reply(mapped('hGetAll', 2), fields.flat(), record),
    'ZRANGE WITHSCORES': () =>
      reply(
        mapped('zRangeWithScores'),
        scores,
        scores.map(([value, score]) => ({ value, score })),
      ),
    'an error': () => single(mapped('get'), 'onError', new ReplyError('ERR no')),
    'MGET of 512 GETs': () => batch(GetBatch, mapped('get'), settleEach, VALUE),
    'MSET of 512 SETs': () => batch(SetBatch, mapped('set'), settleAll, 'OK'),
  }).map(([name, setUp]) => ({ name: `settle: ${name}`, setUp }));
}

/** What the sinks of a command of `@redis/client` have in common. */
function contextOf(inside, name, protocol = 3) {
  const { CommandContext, definitionOf, ReplyMapping, specOf } = inside;
  const spec = specOf(name.toUpperCase(), [], definitionOf(name));
  return new CommandContext(scope, spec, new ReplyMapping(protocol, undefined));
}

/** A reply or an error for each sink. */
function single(make, method, outcome, expected = outcome) {
  let sinks;
  return {
    operations: COMMANDS,
    prepare() {
      sinks = range(COMMANDS, make);
    },
    run() {
      if (method === 'onError') for (let i = 0; i < COMMANDS; i++) sinks[i].onError(outcome);
      else for (let i = 0; i < COMMANDS; i++) sinks[i].onReply(outcome);
    },
    async check() {
      this.prepare();
      this.run();
      for (const sink of sinks) deepStrictEqual(await outcomeOf(sink), expected);
    },
  };
}

function withCallback(make) {
  let sinks;
  let last;
  const callback = (value) => {
    last = value;
  };
  return {
    operations: COMMANDS,
    prepare() {
      sinks = range(COMMANDS, () => make().done(callback));
    },
    run() {
      for (let i = 0; i < COMMANDS; i++) sinks[i].onReply(i);
    },
    check() {
      this.prepare();
      this.run();
      deepStrictEqual(last, COMMANDS - 1);
      for (const [i, sink] of sinks.entries()) deepStrictEqual(sink.value, i);
    },
  };
}

/** One reply for the many commands that were merged. */
function batch(Batch, make, settle, value) {
  let sinks;
  let merged;
  return {
    operations: BATCH,
    prepare() {
      sinks = range(BATCH, make);
      merged = new Batch(sinks, sinks[0].mapping);
    },
    run() {
      settle(merged, value);
    },
    check() {
      this.prepare();
      this.run();
      for (const sink of sinks) deepStrictEqual(sink.value, value);
    },
  };
}

function settleEach(merged, value) {
  for (let i = 0; i < BATCH; i++) merged.onElement(i, value);
}

function settleAll(merged, value) {
  merged.onReply(value);
}

function outcomeOf(sink) {
  if (sink.promise !== undefined) return sink.promise;
  return sink.isRejected ? sink.reason : sink.value;
}
