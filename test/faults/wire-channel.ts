/** Channels to real servers, and commands for them that write down what happens to them. */

import { ReplyError } from '../../src/errors.js';
import { Channel, type ChannelOptions } from '../../src/wire/channel.js';
import { ConnectPause } from '../../src/wire/connect-pause.js';
import type { ConnectionOptions } from '../../src/wire/connection.js';
import { DecodeMapping } from '../../src/wire/decode-mapping.js';
import { RespWriter } from '../../src/wire/encoder.js';
import type { Credentials } from '../../src/wire/handshake.js';
import { Pipeline, type ReplySink } from '../../src/wire/pipeline.js';

/** Where a channel leads: a unix socket, or a port of 127.0.0.1. */
export type Target = { readonly path: string } | { readonly port: number };

/** What a test may set; everything else has a default. */
export interface ChannelSettings {
  readonly protocol?: 2 | 3;
  readonly db?: number;
  readonly clientName?: string;
  readonly credentials?: () => Credentials | undefined | PromiseLike<Credentials | undefined>;
  readonly tls?: ConnectionOptions['socket']['tls'];
  readonly connectTimeout?: number;
  readonly retries?: number;
  readonly reconnect?: ChannelOptions['reconnect'];
  readonly isBlocking?: boolean;
}

export const ERROR_FIELDS = { hostId: 7, address: 'the test server' };

export function channelOptions(target: Target, settings: ChannelSettings = {}): ChannelOptions {
  const reconnect = settings.reconnect ?? { minDelay: 1, maxDelay: 1 };
  return {
    connection: {
      socket: {
        host: '127.0.0.1',
        port: 'port' in target ? target.port : 0,
        path: 'path' in target ? target.path : undefined,
        tls: settings.tls,
        keepAlive: false,
      },
      handshake: {
        protocol: settings.protocol ?? 2,
        db: settings.db ?? 0,
        clientName: settings.clientName,
        credentials: settings.credentials ?? (() => undefined),
      },
      connectTimeout: settings.connectTimeout ?? 10_000,
      address: ERROR_FIELDS.address,
      errorFields: ERROR_FIELDS,
    },
    reconnect,
    isBlocking: settings.isBlocking,
    pause: new ConnectPause(reconnect),
    retries: settings.retries ?? 1,
  };
}

export function makeChannel(target: Target, settings?: ChannelSettings): Channel {
  return new Channel(channelOptions(target, settings));
}

/** The commands of the tests that only read. */
const READ_ONLY = /^(?:GET|MGET|STRLEN|EXISTS)\b/;

/** A command, and what has happened to it so far. */
export class Call implements ReplySink {
  readonly mapping = new DecodeMapping(undefined);
  readonly isRetryable: boolean;
  readonly elements?: number;
  readonly text: string;
  /** Settled as the command is, and only by the first settlement. */
  readonly answer: Promise<unknown>;
  /** How often it was settled; more than once is wrong. */
  settlements = 0;
  value: unknown;
  error: (Error & { maybeExecuted?: boolean }) | undefined;
  /** Called when it is settled. */
  onSettled: () => void = () => undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: Error) => void;
  readonly #elements: unknown[] = [];

  constructor(text: string, elements?: number) {
    this.text = text;
    this.isRetryable = READ_ONLY.test(text);
    if (elements !== undefined) this.elements = elements;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Tests look at the error where they expect one.
    this.answer.catch(() => undefined);
  }

  onElement(index: number, value: unknown): void {
    this.#elements[index] = value;
    if (this.#elements.length === this.elements) this.onReply(this.#elements);
  }

  onReply(value: unknown): void {
    this.settlements++;
    this.value = value;
    this.#resolve(value);
    this.onSettled();
  }

  onError(error: Error): void {
    this.settlements++;
    this.error = error;
    this.#reject(error);
    this.onSettled();
  }
}

/** Commands that travel together. */
export class TestPipeline extends Pipeline {
  readonly calls: readonly Call[];
  /** How often it was done; more than once is wrong. */
  readonly times: { done: number };

  constructor(calls: readonly Call[]) {
    const writer = new RespWriter(64);
    for (const { text } of calls) {
      const args = text.split(' ');
      writer.writeArrayHeader(args.length);
      for (const argument of args) writer.writeString(argument);
    }
    const times = { done: 0 };
    super(writer.detach(), [...calls], { onPipelineDone: () => times.done++ });
    this.calls = calls;
    this.times = times;
  }
}

/** A pipeline of these commands; each one's arguments stand between spaces. */
export function pipelineOf(...texts: readonly string[]): TestPipeline {
  return new TestPipeline(texts.map((text) => new Call(text)));
}

/** Sends the commands in one pipeline. */
export function send(channel: Channel, ...texts: readonly string[]): TestPipeline {
  const pipeline = pipelineOf(...texts);
  channel.send(pipeline);
  return pipeline;
}

/** Sends one command; answers its reply. */
export function execute(channel: Channel, text: string): Promise<unknown> {
  return send(channel, text).calls[0]!.answer;
}

/** Waits until all are settled, whichever way. */
export async function settled(...pipelines: readonly TestPipeline[]): Promise<void> {
  await Promise.allSettled(pipelines.flatMap(({ calls }) => calls.map(({ answer }) => answer)));
}

/** Why a command failed. */
export async function failureOf(call: Call | undefined): Promise<NonNullable<Call['error']>> {
  await Promise.allSettled([call?.answer]);
  if (call?.error === undefined) throw new Error('the command did not fail');
  return call.error;
}

/** In short: the value, or what became of the command. */
export function outcome({ error, value }: Call): unknown {
  if (error === undefined) return value;
  if (error instanceof ReplyError) return `${error.name}: ${error.message}`;
  return `${error.name}, ${error.maybeExecuted ? 'maybe executed' : 'not executed'}`;
}
