/** Errors that reject commands of a local client, where `@redis/client` itself says too little. */

import { ConnectionError } from '../errors.js';
import type { HostInfo } from '../hosts.js';
import { isSeveralErrors, socketMessage } from '../wire/socket-error.js';

/** The reason for what waits while a client has no connection: its error, if that says anything. */
export function waitingError(error: Error, host: HostInfo): Error {
  if (!isSeveralErrors(error)) return error;
  return notConnected(host, `Could not connect to ${host.address}: ${socketMessage(error)}`, error);
}

function notConnected({ hostId, address }: HostInfo, message: string, cause: Error): Error {
  const fields = { hostId, address, maybeExecuted: false };
  return Object.assign(new ConnectionError(message, { cause }), fields);
}
