/** One run of the whole suite with one client. */

import { condition } from '../helpers/condition.js';
import { countResources, surplusOf } from '../helpers/resources.js';
import type { ResourceCounts } from '../helpers/resources.js';
import type { Certificates } from './certificates.js';
import type { Drive, Limits } from './driver.js';
import type { Fault, Scrutiny } from './fault.js';
import { settledMemory } from './memory.js';
import { faultReports, totalOf } from './report.js';
import type { MemoryReport, Report } from './report.js';
import { Rig } from './rig.js';
import { runFaults } from './runner.js';
import { stopAndCount } from './stopped-counter.js';

/** How many maps run at a time. */
const WORKERS = 100;
const STRIKES_PER_AUDIT = 25;

export interface SuiteOptions {
  readonly drive: Drive;
  readonly limits: Limits;
  readonly faults: readonly Fault[];
  readonly certificates: Certificates | undefined;
  readonly strikes: number;
  readonly minCommands: number;
  readonly scrutiny: Scrutiny;
  /** After how long, in ms, a command counts as unsettled for ever. */
  readonly patience: number;
  readonly measuresMemory: boolean;
  /** How many INCRs are issued to a host that is halted, in the end; 0 for none. */
  readonly stopped: number;
  /** Told of every tenth part of the strikes. */
  readonly onProgress?: (percent: number) => void;
}

/** What a run finds before all is closed. */
type Findings = Pick<Report, 'client' | 'faults' | 'memory'>;

export async function runSuite(options: SuiteOptions): Promise<Report> {
  const unhandled: string[] = [];
  const onUnhandled = (reason: unknown): void => {
    unhandled.push(String(reason));
  };
  process.on('unhandledRejection', onUnhandled);
  const before = countResources();
  const begin = performance.now();
  try {
    const findings = await runOnRig(options);
    const stopped = options.stopped > 0 ? await stopAndCount(options.stopped, 500) : undefined;
    const left = await settledSurplus(before);
    return {
      ...findings,
      workers: WORKERS,
      seconds: (performance.now() - begin) / 1000,
      total: totalOf(findings.faults),
      stopped,
      unhandled,
      left,
    };
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
}

async function runOnRig(options: SuiteOptions): Promise<Findings> {
  const rig = await Rig.start({ ...options, workers: WORKERS });
  try {
    const memory = new MemoryCheck(rig);
    const { onProgress, measuresMemory } = options;
    let told = 0;
    const results = await runFaults(rig, {
      ...options,
      strikesPerAudit: STRIKES_PER_AUDIT,
      onProgress: async (done) => {
        if (measuresMemory && done >= 0.25) await memory.atQuarter();
        const percent = Math.floor(done * 10) * 10;
        if (percent > told) onProgress?.((told = percent));
      },
    });
    return {
      client: rig.driver.name,
      faults: faultReports(results),
      memory: measuresMemory ? await memory.atEnd() : undefined,
    };
  } finally {
    await rig.close();
  }
}

/** What is there and was not before; ends take a moment to arrive. */
async function settledSurplus(before: ResourceCounts): Promise<string[]> {
  const surplus = () => surplusOf(before, countResources());
  await condition(() => surplus().length === 0, 2000).catch(() => {});
  return surplus();
}

/** Measures while nothing is under way. */
class MemoryCheck {
  readonly #rig: Rig;
  #isTaken = false;
  #quarter = NaN;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Only the first call measures. */
  async atQuarter(): Promise<void> {
    if (this.#isTaken) return;
    this.#isTaken = true;
    await this.#rig.whileQuiet(async () => {
      this.#quarter = await settledMemory();
    });
  }

  async atEnd(): Promise<MemoryReport> {
    return { quarter: this.#quarter, end: await settledMemory() };
  }
}
