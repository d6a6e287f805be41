/** The trace of a connection. */

import type { HostInfo } from '../hosts.js';
import type { ConnectionWatcher, WatchedConnection } from '../wire/channel.js';
import {
  CONNECTION_CHANNEL,
  CONNECTION_CLOSED_CHANNEL,
  hasListeners,
  publishOutcome,
  publishStart,
} from './channels.js';
import { HostFields } from './host-fields.js';
import type { ConnectionTrace } from './traces.js';

class ConnectionTracer extends HostFields implements ConnectionTrace, ConnectionWatcher {
  readonly isBlocking: boolean;
  declare error?: unknown;
  readonly #connection: WatchedConnection;
  #isUsable = false;

  constructor(host: HostInfo, connection: WatchedConnection, isBlocking: boolean) {
    super(host);
    this.isBlocking = isBlocking;
    this.#connection = connection;
  }

  get pending(): number {
    return this.#connection.pending;
  }

  onReady(): void {
    this.#isUsable = true;
    publishOutcome(CONNECTION_CHANNEL, this);
  }

  onEnd(reason: Error, isOnPurpose: boolean): void {
    if (!this.#isUsable || !isOnPurpose) this.error = reason;
    if (this.#isUsable) CONNECTION_CLOSED_CHANNEL.publish(this);
    else publishOutcome(CONNECTION_CHANNEL, this);
  }
}

/** Publishes a connection that is being opened; what is answered, if anything, is to be told more. */
export function traceConnection(
  host: HostInfo,
  connection: WatchedConnection,
  isBlocking: boolean,
): ConnectionWatcher | undefined {
  if (!hasListeners(CONNECTION_CHANNEL) && !CONNECTION_CLOSED_CHANNEL.hasSubscribers) {
    return undefined;
  }
  const tracer = new ConnectionTracer(host, connection, isBlocking);
  // Nothing of the connection runs with the bound stores: it outlives whoever needed it first.
  publishStart(CONNECTION_CHANNEL, tracer, () => undefined);
  return tracer;
}
