/**
 * The commands of one dispatch for one host, in order: encoded into a buffer, sealed into
 * pipelines, held while it is not the host's turn or the pool has no room, then handed to a channel.
 *
 *     buffer --seal--> held --turn, room--> channel --> done
 */

import { TimeoutError } from '../errors.js';
import { BatchTracer, startBatch } from '../telemetry/batch-tracer.js';
import { BATCH_CHANNEL, COMMAND_CHANNEL, hasListeners } from '../telemetry/channels.js';
import { mapOf } from '../telemetry/map-tracer.js';
import type { MapTrace } from '../telemetry/traces.js';
import { clearTimer, now, startDeadline } from '../util/timers.js';
import { MAX_DELAY } from '../util/validate.js';
import type { Pipeline, PipelineOwner, ReplySink } from '../wire/pipeline.js';
import type { CommandChannel, CommandHolder, CommandPool, RoomWaiter } from './backend.js';
import type { BufferSizes } from './buffer-sizes.js';
import { CommandBuffer, FLUSH_SIZE, type SealedCommands } from './command-buffer.js';
import type { CommandWriter } from './command-writer.js';
import { LanePipeline } from './lane-pipeline.js';
import { type CommandSink, commonName } from './sinks.js';

/** A lane's side of its dispatch. */
export interface LaneHost {
  readonly autoBatch: boolean;
  readonly commandTimeout: number | undefined;
  readonly bufferSizes: BufferSizes;
  /** The lane has something to flush at the end of the tick. */
  onDirty(lane: Lane): void;
  /** Asks for a turn; false if `takeTurn` will be called later. */
  askForTurn(lane: Lane): boolean;
  giveBackTurn(): void;
  /** One pipeline more is, or is no more, outstanding. */
  onPending(change: 1 | -1, isBlocking: boolean): void;
}

/** Makes the error for what is given up; where it was going is put on it afterwards. */
export type GiveUpReason = (lane: Lane) => Error;

export class Lane implements PipelineOwner, RoomWaiter, CommandHolder {
  readonly pool: CommandPool;
  holderIndex = -1;
  readonly goesOn = false;
  readonly #host: LaneHost;
  readonly #buffer: CommandBuffer;
  /** How many bytes of it count against the bounds of the pool. */
  #occupied = 0;
  #channel: CommandChannel;
  #held: LanePipeline[] = [];
  /** Mostly one; they end in their order, if they do not fail. */
  #inFlight: LanePipeline[] = [];
  #hasTurn = false;
  #awaitsTurn = false;
  #isTraced = false;

  constructor(host: LaneHost, pool: CommandPool) {
    this.#host = host;
    this.pool = pool;
    this.#buffer = new CommandBuffer(host.autoBatch, host.bufferSizes);
    this.#channel = pool.openChannel();
  }

  /** Whether neighbouring plain GETs and SETs become one command. */
  get merges(): boolean {
    return this.#host.autoBatch;
  }

