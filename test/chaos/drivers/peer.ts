/** What the other clients have in common: one connection for each host, a native promise a command. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { crc32 } from '../../../src/hash/crc32.js';
import type { Driver, DriverHost, Limits } from '../driver.js';
import type { Operation, Outcome } from '../operation.js';

/** A client of one host. */
export interface PeerClient {
  issue(operation: Operation): Promise<unknown>;
  close(): void;
}

/** Another client library. */
export interface Peer {
  readonly name: string;
  open(host: DriverHost, limits: Limits): PeerClient;
  /** Whether the server answered so. */
  isReplyError(error: Error): boolean;
}

export function drivePeer(peer: Peer, hosts: readonly DriverHost[], limits: Limits): Driver {
  const clients = hosts.map((host) => peer.open(host, limits));
  const follow = async (promise: Promise<unknown>): Promise<Outcome> => {
    try {
      return { value: await promise };
    } catch (reason) {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      // Nobody but us says which commands may have run.
      return { error, verdict: peer.isReplyError(error) ? 'answered' : 'maybe' };
    }
  };
  return {
    name: peer.name,
    hostOf: (key) => crc32(Buffer.from(key)) % hosts.length,
    run: async (operations, settle) => {
      const promises = operations.map((operation) => clients[operation.hostId]!.issue(operation));
      await Promise.all(promises.map(async (promise, i) => settle(i, await follow(promise))));
    },
    pending: () => 0,
    close: async () => {
      for (const client of clients) client.close();
    },
  };
}

/** A package of the benchmarks, as it was imported. */
export interface Imported {
  readonly module: unknown;
  readonly version: string;
}

/** Imports a package of the benchmarks; undefined where it is not installed. */
export async function importPeer(name: string): Promise<Imported | undefined> {
  const require = createRequire(join(process.cwd(), 'bench', 'package.json'));
  try {
    const { version } = require(`${name}/package.json`) as { version: string };
    const module: unknown = await import(pathToFileURL(require.resolve(name)).href);
    return { module, version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
