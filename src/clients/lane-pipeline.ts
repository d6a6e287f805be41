/** A pipeline of a lane: where it stands, and the count of what gets no answer. */

import { ReplyError } from '../errors.js';
import type { Timer } from '../util/timers.js';
import { Pipeline, type PipelineOwner, type ReplySink } from '../wire/pipeline.js';
import type { CommandChannel, CommandCounters } from './backend.js';
import type { SealedCommands } from './command-buffer.js';
import { commandsOf } from './sinks.js';

export class LanePipeline extends Pipeline {
  readonly commands: number;
  readonly size: number;
  /** In ms: how long a blocking command may block by its own arguments; undefined for others. */
  blockingTime: number | undefined;
  channel: CommandChannel | undefined;
  timer: Timer | undefined;
  /** Whether the dispatch counts on it, and whether the pool does. */
  isPending = true;
  isOccupying = false;
  /** When it was handed to its channel, in ms. */
  sentAt = NaN;
  /** Whether a reply is missing for good. */
  hasLost = false;
  /** Whether what is without an answer is not to be counted: it is answered, or was counted. */
  #isAccountedFor = false;
  readonly #counters: CommandCounters;

  constructor(sealed: SealedCommands, owner: PipelineOwner, counters: CommandCounters) {
    super(sealed.bytes, sealed.sinks, sealed.ends, owner);
    this.commands = sealed.commands;
    this.size = sealed.bytes.length;
    this.#counters = counters;
  }

  override takePostponed(): ReplySink[] {
    const sinks = super.takePostponed();
    if (sinks.length > 0) this.hasLost = true;
    this.#countUnanswered(sinks);
    return sinks;
  }

  override fail(error: Error): void {
    // From a server that loads its data for too long it is an answer.
    if (error instanceof ReplyError) this.#isAccountedFor = true;
    else this.hasLost = true;
    this.#countUnanswered(this.sinks.slice(this.next));
    super.fail(error);
  }

  override abandon(error: Error): void {
    this.#countUnanswered(this.sinks.slice(this.next));
    super.abandon(error);
    this.#isAccountedFor = true;
  }

  override salvage(maxLosses: number): ReplySink[] {
    const lost = super.salvage(maxLosses);
    if (lost.length > 0) this.hasLost = true;
    this.#countUnanswered(lost);
    return lost;
  }

  #countUnanswered(sinks: readonly ReplySink[]): void {
    if (this.#isAccountedFor) return;
    for (const sink of sinks) this.#counters.failures += commandsOf(sink);
  }
}
