/**
 * Runs the lists of `executeCommands`: each list in its order, all lists at once.
 *
 * A list is sent up to and including its next script, and goes on when that has its answer. So a
 * script that the server has forgotten meanwhile is evaluated before anything behind it runs.
 */

import { rawSpec, specOf, type CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import {
  markHandled,
  type RbPromise,
  settleRejected,
  settleResolved,
} from '../promise/rb-promise.js';
import type { Script } from '../script.js';
import { keyText } from '../util/key.js';
import { isText } from '../util/text.js';
import type { CommandHolder } from './backend.js';
import { sendTo } from './command-client.js';
import { commandError, refusedCommand } from './command-error.js';
import type { CheckedList, ListStep } from './command-list.js';
import { borrowWriter, returnWriter } from './command-writer.js';
import { type JoinOptions, runCall } from './join.js';
import type { GiveUpReason, Lane } from './lane.js';
import { sendPlain } from './plain-commands.js';
import { ReplyMapping } from './reply-mapping.js';
import { isMissingScript } from './script-sink.js';
import type { Session } from './session.js';
import { CommandContext, CommandPromise } from './sinks.js';

/** For replies whose types are not the caller's choice. */
const PLAIN_MAPPINGS = { 2: new ReplyMapping(2, undefined), 3: new ReplyMapping(3, undefined) };

/** Sends raw commands of a session, whatever their keys are. */
class RawSender {
  readonly #session: Session;
  readonly #mapping: ReplyMapping;
  #context: CommandContext | undefined;

  constructor(session: Session, mapping: ReplyMapping) {
    this.#session = session;
    this.#mapping = mapping;
  }

  /** A promise that counts among the commands of the call. */
  promise(spec: CommandSpec): CommandPromise<unknown> {
    const session = this.#session;
    // Neighbours mostly are the same command.
    if (this.#context?.spec !== spec) {
      this.#context = new CommandContext(session, spec, this.#mapping);
    }
    return CommandPromise.of(this.#context, session.nextSequence());
  }

  /** A promise that the caller never sees. */
  inner(spec: CommandSpec): CommandPromise<unknown> {
    return CommandPromise.of(new CommandContext(SILENT, spec, this.#mapping), 0);
  }

  /** The same with a reply whose types are not the caller's choice. */
  plain(spec: CommandSpec): CommandPromise<unknown> {
    const mapping = PLAIN_MAPPINGS[this.#mapping.protocol];
    return CommandPromise.of(new CommandContext(SILENT, spec, mapping), 0);
  }

  send(lane: Lane, sink: CommandPromise<unknown>, args: readonly RawArgument[]): void {
    try {
      this.#append(lane, sink, args);
    } catch (error) {
      // There may be no memory for them, or a later part of the lists took bytes away as it was read.
      sink.onError(refusedCommand(error, sink.spec.name) as Error);
    }
  }

  #append(lane: Lane, sink: CommandPromise<unknown>, args: readonly RawArgument[]): void {
    const [, key, value] = args;
    const mayBePlain = sink.spec.plainCount === args.length;
    if (mayBePlain && isText(key) && (value === undefined || isText(value))) {
      sendPlain(lane, sink, key, value);
      return;
    }
    const writer = borrowWriter();
    try {
      for (const argument of args) writer.pushRaw(argument);
      sendTo(lane, writer, sink);
    } finally {
      returnWriter(writer);
    }
  }
}

/** The scope of promises whose failures are dealt with here. */
const SILENT = {
  promiseRejected: (): void => undefined,
  callbackFailed: (error: unknown): never => {
    throw error;
  },
};

const EVALSHA = specOf('EVALSHA', []);
const EVAL = specOf('EVAL', []);

/** Makes sure, once for each host, that the scripts of a call are known to it. */
class ScriptLoader {
  readonly #sender: RawSender;
  readonly #lane: Lane;
  readonly #scripts = new Map<string, Script>();
  #waiting: (() => void)[] | undefined = [];

  constructor(sender: RawSender, lane: Lane) {
    this.#sender = sender;
    this.#lane = lane;
  }

  add(script: Script): void {
    this.#scripts.set(script.sha, script);
  }

  /** Runs `callback` when the scripts are loaded, as far as the server allows it. */
  whenLoaded(callback: () => void): void {
    if (this.#waiting === undefined) callback();
    else this.#waiting.push(callback);
  }

  load(): void {
    const scripts = [...this.#scripts.values()];
    if (scripts.length === 0) {
      this.#done();
      return;
    }
    const exists = this.#sender.plain(specOf('SCRIPT', ['EXISTS']));
    exists.done(
      (known) => {
        const flags: readonly unknown[] = Array.isArray(known) ? known : [];
        this.#loadMissing(scripts.filter((_, index) => flags[index] !== 1));
      },
      // Whoever may not ask may still evaluate.
      () => {
        this.#done();
      },
    );
    const hashes = scripts.map((script) => script.sha);
    this.#sender.send(this.#lane, exists, ['SCRIPT', 'EXISTS', ...hashes]);
  }

  #loadMissing(scripts: readonly Script[]): void {
    let missing = scripts.length;
    if (missing === 0) this.#done();
    const loaded = (): void => {
      if (--missing === 0) this.#done();
    };
    for (const script of scripts) {
      const load = this.#sender.inner(specOf('SCRIPT', ['LOAD']));
      load.done(loaded, loaded);
      this.#sender.send(this.#lane, load, ['SCRIPT', 'LOAD', script.source]);
    }
  }

  #done(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const callback of waiting) callback();
  }
}

/** One list on its way. The end of its host's connections reaches also what it did not send yet. */
class ListRun implements CommandHolder {
  holderIndex = -1;
  readonly goesOn = true;
  readonly promises: CommandPromise<unknown>[];
  readonly #sender: RawSender;
  readonly #lane: Lane;
  readonly #loader: ScriptLoader;
  readonly #steps: readonly ListStep[];
  #next = 0;
  /** The promise of a script that waits for the loader. */
  #unloaded: CommandPromise<unknown> | undefined;
  #isAdvancing = false;
  #mayGoOn = false;

  constructor(sender: RawSender, lane: Lane, loader: ScriptLoader, steps: readonly ListStep[]) {
    this.#sender = sender;
    this.#lane = lane;
    this.#loader = loader;
    this.#steps = steps;
    this.promises = steps.map((step) =>
      sender.promise(
        step.script === undefined ? rawSpec(step.name.toUpperCase(), step.args) : EVALSHA,
      ),
    );
    for (const { script } of steps) if (script !== undefined) loader.add(script);
  }

  /** Goes on with what is next; called when the list begins and when a script has answered. */
  advance(): void {
    this.#mayGoOn = true;
    // Where scripts fail at once, the list goes on here and not by calling itself.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#mayGoOn) {
      this.#mayGoOn = false;
      this.#sendUpToScript();
    }
    this.#isAdvancing = false;
    this.#endIfAllSent();
  }

  #sendUpToScript(): void {
    while (this.#next < this.#steps.length) {
      const step = this.#steps[this.#next]!;
      const promise = this.promises[this.#next]!;
      this.#next++;
      if (step.script !== undefined) {
        const { script, args } = step;
        this.#unloaded = promise;
        this.#loader.whenLoaded(() => {
          if (this.#unloaded !== promise) return;
          this.#unloaded = undefined;
          this.#runScript(script, args, promise);
          this.#endIfAllSent();
        });
        return;
      }
      this.#sender.send(this.#lane, promise, [step.name, ...step.args]);
    }
  }

  #runScript(script: Script, args: readonly RawArgument[], promise: CommandPromise<unknown>): void {
    const byHash = this.#sender.inner(EVALSHA);
    byHash.done(
      (value) => {
        this.#settle(promise, value);
      },
      (error) => {
        if (isMissingScript(error)) this.#evaluate(script, args, promise);
        else this.#settle(promise, error, true);
      },
    );
    this.#sender.send(this.#lane, byHash, ['EVALSHA', script.sha, ...args]);
  }

  /** The server forgot the script: evaluating it loads it again. */
  #evaluate(script: Script, args: readonly RawArgument[], promise: CommandPromise<unknown>): void {
    const bySource = this.#sender.inner(EVAL);
    bySource.done(
      (value) => {
        this.#settle(promise, value);
      },
      (error) => {
        this.#settle(promise, error, true);
      },
    );
    this.#sender.send(this.#lane, bySource, ['EVAL', script.source, ...args]);
  }

  #settle(promise: CommandPromise<unknown>, outcome: unknown, isFailure = false): void {
    if (isFailure) settleRejected(promise, outcome);
    else settleResolved(promise, outcome);
    this.advance();
  }

  /** Rejects what is not on its way. */
  giveUp(reason: GiveUpReason): void {
    const { hostId, address } = this.#lane.pool.host;
    this.#rejectUnsent(() =>
      Object.assign(reason(this.#lane), { hostId, address, maybeExecuted: false }),
    );
  }

  rejectHeld(error: Error): void {
    this.#rejectUnsent((command) => commandError(error, command));
  }

  #rejectUnsent(errorFor: (command: string) => Error): void {
    const unsent = this.promises.slice(this.#next);
    this.#next = this.#steps.length;
    if (this.#unloaded !== undefined) unsent.unshift(this.#unloaded);
    this.#unloaded = undefined;
    for (const promise of unsent) promise.onError(errorFor(promise.spec.name));
    this.#endIfAllSent();
  }

  /** From now on the host's pool knows of the list, until all of it is sent. */
  begin(): void {
    this.#lane.pool.addHolder(this);
  }

  #endIfAllSent(): void {
    const isAllSent = this.#next === this.#steps.length && this.#unloaded === undefined;
    if (isAllSent) this.#lane.pool.removeHolder(this);
  }
}

