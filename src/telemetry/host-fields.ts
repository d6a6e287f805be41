/** What every trace of a host says of it. */

import type { HostInfo } from '../hosts.js';
import type { HostTrace } from './traces.js';

export class HostFields implements HostTrace {
  readonly hostId: number;
  readonly address: string;
  readonly serverAddress: string;
  readonly serverPort: number | undefined;
  readonly db: number;

  constructor({ hostId, address, unixSocketPath, host, port, db }: HostInfo) {
    this.hostId = hostId;
    this.address = address;
    this.serverAddress = unixSocketPath ?? host;
    this.serverPort = unixSocketPath === undefined ? port : undefined;
    this.db = db;
  }
}