  /** Whether anybody listens to commands. It is asked anew for each pipeline. */
  get isTraced(): boolean {
    if (this.#buffer.isEmpty) this.#isTraced = hasListeners(COMMAND_CHANNEL);
    return this.#isTraced;
  }

  /** The trace of the map whose commands these are, if it is traced. */
  get map(): MapTrace | undefined {
    return mapOf(this.#host);
  }

  /** Whether commands of this lane are without an answer. */
  get isBusy(): boolean {
    return !this.#buffer.isEmpty || this.#held.length > 0 || this.#inFlight.length > 0;
  }

  append(command: CommandWriter, sink: ReplySink): void {
    if (!this.#admits(sink)) return;
    this.#buffer.append(command, sink);
    this.#afterAppend();
  }

  appendGet(key: string | Uint8Array, sink: CommandSink): void {
    if (!this.#admits(sink)) return;
    this.#buffer.appendGet(key, sink);
    this.#afterAppend();
  }

  appendSet(key: string | Uint8Array, value: string | Uint8Array, sink: CommandSink): void {
    if (!this.#admits(sink)) return;
    this.#buffer.appendSet(key, value, sink);
    this.#afterAppend();
  }

  /** A command that blocks: it gets a connection of its own and is not ordered against others. */
  appendBlocking(command: CommandWriter, sink: ReplySink, blockingTime: number): void {
    const { blockingRefusal } = this.pool;
    if (blockingRefusal !== undefined) {
      this.#refuse(sink, blockingRefusal);
      return;
    }
    if (!this.#admits(sink)) return;
    const own = new CommandBuffer(false, this.#host.bufferSizes);
    own.append(command, sink);
    const sealed = own.seal();
    if (!this.pool.waitsForRoom) this.pool.occupy(1, sealed.bytes.length);
    this.#host.onPending(1, true);
    this.#release(sealed, blockingTime);
  }

  /** Rejects a command for which the pool has no room, or whose host was removed. */
  #admits(sink: ReplySink): boolean {
    const { pool } = this;
    if (!pool.isRemoved && (pool.waitsForRoom || pool.hasRoom)) return true;
    this.#refuse(sink, pool.refusal());
    return false;
  }

  #refuse(sink: ReplySink, error: Error): void {
    const { counters } = this.pool;
    counters.commands++;
    counters.requests++;
    counters.failures++;
    sink.onError(error);
  }

  /** Not before it is in a buffer, for which there may be no memory. */
  #occupy(): void {
    if (this.pool.waitsForRoom) return;
    const { size } = this.#buffer;
    this.pool.occupy(1, size - this.#occupied);
    this.#occupied = size;
  }

  #afterAppend(): void {
    this.#occupy();
    if (this.#buffer.commands === 1) {
      this.#host.onPending(1, false);
      this.#host.onDirty(this);
      this.pool.addHolder(this);
    }
    if (this.#isFull) this.flush();
  }

  get #isFull(): boolean {
    const { size } = this.#buffer;
    if (size >= FLUSH_SIZE) return true;
    return this.pool.waitsForRoom && this.pool.isPiece(this.#buffer.commands, size);
  }

  /** Sends on what is in the buffer, as far as it may go. */
  flush(): void {
    if (!this.#buffer.isEmpty) this.#release(this.#seal());
  }

  #seal(): SealedCommands {
    const sealed = this.#buffer.seal();
    // The head of a batch is known only now.
    if (!this.pool.waitsForRoom) this.pool.occupy(0, sealed.bytes.length - this.#occupied);
    this.#occupied = 0;
    return sealed;
  }

  #release(sealed: SealedCommands, blockingTime?: number): void {
    if (hasListeners(BATCH_CHANNEL)) {
      this.#releaseTraced(sealed, blockingTime);
      return;
    }
    this.#hold(sealed, blockingTime);
    this.#sendHeld();
  }

  #releaseTraced(sealed: SealedCommands, blockingTime: number | undefined): void {
    const { bytes, commands, sinks } = sealed;
    const trace = new BatchTracer({
      host: this.pool.host,
      commands,
      requests: sinks.length,
      command: commonName(sinks),
      bytes: bytes.length,
      isBlocking: blockingTime !== undefined,
      map: this.map,
    });
    // First held: a listener may give it up.
    this.#hold(sealed, blockingTime, trace);
    startBatch(trace, () => {
      this.#sendHeld();
    });
  }

  #hold(sealed: SealedCommands, blockingTime?: number, trace?: BatchTracer): void {
    const { counters } = this.pool;
    counters.commands += sealed.commands;
    counters.requests += sealed.sinks.length;
    counters.batches++;
    const pipeline = new LanePipeline(sealed, this, { counters, trace });
    pipeline.blockingTime = blockingTime;
    pipeline.isOccupying = !this.pool.waitsForRoom;
    this.#startTimer(pipeline);
    this.#held.push(pipeline);
  }

  #startTimer(pipeline: LanePipeline): void {
    const { commandTimeout } = this.#host;
    if (commandTimeout === undefined) return;
    const timeout = commandTimeout + (pipeline.blockingTime ?? 0);
    if (timeout > MAX_DELAY) return;
    clearTimer(pipeline.timer);
    const onDeadline = (): void => {
      // The time of one that blocks begins again when it is sent.
      if (!pipeline.isPending || pipeline.timer !== timer) return;
      const { hostId, address } = this.pool.host;
      const message = `No answer from host ${hostId} (${address}) within ${timeout} ms`;
      this.#giveUpPipeline(pipeline, () => new TimeoutError(message));
    };
    const timer = startDeadline(onDeadline, timeout, () => pipeline.isSent);
    pipeline.timer = timer;
  }

  #sendHeld(): void {
    if (!this.#hasTurn && !this.#awaitsTurn && this.#held.length > 0) {
      this.#hasTurn = this.#host.askForTurn(this);
      this.#awaitsTurn = !this.#hasTurn;
    }
    while (this.#hasTurn && this.#held.length > 0) {
      if (this.pool.waitsForRoom && !this.hasRoom) {
        this.pool.awaitRoom(this);
        break;
      }
      this.#send(takeFirst(this.#held)!);
    }
    if (this.#held.length === 0 && this.#buffer.isEmpty) this.pool.removeHolder(this);
    else this.pool.addHolder(this);
  }

  #send(pipeline: LanePipeline): void {
    if (!pipeline.isOccupying) {
      this.pool.occupy(pipeline.commands, pipeline.size);
      pipeline.isOccupying = true;
    }
    if (isBlocking(pipeline)) {
      pipeline.channel = this.pool.openBlockingChannel();
      // Its own time begins now, whatever it has waited.
      this.#startTimer(pipeline);
    } else {
      pipeline.channel = this.#takeChannel();
    }
    this.#inFlight.push(pipeline);
    pipeline.sentAt = now();
    pipeline.channel.send(pipeline);
  }

  /** While nothing is under way, no order binds it to one. */
  #takeChannel(): CommandChannel {
    if (this.#inFlight.length === 0) this.#channel = this.pool.usableChannel(this.#channel);
    return this.#channel;
  }

  /** Whether something is not handed to a socket: of that nothing can have arrived. */
  get hasUnsent(): boolean {
    if (!this.#buffer.isEmpty || this.#held.length > 0) return true;
    return this.#inFlight.some(({ isSent }) => !isSent);
  }

  takeTurn(): void {
    this.#awaitsTurn = false;
    this.#hasTurn = true;
    this.#sendHeld();
    this.#giveBackTurn();
  }

  /** Whether the next of what waits has room. */
  get hasRoom(): boolean {
    const next = this.#held[0];
    return next === undefined || this.pool.hasRoomFor(next.commands, next.size);
  }

  onRoom(): void {
    this.#sendHeld();
  }

  #giveBackTurn(): void {
    if (!this.#hasTurn || this.#inFlight.length > 0 || this.#held.length > 0) return;
    this.#hasTurn = false;
    this.#host.giveBackTurn();
  }

  onErrorReply(pipeline: Pipeline, error: Error, commands: number): void {
    if (pipeline instanceof LanePipeline) pipeline.noteErrorReply(error, commands);
  }

  onPipelineDone(pipeline: Pipeline): void {
    // A lane owns no others.
    if (pipeline instanceof LanePipeline) this.#onDone(pipeline);
  }

  #onDone(done: LanePipeline): void {
    clearTimer(done.timer);
    done.endTrace();
    const hadItsOwn = isBlocking(done);
    if (hadItsOwn && done.channel !== undefined) {
      this.pool.closeBlockingChannel(done.channel, true);
      done.channel = undefined;
    }
    // Whoever has waited for its room may go now.
    if (done.isOccupying) this.pool.release(done.commands, done.size);
    if (!hadItsOwn && !done.hasLost) {
      this.pool.counters.recordLatency(now() - done.sentAt);
    }
    this.#forget(done);
    this.#giveBackTurn();
    this.#noLongerPending(done);
  }

  #forget(pipeline: LanePipeline): void {
    const index = this.#inFlight.indexOf(pipeline);
    if (index === 0) takeFirst(this.#inFlight);
    else if (index > 0) this.#inFlight.splice(index, 1);
  }

  #noLongerPending(pipeline: LanePipeline): void {
    if (!pipeline.isPending) return;
    pipeline.isPending = false;
    this.#host.onPending(-1, isBlocking(pipeline));
  }

