/**
 * One connection: a socket, the commands that were handed to it, and the decoder of their replies.
 *
 *     connecting --> handshaking --> ready --> draining --> closed
 *          |              |            |                      ^
 *          '--------------'------------'----------------------'
 *
 * Nobody but its channel uses it. It hands the socket one chunk at a time: what waits behind stays
 * the channel's and can be withdrawn.
 */

import type * as net from 'node:net';
import { ConnectionError, ProtocolError, ReplyError, TimeoutError } from '../errors.js';
import { atEndOfTick, clearTimer, startDeadline, startTimer, type Timer } from '../util/timers.js';
import { Decoder, DEFAULT_LIMITS } from './decoder.js';
import { greeting, handshake, type HandshakeOptions } from './handshake.js';
import { isLoading, LoadingRound } from './loading.js';
import { commandsOf, type Pipeline, type ReplyErrorFactory } from './pipeline.js';
import { SentQueue, type SentQueueEvents } from './sent-queue.js';
import { openSocket, type SocketEvents, type SocketOptions } from './socket.js';
import { socketMessage } from './socket-error.js';

type State = 'connecting' | 'handshaking' | 'ready' | 'draining' | 'closed';

const TRANSITIONS: Readonly<Record<State, readonly State[]>> = {
  connecting: ['handshaking', 'closed'],
  handshaking: ['ready', 'closed'],
  ready: ['draining', 'closed'],
  draining: ['closed'],
  closed: [],
};

export interface ConnectionOptions {
  readonly socket: SocketOptions;
  readonly handshake: HandshakeOptions;
  /** For connecting and the handshake, and for a silence after a command timed out, in ms. */
  readonly connectTimeout: number;
  /** `host:port` or a path, for messages. */
  readonly address: string;
  /** Put on every error that comes from here. */
  readonly errorFields: object;
  /** Where its traffic is counted, if anywhere. */
  readonly traffic?: TrafficCounters | undefined;
}

/** Counts what goes over connections. */
export interface TrafficCounters {
  bytesSent: number;
  bytesReceived: number;
  /** Replies that are errors, and elements of merged ones; not those to a handshake. */
  errors: number;
}

/** The channel's side of a connection. */
export interface ConnectionEvents {
  onReady(): void;
  /** The server begins to answer: it does more than to let us in. */
  onAnswer(): void;
  /** The socket has taken all that it was handed. */
  onWritable(): void;
  /** Whether commands of this pipeline may be sent once more. */
  mayRepeat(pipeline: Pipeline): boolean;
  /** The server loads its data. Nothing is without a reply; what it did not run is in the round. */
  onLoading(round: LoadingRound): void;
  /** The connection is over; `unanswered` were sent and have no replies. */
  onClosed(reason: ConnectionError | TimeoutError, unanswered: Pipeline[], wasReady: boolean): void;
}

