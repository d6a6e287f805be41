/** Lets faults strike the hosts of a rig, on all hosts at once, until each has struck often enough. */

import { condition } from '../helpers/condition.js';
import { Strike } from './fault.js';
import type { Fault, Scrutiny } from './fault.js';
import type { Rig } from './rig.js';
import type { Site } from './site.js';
import { sumOf, Tally } from './tally.js';

export interface RunOptions {
  readonly faults: readonly Fault[];
  /** How often each fault has to strike while commands are in flight. */
  readonly strikes: number;
  /** Between two audits of a host. */
  readonly strikesPerAudit: number;
  /** How many commands have to be issued in all. */
  readonly minCommands: number;
  readonly scrutiny: Scrutiny;
  /** Called with the part of the strikes that is done. */
  readonly onProgress?: (done: number) => Promise<void> | void;
}

/** A fault that is to strike one host for a while. */
interface Job {
  readonly fault: Fault;
  readonly strikes: number;
}

/** How many strikes in a row may miss before a job is given up. */
const MAX_MISSES = 10;
/** How many commands succeed between two strikes, at least. */
const SUCCESSES = 250;
/** How long a host may take to have commands in flight, in ms. */
const PATIENCE = 90_000;

/** What was counted for each fault. */
export type Results = ReadonlyMap<Fault, Tally>;

export async function runFaults(rig: Rig, options: RunOptions): Promise<Results> {
  const run = new Run(rig, options);
  rig.workload.start();
  try {
    await run.all();
  } finally {
    for (const site of rig.sites) site.isOpen = false;
    await rig.workload.stop();
  }
  return run.results;
}

class Run {
  readonly #rig: Rig;
  readonly #options: RunOptions;
  readonly results = new Map<Fault, Tally>();
  #jobs: Job[] = [];
  readonly #indexes = new Map<Fault, number>();
  #done = 0;
  #total = 0;

  constructor(rig: Rig, options: RunOptions) {
    this.#rig = rig;
    this.#options = options;
    const traits = new Set(rig.sites.flatMap((site) => site.traits));
    for (const fault of options.faults) {
      if (traits.has(fault.trait)) this.results.set(fault, new Tally());
    }
    this.#total = this.results.size * options.strikes;
  }

  async all(): Promise<void> {
    const { strikes, strikesPerAudit, minCommands } = this.#options;
    this.#plan(strikes);
    do {
      await Promise.all(this.#rig.sites.map((site) => this.#runJobsOn(site)));
      this.#plan(strikesPerAudit);
    } while (sumOf(this.results.values()).commands < minCommands);
  }

  #plan(strikes: number): void {
    const { strikesPerAudit } = this.#options;
    this.#jobs = [];
    for (let left = strikes; left > 0; left -= strikesPerAudit) {
      for (const fault of this.results.keys()) {
        this.#jobs.push({ fault, strikes: Math.min(left, strikesPerAudit) });
      }
    }
  }

  async #runJobsOn(site: Site): Promise<void> {
    for (;;) {
      const job = this.#takeJob(site);
      if (job === undefined) return;
      await this.#runJob(site, job);
    }
  }

  /** What few hosts can suffer goes first. */
  #takeJob({ traits }: Site): Job | undefined {
    for (const trait of [...traits].reverse()) {
      const index = this.#jobs.findIndex(({ fault }) => fault.trait === trait);
      if (index !== -1) return this.#jobs.splice(index, 1)[0];
    }
    return undefined;
  }

  async #runJob(site: Site, job: Job): Promise<void> {
    site.tally = new Tally();
    try {
      await this.#strikeOften(site, job);
      await site.rest();
      await condition(() => this.#rig.driver.pending(site.hostId) === 0, PATIENCE);
      await this.#rig.turnstile.pass(() => site.audit());
    } catch (error) {
      site.tally.blame('stuck', String(error));
    } finally {
      site.isOpen = false;
      this.results.get(job.fault)!.add(site.tally);
    }
  }

  async #strikeOften(site: Site, { fault, strikes }: Job): Promise<void> {
    site.isOpen = true;
    await this.#rig.turnstile.pass(() => this.#untilSound(site));
    let misses = 0;
    while (site.tally.strikes < strikes && misses <= MAX_MISSES) {
      const isHit = await this.#rig.turnstile.pass(() => this.#strike(site, fault));
      misses = isHit ? 0 : misses + 1;
      if (isHit) await this.#options.onProgress?.(++this.#done / this.#total);
    }
  }

  /** Waits until a command has succeeded, so that a connection is there to be struck. */
  async #untilSound(site: Site): Promise<void> {
    const strike = new Strike(site, 0, { ...this.#options.scrutiny, patience: PATIENCE });
    const written = await strike.recovered(1);
    if (written === 0) site.tally.blame('stuck', 'no success before the first strike');
    strike.end();
  }

  /** One strike; answers whether it counts. */
  async #strike(site: Site, fault: Fault): Promise<boolean> {
    const index = this.#indexes.get(fault) ?? 0;
    this.#indexes.set(fault, index + 1);
    await condition(() => site.inFlight > 0, PATIENCE);
    const strike = new Strike(site, index, this.#options.scrutiny);
    try {
      const hasEffect = await fault.strike(strike);
      const written = await strike.recovered(SUCCESSES);
      if (written === 0) site.tally.blame('stuck', `no success after ${fault.name}`);
      site.tally.writtenAgain += written;
      const isHit = (hasEffect || this.#options.scrutiny.isLenient) && strike.hitSomething;
      if (isHit) site.tally.strikes++;
      else site.tally.misses++;
      return isHit;
    } finally {
      strike.end();
    }
  }
}
