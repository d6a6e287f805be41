/** Says on an error which command it rejects. */

import type { CommandSpec } from '../commands/command-spec.js';
import { commandForMessage } from '../commands/key-table.js';
import { MisuseError, RbError, ReplyError } from '../errors.js';
import type { HostInfo } from '../hosts.js';
import { isInstance } from '../util/foreign.js';
import { Thrown } from '../wire/thrown.js';
import type { ReplyMapping } from './reply-mapping.js';

/** What has the fields that tell of the command. */
type OwnError = RbError | MisuseError;

/** The variants of errors that struck several commands, by the command's name. */
const variants = new WeakMap<Error, Map<string, Error>>();

/**
 * The error for a command: the given one, with the command's name. Where one cause strikes commands
 * of several names, each name has its own copy, and commands of one name share it.
 */
export function commandError(error: Error, name: string): Error {
  return error instanceof RbError ? named(error, name) : error;
}

/** What a command is rejected with; what a caller's own code threw passes on untouched. */
export function rejectionOf(error: Error, name: string): unknown {
  return error instanceof Thrown ? error.reason : commandError(error, name);
}

/**
 * What a command is rejected with whose transform threw at the reply: that of a built-in definition
 * takes no reply in the types of some mappings. What a caller's own threw stays as it is.
 */
export function unreadableReply(
  error: unknown,
  { spec, mapping }: { readonly spec: CommandSpec; readonly mapping: ReplyMapping },
  host?: HostInfo,
): unknown {
  if (spec.isAdded || mapping.typeMapping === undefined) return error;
  const command = commandForMessage(spec.name);
  const message = `The reply of ${command} cannot be read under the type mapping`;
  const where = host && { hostId: host.hostId, address: host.address };
  const fields = { cause: error, command, ...where };
  return Object.assign(new MisuseError('RB_INVALID_ARGUMENT', message), fields);
}

function named(error: OwnError, name: string): Error {
  const command = error.command === name ? name : commandForMessage(name);
  if (error.command === command) return error;
  if (error.command === undefined) {
    error.command = command;
    return error;
  }
  let byName = variants.get(error);
  if (byName === undefined) variants.set(error, (byName = new Map<string, Error>()));
  let variant = byName.get(command);
  if (variant === undefined) byName.set(command, (variant = copyFor(error, command)));
  return variant;
}

/** Without the constructor of its class: a caller's own takes arguments that nobody else knows. */
function copyFor(error: OwnError, command: string): Error {
  const options = error.cause === undefined ? {} : { cause: error.cause };
  const copy = new Error(error.message, options);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  if (error.stack !== undefined) copy.stack = error.stack;
  return Object.assign(copy, error, { command });
}

/**
 * Marks an error that rejects a command before anything of it was sent. What a caller's own code
 * threw stays as it is.
 */
export function refusedCommand(error: unknown, name: string | undefined): unknown {
  if (!isInstance(error, RbError) && !isInstance(error, MisuseError)) return error;
  if (error instanceof ReplyError) return error;
  try {
    error.maybeExecuted ??= false;
    return name === undefined || name === '' ? error : named(error, name);
  } catch {
    // A caller's own, which takes no marks: it may be frozen.
    return error;
  }
}
