/** The client under test, as the workload sees it: our library, or another one. */

import type { Operation, Outcome } from './operation.js';

/** What a driver needs to know of a host. */
export interface DriverHost {
  readonly hostId: number;
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly password: string;
  /** The certificate of the authority to trust, where the host speaks TLS. */
  readonly authority: string | undefined;
}

/** The limits of a client, in ms, as far as it has such options. */
export interface Limits {
  readonly commandTimeout: number;
  /** For connecting, and for the silence after a command timed out. */
  readonly connectTimeout: number;
  /** Between attempts to connect. */
  readonly minPause: number;
  readonly maxPause: number;
}

/** Opens a client of all hosts. */
export type Drive = (hosts: readonly DriverHost[], limits: Limits) => Driver;

/** Takes what became of the operation at `index`; called once for each. */
export type Settle = (index: number, outcome: Outcome) => void;

export interface Driver {
  readonly name: string;
  /** Which host a key lives on. */
  hostOf(key: string): number;
  /**
   * Issues operations in their order, all at once. Resolves when all have ended, as far as the client
   * says so; `variant` chooses among the ways that the client has.
   */
  run(operations: readonly Operation[], settle: Settle, variant: number): Promise<void>;
  /** Commands that the connections to a host still have; 0 where that is not known. */
  pending(hostId: number): number;
  close(): Promise<void>;
}