  /** Rejects what is not answered. What was sent is abandoned: its replies are read and dropped. */
  giveUp(reason: GiveUpReason): void {
    for (const pipeline of this.#takeHeld()) pipeline.fail(this.#error(reason, pipeline));
    for (const pipeline of [...this.#inFlight]) {
      // Callbacks of what was given up before may have ended this one.
      if (this.#inFlight.includes(pipeline)) this.#giveUpPipeline(pipeline, reason);
    }
  }

  #giveUpPipeline(pipeline: LanePipeline, reason: GiveUpReason): void {
    clearTimer(pipeline.timer);
    const { channel } = pipeline;
    if (channel === undefined || channel.withdraw(pipeline)) {
      // Mostly they are given up in their order.
      if (this.#held[0] === pipeline) takeFirst(this.#held);
      else this.#held = this.#held.filter((held) => held !== pipeline);
      if (this.#held.length === 0) this.#holdsNothing();
      else this.pool.callWaitersSoon();
      pipeline.fail(this.#error(reason, pipeline));
      return;
    }
    const error = this.#error(reason, pipeline);
    this.#forget(pipeline);
    // The server has said that these did not run, unless on a connection that was lost before.
    for (const sink of pipeline.takePostponed()) {
      sink.onError(this.#error(reason, pipeline, pipeline.wasSent));
    }
    pipeline.abandon(error);
    if (pipeline.hasTimedOut) channel.expectTraffic();
    // Unless a callback has ended it, and the channel serves another command by now.
    const isItsOwn = isBlocking(pipeline) && pipeline.channel === channel;
    if (isItsOwn) this.pool.closeBlockingChannel(channel, false);
    this.#giveBackTurn();
    this.#noLongerPending(pipeline);
  }

  #error(
    reason: GiveUpReason,
    pipeline: LanePipeline,
    maybeExecuted = pipeline.isSent || pipeline.wasSent,
  ): Error {
    const { hostId, address } = this.pool.host;
    return Object.assign(reason(this), { hostId, address, maybeExecuted });
  }

  #takeHeld(): LanePipeline[] {
    if (!this.#buffer.isEmpty) this.#hold(this.#seal());
    const held = this.#held;
    this.#held = [];
    this.#holdsNothing();
    return held;
  }

  /** The pool lets go of the lane, also while it has no room. */
  #holdsNothing(): void {
    this.pool.stopAwaitingRoom(this);
    if (this.#buffer.isEmpty) this.pool.removeHolder(this);
  }

  rejectHeld(error: Error): void {
    for (const pipeline of this.#takeHeld()) pipeline.fail(error);
  }

  rejectBlocking(error: Error): void {
    const blocking = this.#held.filter(isBlocking);
    if (blocking.length === 0) return;
    this.#held = this.#held.filter((pipeline) => !isBlocking(pipeline));
    if (this.#held.length === 0) this.#holdsNothing();
    for (const pipeline of blocking) pipeline.fail(error);
  }
}

function isBlocking({ blockingTime }: LanePipeline): boolean {
  return blockingTime !== undefined;
}

/** `shift`, but in newer versions of V8 that gives back the room of an array that it empties. */
function takeFirst<T>(array: T[]): T | undefined {
  return array.length === 1 ? array.pop() : array.shift();
}
