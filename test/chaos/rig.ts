/** A cluster of hosts that faults can strike, a client of it, and the load on both. */

import type { Certificates } from './certificates.js';
import type { Drive, Driver, Limits } from './driver.js';
import { keysFor, Ledger } from './ledger.js';
import { Site } from './site.js';
import type { SiteKind } from './site.js';
import { Turnstile } from './turnstile.js';
import { Workload } from './workload.js';

export interface RigOptions {
  /** Opens the client under test. */
  readonly drive: Drive;
  readonly limits: Limits;
  /** How many batches of commands are under way at a time. */
  readonly workers: number;
  /** What the host that speaks TLS shows; without them there is none. */
  readonly certificates: Certificates | undefined;
  /** After how long, in ms, a command counts as unsettled for ever. */
  readonly patience: number;
}

/** So that faults of all kinds strike at once, and a batch has sound hosts in it most of the time. */
const KINDS: readonly SiteKind[] = ['socket', 'port', 'front', 'front', 'tls'];
const SITES_PER_BATCH = 2;

/** How long strikes may take to end, in ms. */
const PATIENCE = 120_000;

export class Rig {
  /** Every strike passes it, and every audit: it holds all that was written to a host. */
  readonly turnstile = new Turnstile();

  private constructor(
    readonly sites: readonly Site[],
    readonly driver: Driver,
    readonly workload: Workload,
  ) {}

  static async start(options: RigOptions): Promise<Rig> {
    const { drive, limits, workers, certificates, patience } = options;
    const kinds = KINDS.filter((kind) => kind !== 'tls' || certificates !== undefined);
    const sites = await Promise.all(
      kinds.map((kind, hostId) => Site.start(hostId, kind, certificates)),
    );
    const hosts = sites.map(({ hostId, address, password, isSecure }) => ({
      hostId,
      address,
      password,
      authority: isSecure ? certificates?.authority : undefined,
    }));
    const driver = drive(hosts, limits);
    const keys = Array.from({ length: workers }, (_, worker) =>
      sites.map(({ hostId }) => keysFor(worker, hostId, (key) => driver.hostOf(key) === hostId)),
    );
    for (const site of sites)
      site.ledger = new Ledger(keys.map((ofWorker) => ofWorker[site.hostId]!));
    const load = { driver, sites, keys, sitesPerBatch: SITES_PER_BATCH, patience };
    return new Rig(sites, driver, new Workload(load));
  }

  /** Runs `fn` while no strike, no audit and no batch of commands is under way. */
  whileQuiet(fn: () => Promise<void>): Promise<void> {
    return this.turnstile.alone(() => this.workload.whileQuiet(fn), PATIENCE);
  }

  /** Ends all of it, the client first. */
  async close(): Promise<void> {
    await this.driver.close();
    await Promise.all(this.sites.map((site) => site.close()));
  }
}
