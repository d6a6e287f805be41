/** What a run found, for the table. */

import type { Fault } from './fault.js';
import type { StoppedCounter } from './stopped-counter.js';
import { sumOf } from './tally.js';
import type { Tally } from './tally.js';

/** What was counted for one fault. */
export interface FaultReport {
  readonly name: string;
  readonly promise: string;
  /** What Python rb does. */
  readonly pythonRb: string;
  readonly tally: Tally;
}

/** In bytes, with everything collected that can be. */
export interface MemoryReport {
  readonly quarter: number;
  readonly end: number;
}

export interface Report {
  readonly client: string;
  readonly workers: number;
  readonly seconds: number;
  readonly faults: readonly FaultReport[];
  readonly total: Tally;
  readonly memory: MemoryReport | undefined;
  readonly stopped: StoppedCounter | undefined;
  /** What was rejected and handled by nobody. */
  readonly unhandled: readonly string[];
  /** Sockets, timers and child processes that were left when all was closed. */
  readonly left: readonly string[];
}

export function faultReports(results: ReadonlyMap<Fault, Tally>): FaultReport[] {
  return [...results].map(([{ name, promise, pythonRb }, tally]) => ({
    name,
    promise,
    pythonRb,
    tally,
  }));
}

/** What speaks against the library, each in a sentence; nothing if all promises were kept. */
export function objectionsTo(report: Report, strikes: number): string[] {
  const { total, faults, memory, stopped, unhandled, left } = report;
  const objections = faults.flatMap(({ name, tally }) => [
    ...(tally.strikes < strikes ? [`${name} struck only ${tally.strikes} times`] : []),
    ...(tally.violations > 0 ? [`${name}: ${tally.samples.join('; ')}`] : []),
  ]);
  const check = (isKept: boolean, objection: string): void => {
    if (!isKept) objections.push(objection);
  };
  check(total.succeeded * 2 >= total.commands, 'less than half of the commands succeeded');
  for (const reason of unhandled) objections.push(`an unhandled rejection: ${reason}`);
  for (const resource of left) objections.push(`left behind: ${resource}`);
  if (memory !== undefined) {
    const growth = Math.abs(memory.end / memory.quarter - 1);
    check(growth <= 0.1, `memory changed by ${Math.round(growth * 100)} %`);
  }
  if (stopped !== undefined) {
    check(stopped.counted <= stopped.maybe, 'more INCRs ran than were reported as maybe run');
    check(stopped.maybe <= stopped.bound, 'more INCRs were sent than the socket can hold');
    check(stopped.other === 0, 'INCRs were not rejected with what they promise');
  }
  return objections;
}

export function totalOf(faults: readonly FaultReport[]): Tally {
  return sumOf(faults.map(({ tally }) => tally));
}
