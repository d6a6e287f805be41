/** What the clients of maps and fan-outs share: a session, and RbPromises as answers. */

import type { CommandSpec } from '../commands/command-spec.js';
import { RbPromise, settleRejected } from '../promise/rb-promise.js';
import { CommandClient } from './command-client.js';
import { refusedCommand } from './command-error.js';
import { type CallOptions, JOIN_OPTIONS, resolveCallOptions } from '../options.js';
import { extendClient } from './extend-client.js';
import { joinSession } from './join.js';
import { MAPPING, NEW_PROMISE, REFUSE, SESSION } from './members.js';
import type { ReplyMapping } from './reply-mapping.js';
import type { Session } from './session.js';
import { CommandContext, CommandPromise } from './sinks.js';

export abstract class SessionClient extends CommandClient {
  /** @internal */
  protected readonly [SESSION]: Session;
  /** @internal */
  protected readonly [MAPPING]: ReplyMapping;
  readonly #contexts = new Map<CommandSpec, CommandContext>();
  /** That of the last command: the next one mostly has the same. */
  #context: CommandContext | undefined;

  /** @internal */
  constructor(session: Session, mapping: ReplyMapping) {
    super();
    this[SESSION] = session;
    this[MAPPING] = mapping;
    extendClient(this, session.backend.addedCommands);
  }

  /**
   * Waits for everything that is outstanding; the client stays usable.
   *
   * @throws (rejects) the reason of an unhandled failure, or a `MapError` for several; a
   * `TimeoutError` at the deadline; `signal.reason` when aborted.
   * @example
   * const mapping = client.getMappingClient();
   * const first = mapping.get('key');
   * await mapping.join();
   * console.log(first.value);
   */
  join(options?: Pick<CallOptions, 'timeout' | 'signal'>): Promise<void> {
    try {
      return joinSession(this[SESSION], resolveCallOptions(options, JOIN_OPTIONS));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Rejects every unanswered command with a `CancelledError`. Unsent work is withdrawn; the replies
   * to what was sent are dropped. Cancelled commands count as handled. Never throws.
   *
   * @example
   * await cluster.map(async (client) => {
   *   const answers = keys.map((key) => client.get(key));
   *   await answers[0];
   *   client.cancel(); // the others are not needed any more
   * });
   */
  cancel(): void {
    this[SESSION].cancel();
  }

  /** Joins. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.join();
  }

  /** @internal */
  protected [NEW_PROMISE]<T>(spec: CommandSpec): CommandPromise<T> {
    const context = this.#context?.spec === spec ? this.#context : this.#contextOf(spec);
    return CommandPromise.of<T>(context, this[SESSION].nextSequence());
  }

  #contextOf(spec: CommandSpec): CommandContext {
    let context = this.#contexts.get(spec);
    if (context === undefined) {
      context = new CommandContext(this[SESSION], spec, this[MAPPING]);
      if (spec.isShared) this.#contexts.set(spec, context);
    }
    return (this.#context = context);
  }

  /** @internal */
  protected override [REFUSE](error: unknown, command: string | undefined): RbPromise<never> {
    const promise = new RbPromise<never>(this[SESSION], this[SESSION].nextSequence());
    settleRejected(promise, refusedCommand(error, command));
    return promise;
  }
}
