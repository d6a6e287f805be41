/** The sink of a script that is called by its hash: it evaluates it where the server forgot it. */

import type { CommandSpec } from '../commands/command-spec.js';
import type { RawArgument } from '../commands/key-table.js';
import { ReplyError } from '../errors.js';
import { isInstance } from '../util/foreign.js';
import { borrowWriter, returnWriter } from './command-writer.js';
import type { Lane } from './lane.js';
import type { ReplyMapping } from './reply-mapping.js';
import type { CommandSink } from './sinks.js';

export class ScriptSink implements CommandSink {
  readonly spec: CommandSpec;
  readonly mapping: ReplyMapping;
  readonly #sink: CommandSink;
  readonly #lane: Lane;
  /** The arguments behind the hash. */
  readonly #args: readonly RawArgument[];

  constructor(sink: CommandSink, lane: Lane, args: readonly RawArgument[]) {
    this.spec = sink.spec;
    this.mapping = sink.mapping;
    this.#sink = sink;
    this.#lane = lane;
    this.#args = args;
  }

  get isRetryable(): boolean {
    return this.#sink.isRetryable;
  }

  onReply(reply: unknown): void {
    this.#sink.onReply(reply);
  }

  onError(error: Error): void {
    if (isMissingScript(error)) this.#evaluate();
    else this.#sink.onError(error);
  }

  #evaluate(): void {
    const { name, source } = this.spec;
    const writer = borrowWriter();
    writer.push(name === 'EVALSHA_RO' ? 'EVAL_RO' : 'EVAL', source!);
    for (const argument of this.#args) writer.pushRaw(argument);
    this.#lane.append(writer, this.#sink);
    returnWriter(writer);
  }
}

/** Whether the server does not know the script: one that it knows may answer NOSCRIPT itself. */
export function isMissingScript(error: unknown): boolean {
  return isInstance(error, ReplyError) && error.message.startsWith('NOSCRIPT No matching script');
}
