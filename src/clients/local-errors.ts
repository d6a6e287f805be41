/** Errors that reject commands of a local client, where `@redis/client` itself says too little. */

import type { RedisClientType } from '../commands/upstream.js';
import { ConnectionError } from '../errors.js';
import type { HostInfo } from '../hosts.js';
import { isSeveralErrors, socketMessage } from '../wire/socket-error.js';

/** The reason for what waits while a client has no connection: its error, if that says anything. */
export function waitingError(error: Error, host: HostInfo): Error {
  if (!isSeveralErrors(error)) return error;
  return notConnected(host, `Could not connect to ${host.address}: ${socketMessage(error)}`, error);
}

/**
 * Has a client take an error that no command asked for as what it is: a server that lets nobody in
 * (its `maxclients` are reached) may say so while the client still waits for its credentials.
 */
export function expectRefusal(client: Pick<RedisClientType, '_getQueue'>, host: HostInfo): void {
  const { decoder } = client._getQueue();
  const { onErrorReply } = decoder;
  decoder.onErrorReply = (reply) => {
    try {
      onErrorReply(reply);
    } catch {
      // It has found no command for it. What is thrown here becomes the client's error.
      const message = `${host.address} refused the connection: ${reply.message}`;
      throw notConnected(host, message, reply);
    }
  };
}

function notConnected({ hostId, address }: HostInfo, message: string, cause: Error): Error {
  const fields = { hostId, address, maybeExecuted: false };
  return Object.assign(new ConnectionError(message, { cause }), fields);
}
