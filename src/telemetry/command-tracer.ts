/** The trace of a command, and the sink that sees its answer. */

import type { HostInfo } from '../hosts.js';
import type { Key } from '../util/key.js';
import type { ReplySink } from '../wire/pipeline.js';
import { Thrown } from '../wire/thrown.js';
import { COMMAND_CHANNEL, publishOutcome, publishStart } from './channels.js';
import { HostFields } from './host-fields.js';
import type { CommandTrace, MapTrace } from './traces.js';

/** What a trace says of its command. */
export interface TracedCommand {
  readonly host: HostInfo;
  readonly command: string;
  readonly argumentCount: number;
  readonly keys: readonly Key[];
  readonly map: MapTrace | undefined;
}

/** A sink that knows its command. */
interface CommandSink extends ReplySink {
  readonly spec: object;
}

class CommandTracer extends HostFields implements CommandTrace {
  readonly command: string;
  readonly argumentCount: number;
  readonly map: MapTrace | undefined;
  mergedCount = 1;
  declare error?: unknown;
  readonly #keys: readonly Key[];

  constructor({ host, command, argumentCount, keys, map }: TracedCommand) {
    super(host);
    this.command = command;
    this.argumentCount = argumentCount;
    this.map = map;
    this.#keys = keys;
  }

  get keys(): readonly Key[] {
    return this.#keys;
  }
}

/** Stands before the sink of a command, and publishes how it has ended. */
class TracedSink<S extends CommandSink> implements CommandSink {
  readonly spec: S['spec'];
  readonly mapping: S['mapping'];
  readonly #sink: S;
  readonly #trace: CommandTracer;
  #isEnded = false;

  constructor(sink: S, trace: CommandTracer) {
    this.spec = sink.spec;
    this.mapping = sink.mapping;
    this.#sink = sink;
    this.#trace = trace;
  }

  get isRetryable(): boolean {
    return this.#sink.isRetryable;
  }

  onMerged(count: number): void {
    this.#trace.mergedCount = count;
  }

  onReply(reply: unknown): void {
    this.#end();
    this.#sink.onReply(reply);
  }

  onError(error: Error): void {
    // What a caller's own code threw is no failure of the command, here as in its transform.
    if (!this.#isEnded && !(error instanceof Thrown)) this.#trace.error = error;
    this.#end();
    this.#sink.onError(error);
  }

  /** Once, also where a merged command is lost in the middle of its answer. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    publishOutcome(COMMAND_CHANNEL, this.#trace);
  }
}

/** Publishes a command and its outcome; `send` is given the sink that sees it. */
export function traceCommand<S extends CommandSink>(
  command: TracedCommand,
  sink: S,
  send: (sink: TracedSink<S>) => void,
): void {
  const trace = new CommandTracer(command);
  publishStart(COMMAND_CHANNEL, trace, () => {
    send(new TracedSink(sink, trace));
  });
}