/** Makes the runs of all lists; a bad key keeps all of them from being sent. */
function prepareRuns(
  session: Session,
  mapping: ReplyMapping,
  lists: readonly CheckedList[],
): { runs: ListRun[]; loaders: Iterable<ScriptLoader> } {
  const { router } = session.backend.getRouting();
  const lanes = lists.map(({ key }) => {
    keyText(key);
    return session.dispatch.lane(router.getHostForKey(key));
  });
  const sender = new RawSender(session, mapping);
  const loaders = new Map(lanes.map((lane) => [lane, new ScriptLoader(sender, lane)]));
  const runs = lists.map(({ steps }, index) => {
    const lane = lanes[index]!;
    return new ListRun(sender, lane, loaders.get(lane)!, steps);
  });
  return { runs, loaders: loaders.values() };
}

/** Runs lists as one call; its outcome is made of the promises of each list, all of them settled. */
export function executeLists<R>(
  session: Session,
  { mapping, lists }: { mapping: ReplyMapping; lists: readonly CheckedList[] },
  options: JoinOptions,
  conclude: (promises: readonly RbPromise<unknown>[][]) => R,
): Promise<R> {
  const begin = (): RbPromise<unknown>[][] => {
    const { runs, loaders } = prepareRuns(session, mapping, lists);
    // Their failures are the call's: they are all in its error.
    for (const { promises } of runs) promises.forEach(markHandled);
    session.onGiveUp = (reason) => {
      for (const run of runs) run.giveUp(reason);
    };
    for (const run of runs) run.begin();
    for (const loader of loaders) loader.load();
    for (const run of runs) run.advance();
    return runs.map(({ promises }) => promises);
  };
  return runCall(session, options, begin, 'executeCommands', conclude);
}
