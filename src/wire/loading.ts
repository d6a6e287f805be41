/**
 * Servers that load their data. They run hardly any command, and answer LOADING to all others. A
 * connection that is made meanwhile counts as a failed attempt; what follows is about a server that
 * begins to load while it has connections.
 *
 * A command that was refused so did not run. It is sent again only in its order: that is lost as
 * soon as the server runs a command that was sent behind it, when it has just finished loading.
 */

import { ReplyError } from '../errors.js';
import { isInstance } from '../util/foreign.js';
import type { Pipeline } from './pipeline.js';

/** The servers' own words: a script may answer another LOADING of its own when it has run. */
const LOADING = /^LOADING \S+ is loading the dataset in memory/;

/** Whether it is the answer of a server that loads its data, and did not run the command. */
export function isLoading(error: unknown): error is ReplyError {
  return isInstance(error, ReplyError) && LOADING.test(error.message);
}

/** The first such answer on a connection, and what becomes of all that was sent by then. */
export class LoadingRound {
  readonly answer: ReplyError;
  /** Pipelines whose replies are all in, and that have commands to be sent again; oldest first. */
  readonly pipelines: Pipeline[] = [];
  readonly #expected: number;
  #refused = 0;
  #isExhausted = false;

  /** @param unanswered - the commands that were sent and had no reply, the refused one included. */
  constructor(answer: ReplyError, unanswered: number) {
    this.answer = answer;
    this.#expected = unanswered;
  }

  /** Whether a command was refused that may not be sent once more. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** Whether every command was refused, so that all can be sent again in their order. */
  get keepsOrder(): boolean {
    return this.#refused === this.#expected;
  }

  /** Notes a refused command; answers whether it is kept to be sent again. */
  refuse(pipeline: Pipeline, mayRepeat: boolean): boolean {
    this.#refused++;
    if (!mayRepeat) this.#isExhausted = true;
    return mayRepeat && pipeline.postpone();
  }
}
