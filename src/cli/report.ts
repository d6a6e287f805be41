/** Which message, and which exit code, an error becomes. */

import {
  BadHostSetup,
  type CommandErrorFields,
  ConnectionError,
  MisuseError,
  ReplyError,
  UnroutableCommand,
} from '../errors.js';
import { EXIT, Stopped, UsageError } from './exit.js';
import type { Output } from './output.js';
import { oneLine, redactUrls } from './text.js';

/** An error in the JSON that is printed. */
export interface ErrorJson {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly host?: number;
  readonly address?: string;
  readonly command?: string;
  readonly maybeExecuted?: boolean;
}

/** Tells of the error that ended the call, and answers the exit code. */
export function reportError(error: unknown, output: Output, isJson: boolean): number {
  if (error instanceof Stopped) return error.exitCode;
  if (isJson) output.jsonNote({ error: errorJson(error) });
  else output.note(`${output.noteColors.red('rb:')} ${describeError(error)}`);
  return isMisuse(error) ? EXIT.misuse : EXIT.failed;
}

/** Where messages go, and whether as JSON. */
export interface NoteTarget {
  readonly output: Output;
  readonly isJson: boolean;
}

/** Tells of something that is no error. */
export function note({ output, isJson }: NoteTarget, message: string): void {
  if (isJson) output.jsonNote({ note: message });
  else output.note(`rb: ${message}`);
}

/**
 * Tells of the error of one host, which does not end the call.
 *
 * @param prefix - what the error means here, to stand before its message.
 */
export function noteErrorOfHost(
  { output, isJson }: NoteTarget,
  hostId: number,
  error: unknown,
  prefix = '',
): void {
  if (!isJson) {
    output.note(`rb: host ${hostId}: ${prefix}${describeErrorOfHost(error)}`);
    return;
  }
  const json = errorJson(error);
  output.jsonNote({ error: { ...json, message: prefix + json.message, host: hostId } });
}

/** Whether the call was wrong, and not what it met. */
function isMisuse(error: unknown): boolean {
  return [UsageError, BadHostSetup, MisuseError, UnroutableCommand].some(
    (kind) => error instanceof kind,
  );
}

/** An error on one line: what the server said as redis-cli shows it, and which host it is about. */
export function describeError(error: unknown): string {
  const { hostId, address = '' } = error as CommandErrorFields;
  const message = describeReason(error);
  if (hostId === undefined) return message + doubtOf(error);
  const place = message.includes(address) ? `host ${hostId}` : `host ${hostId}, ${address}`;
  return `${message} (${place})${doubtOf(error)}`;
}

/** The same for a row or a line that says by itself which host it is about. */
export function describeErrorOfHost(error: unknown): string {
  return describeReason(error) + doubtOf(error);
}

function doubtOf(error: unknown): string {
  const { maybeExecuted } = error as CommandErrorFields;
  return maybeExecuted === true ? '; the server may have run it' : '';
}

function describeReason(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (error instanceof UnroutableCommand) return adviseOn(error);
  const message = oneLine(redactUrls(messageOf(error)));
  return error instanceof ReplyError ? `(error) ${message}` : message;
}

/** With what was wrong with the answer of `credentials`, which the library says of the cause. */
function messageOf(error: Error): string {
  const { message, cause } = error;
  const isMisused = error instanceof ConnectionError && cause instanceof MisuseError;
  return isMisused ? `${message}: ${cause.message}` : message;
}

/** The message of the library ends with its own ways out; the command line has others. */
function adviseOn({ message, command = 'COMMAND' }: UnroutableCommand): string {
  const [refused, isRefused] = message.split(' over a connection that is shared', 2);
  if (isRefused !== undefined) return oneLine(`${refused!} by rb: take redis-cli on its host`);
  const [reason] = /^(?:unknown command [^:]*|[^;]*)/.exec(message)!;
  return oneLine(
    `${reason}; 'rb all' and 'rb fanout' send a command whatever its keys are, as in ` +
      `rb fanout --on 0 ${command} ...`,
  );
}

/** An error for `--json`. */
export function errorJson(error: unknown): ErrorJson {
  if (!(error instanceof Error)) return { name: 'Error', message: redactUrls(String(error)) };
  const { hostId, address, command, maybeExecuted } = error as Error & CommandErrorFields;
  const { code } = error as { code?: string };
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    message: redactUrls(messageOf(error)),
    ...(hostId !== undefined && { host: hostId }),
    ...(address !== undefined && { address }),
    ...(command !== undefined && { command: redactUrls(command) }),
    ...(maybeExecuted !== undefined && { maybeExecuted }),
  };
}