export class Connection implements SocketEvents, SentQueueEvents {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #traffic: TrafficCounters;
  readonly #decoder: Decoder;
  readonly #socket: net.Socket;
  #state: State = 'connecting';
  readonly #sent = new SentQueue(this);
  /** From the first LOADING until everything sent has its reply; nothing is sent meanwhile. */
  #loading: LoadingRound | undefined;
  #isAnswering = false;
  #connectTimer: Timer | undefined;
  #silenceTimer: Timer | undefined;
  #socketError: Error | undefined;
  #reads = 0;
  /** How many pipelines the socket has taken whole, and how many have all their replies. */
  #taken = 0;
  #answered = 0;
  readonly #onTaken = (error?: Error | null): void => {
    if (!error) this.#taken++;
    this.#tellIfWritable();
  };

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#traffic = options.traffic ?? { bytesSent: 0, bytesReceived: 0, errors: 0 };
    this.#decoder = new Decoder(this.#sent, this.#replyError, DEFAULT_LIMITS, {
      ...options.errorFields,
      address: options.address,
      maybeExecuted: true,
    });
    this.#limitConnecting();
    this.#socket = openSocket(options.socket, this);
  }

  /**
   * Where the event loop was busy, timers run before what arrived meanwhile is read. So that is read
   * first: if it brings the attempt forward, it was not the server that took so long, and it has as much
   * time once more.
   *
   * @param isLast - whether that was so already.
   */
  #limitConnecting(isLast = false): void {
    const { address, connectTimeout } = this.#options;
    this.#connectTimer = startTimer(() => {
      const before = this.#progress;
      atEndOfTick(() => {
        if (this.#isEstablished || this.#state === 'closed') return;
        if (!isLast && this.#progress !== before) {
          this.#limitConnecting(true);
          return;
        }
        const message = `Could not connect to ${address} within ${connectTimeout} ms`;
        this.#close(new TimeoutError(message));
      });
    }, connectTimeout);
  }

  /** Another number whenever an attempt to connect has come further. */
  get #progress(): number {
    return this.#reads + Number(this.#state !== 'connecting') + Number(!this.#socket.connecting);
  }

  /** Whether anything has come since the handshake. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Ready, and the socket has taken everything. */
  get isWritable(): boolean {
    if (this.#state !== 'ready' || this.#loading !== undefined) return false;
    // A socket that was destroyed has nothing to write either, before it says that it is closed.
    return this.#socket.writable && this.#socket.writableLength === 0;
  }

  /** How many requests that were sent are not answered. Commands that were merged are one. */
  get pending(): number {
    return this.#unanswered.reduce((sum, pipeline) => sum + pipeline.outstanding, 0);
  }

  /** How many commands that were sent are not answered. */
  get pendingCommands(): number {
    return this.#unanswered.reduce((sum, pipeline) => sum + pipeline.outstandingCommands, 0);
  }

  get #unanswered(): Pipeline[] {
    // The handshake is the connection's own.
    if (!this.#isEstablished) return [];
    return [...(this.#loading?.pipelines ?? []), ...this.#sent.pipelines];
  }

  #move(to: State): void {
    if (!TRANSITIONS[this.#state].includes(to)) {
      throw new Error(`A connection cannot go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }

  /** Hands a pipeline to the socket. Only while `isWritable`. */
  send(pipeline: Pipeline): void {
    this.#traffic.bytesSent += pipeline.bytes.length;
    pipeline.isSent = true;
    this.#sent.push(pipeline);
    this.#socket.write(pipeline.bytes, this.#onTaken);
  }

  #tellIfWritable(): void {
    if (this.isWritable) this.#events.onWritable();
  }

  /** Takes no more pipelines, and closes when all are answered. */
  drain(): void {
    if (this.#state !== 'ready') return;
    this.#move('draining');
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (this.#state === 'draining' && this.#sent.isEmpty) {
      this.#close(new ConnectionError(`The connection to ${this.#options.address} was closed`));
    }
  }

  /**
   * A command timed out: if nothing at all arrives from now on, the connection is given up. What
   * arrives sets the clock back, until the command is answered.
   */
  expectTraffic(): void {
    if (this.#silenceTimer !== undefined || this.#state !== 'ready') return;
    const { address, connectTimeout } = this.#options;
    const timer = startDeadline(() => {
      // What had arrived has taken the timer away.
      if (this.#silenceTimer !== timer) return;
      this.#close(new ConnectionError(`${address} was silent for ${connectTimeout} ms`));
    }, connectTimeout);
    this.#silenceTimer = timer;
  }

  onConnect(): void {
    if (this.#state !== 'connecting') return;
    this.#move('handshaking');
    void this.#shakeHands();
  }

  async #shakeHands(): Promise<void> {
    const options = this.#options.handshake;
    // Credentials may take their time.
    const greeted = greeting((refusal) => {
      this.#close(this.#located(refusal));
    });
    this.#sent.push(greeted);
    let pipeline;
    try {
      pipeline = handshake(options, await options.credentials(), (refusal) => {
        if (this.#state !== 'handshaking') return;
        if (refusal !== undefined) this.#close(this.#located(refusal));
        else this.#ready();
      });
    } catch (cause) {
      const { address } = this.#options;
      this.#close(new ConnectionError(`The credentials for ${address} were not given`, { cause }));
      return;
    }
    // A refusal that has begun to arrive is not to be taken for the answer to what is sent now.
    if (this.#state !== 'handshaking' || greeted.decoded > 0) return;
    this.#sent.clear();
    this.send(pipeline);
  }

  #ready(): void {
    clearTimer(this.#connectTimer);
    this.#move('ready');
    this.#events.onReady();
  }

  get readTarget(): Buffer {
    return this.#decoder.target;
  }

  onRead(count: number): void {
    this.#traffic.bytesReceived += count;
    this.#reads++;
    if (!this.#isAnswering && this.#isEstablished) {
      this.#isAnswering = true;
      this.#events.onAnswer();
    }
    try {
      this.#decoder.decode(count);
    } catch (error) {
      this.#close(this.#located(error instanceof ConnectionError ? error : undecodable(error)));
    }
    if (this.#silenceTimer !== undefined) this.#breakSilence();
  }

  /**
   * Something arrived. If what timed out is still to be answered, more has to follow: it may be that
   * nothing else is sent any more, and so nothing else times out.
   */
  #breakSilence(): void {
    clearTimer(this.#silenceTimer);
    this.#silenceTimer = undefined;
    if (this.#sent.hasTimedOut) this.expectTraffic();
  }

  onAllReplies(pipeline: Pipeline): void {
    // Of what was answered before it was out, the socket still has the bytes.
    const isTaken = ++this.#answered <= this.#taken;
    if (pipeline.hasPostponed) this.#loading!.pipelines.push(pipeline);
    else {
      if (isTaken) pipeline.recycle();
      pipeline.owner.onPipelineDone(pipeline);
    }
    if (this.#loading !== undefined && this.#sent.isEmpty) this.#endLoading(this.#loading);
    else this.#closeIfDrained();
  }

  withholds(pipeline: Pipeline, error: Error): boolean {
    // In the handshake it is a refusal as any other.
    if (!this.#isEstablished) return false;
    this.#traffic.errors++;
    const isWithheld = isLoading(error) && this.#refuse(pipeline, error);
    if (!isWithheld) {
      pipeline.owner.onErrorReply?.(
        pipeline,
        error,
        commandsOf(pipeline.sinks[pipeline.next - 1]!),
      );
    }
    return isWithheld;
  }

  onErrorElement(pipeline: Pipeline, error: Error): void {
    this.#traffic.errors++;
    pipeline.owner.onErrorReply?.(pipeline, error, 1);
  }

  /** The server did not run the command: answers whether it is kept to be sent again. */
  #refuse(pipeline: Pipeline, error: ReplyError): boolean {
    this.#loading ??= new LoadingRound(error, this.pending + 1);
    return this.#loading.refuse(pipeline, this.#events.mayRepeat(pipeline));
  }

  #endLoading(round: LoadingRound): void {
    this.#loading = undefined;
    if (round.keepsOrder) {
      this.#events.onLoading(round);
      return;
    }
    for (const pipeline of round.pipelines) pipeline.fail(round.answer);
    this.#closeIfDrained();
    this.#tellIfWritable();
  }

  readonly #replyError: ReplyErrorFactory = (message: string): ReplyError => {
    // The stack would be that of the decoder, which helps nobody.
    const limit = Error.stackTraceLimit;
    // Unlike an assignment it does not throw where the property is frozen.
    Reflect.set(Error, 'stackTraceLimit', 0);
    const error = Object.assign(new ReplyError(message), this.#options.errorFields);
    Reflect.set(Error, 'stackTraceLimit', limit);
    return error;
  };

  onError(error: Error): void {
    this.#socketError = error;
  }

  onClose(): void {
    const cause = this.#socketError;
    const message = cause === undefined ? this.#end : `${this.#end}: ${socketMessage(cause)}`;
    this.#close(new ConnectionError(message, cause === undefined ? undefined : { cause }));
  }

  /** How the connection ends, if it does now, for messages. */
  get #end(): string {
    const { address } = this.#options;
    return this.#isEstablished
      ? `The connection to ${address} was lost`
      : `Could not connect to ${address}`;
  }

  /** An error of those that do not know where the connection leads, with that before its message. */
  #located(error: ConnectionError): ConnectionError {
    const Class = error instanceof ProtocolError ? ProtocolError : ConnectionError;
    const options = error.cause === undefined ? undefined : { cause: error.cause };
    return new Class(`${this.#end}: ${error.message}`, options);
  }

  #close(reason: ConnectionError | TimeoutError): void {
    if (this.#state === 'closed') return;
    const wasReady = this.#isEstablished;
    const unanswered = this.abort();
    this.#events.onClosed(Object.assign(reason, this.#options.errorFields), unanswered, wasReady);
  }

  get #isEstablished(): boolean {
    return this.#state === 'ready' || this.#state === 'draining';
  }

  /** Ends the connection at once and without an event; answers what was sent and has no reply. */
  abort(): Pipeline[] {
    if (this.#state === 'closed') return [];
    const unanswered = this.#unanswered;
    this.#move('closed');
    this.#decoder.stop();
    clearTimer(this.#connectTimer);
    clearTimer(this.#silenceTimer);
    this.#socket.destroy();
    this.#sent.close();
    this.#loading = undefined;
    return unanswered;
  }
}

/** For a reply that cannot be held: a string that is longer than strings may be, for one. */
function undecodable(cause: unknown): ProtocolError {
  return new ProtocolError('The server sent a reply that could not be decoded', { cause });
}
