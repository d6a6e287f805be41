/**
 * What a connection says first, in one write: the protocol, who it is, which database, its name, and
 * whether the server is ready: one that loads its data takes all the rest.
 */

import { ConnectionError, ProtocolError, ReplyError } from '../errors.js';
import { DEFAULT_MAPPING } from './decode-mapping.js';
import { RespWriter } from './encoder.js';
import { isLoading } from './loading.js';
import { Pipeline, type PipelineOwner, type ReplySink } from './pipeline.js';

/** A user name and password. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password: string;
}

export interface HandshakeOptions {
  readonly protocol: 2 | 3;
  readonly db: number;
  readonly clientName: string | undefined;
  /** Asked at each connect. */
  readonly credentials: () => Credentials | undefined | PromiseLike<Credentials | undefined>;
}

/**
 * Stands for the handshake until it is sent: a server that lets nobody in (its `maxclients` are
 * reached) may say so before it is asked.
 */
export function greeting(onRefusal: (refusal: ConnectionError) => void): Pipeline {
  const sink: ReplySink = {
    mapping: DEFAULT_MAPPING,
    isRetryable: false,
    onReply: () => {
      onRefusal(new ProtocolError('The server sent a reply that no command asked for'));
    },
    onError: (cause) => {
      const message = `The server refused the connection: ${cause.message}`;
      onRefusal(new ConnectionError(message, { cause }));
    },
  };
  return new Pipeline(Buffer.alloc(0), [sink], { onPipelineDone: () => undefined });
}

/**
 * Encodes the handshake; `onDone` is called with the first refusal at once, or without when all of
 * it is answered.
 */
export function handshake(
  options: HandshakeOptions,
  credentials: Credentials | undefined,
  onDone: (refusal: ConnectionError | undefined) => void,
): Pipeline {
  const writer = new RespWriter(256);
  const steps = new HandshakeSteps(options.protocol, credentials?.password, onDone);
  const sinks: ReplySink[] = [];
  for (const command of handshakeCommands(options, credentials)) {
    writer.writeArrayHeader(command.length);
    for (const argument of command) writer.writeString(argument);
    sinks.push(steps.sink(command[0]!));
  }
  return new Pipeline(writer.detach(), sinks, steps);
}

function handshakeCommands(
  { protocol, db, clientName }: HandshakeOptions,
  credentials: Credentials | undefined,
): string[][] {
  const commands: string[][] = [];
  if (protocol === 3) {
    const hello = ['HELLO', '3'];
    if (credentials !== undefined) {
      hello.push('AUTH', credentials.username ?? 'default', credentials.password);
    }
    commands.push(hello);
  } else if (credentials !== undefined) {
    const { username, password } = credentials;
    commands.push(username === undefined ? ['AUTH', password] : ['AUTH', username, password]);
  }
  if (db !== 0) commands.push(['SELECT', String(db)]);
  if (clientName !== undefined) commands.push(['CLIENT', 'SETNAME', clientName]);
  commands.push(['PING']);
  return commands;
}

/** Answers to PING of servers that serve nevertheless, as far as this user may ask. */
const SERVING = /^(?:NOPERM|MASTERDOWN|MISCONF|BUSY) |unknown command/;

class HandshakeSteps implements PipelineOwner {
  readonly #protocol: 2 | 3;
  readonly #password: string | undefined;
  readonly #onDone: (refusal: ConnectionError | undefined) => void;

  constructor(
    protocol: 2 | 3,
    password: string | undefined,
    onDone: (refusal: ConnectionError | undefined) => void,
  ) {
    this.#protocol = protocol;
    this.#password = password;
    this.#onDone = onDone;
  }

  sink(command: string): ReplySink {
    return {
      mapping: DEFAULT_MAPPING,
      isRetryable: false,
      onReply: () => undefined,
      onError: (error) => {
        if (command === 'PING' && SERVING.test(error.message)) return;
        this.#onDone(this.#refuse(command, withoutSecrets(error, this.#password)));
      },
    };
  }

  #refuse(command: string, cause: Error): ConnectionError {
    if (isLoading(cause)) return new ConnectionError('The server is loading its data', { cause });
    const isUnknown = cause instanceof ReplyError && /unknown command|NOPROTO/i.test(cause.message);
    const message =
      command === 'HELLO' && this.#protocol === 3 && isUnknown
        ? 'The server does not speak RESP 3 (it has no HELLO); use the option RESP: 2'
        : `The server refused ${command}: ${cause.message}`;
    return new ConnectionError(message, { cause });
  }

  onPipelineDone(): void {
    this.#onDone(undefined);
  }
}

/**
 * The server's answer, without the arguments that it repeats to a command that it does not know. Of
 * one that holds the password, as a proxy may send, only the first word is left.
 */
function withoutSecrets(answer: Error, password: string | undefined): Error {
  const at = answer.message.search(/,? with args/i);
  let shown = at === -1 ? answer.message : answer.message.slice(0, at);
  // Redis itself says "password" in this one, which may well be the password.
  const isOwnWords = shown.startsWith('WRONGPASS ');
  if (password && !isOwnWords && shown.includes(password)) [shown = ''] = shown.split(' ', 1);
  if (shown === answer.message) return answer;
  return Object.assign(new ReplyError(shown), answer);
}
