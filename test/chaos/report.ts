/** What a run found, for the table. */

import type { Fault } from './fault.js';
import type { StoppedCounter } from './stopped-counter.js';
import { mostSucceeded, sumOf, Tally } from './tally.js';

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

/** What a run must have done to say anything. */
export interface Requirements {
  /** By name. */
  readonly faults: readonly string[];
  /** Of each fault. */
  readonly strikes: number;
  /** In all. */
  readonly commands: number;
}

/** What speaks against the library or the run, each in a sentence; nothing if all is well. */
export function objectionsTo(report: Report, required: Requirements): string[] {
  const { total, faults, memory, stopped, unhandled, left } = report;
  const objections: string[] = [];
  const check = (isKept: boolean, objection: string): void => {
    if (!isKept) objections.push(objection);
  };
  for (const name of required.faults) {
    const tally = faults.find((fault) => fault.name === name)?.tally ?? new Tally();
    const { strikes, writtenAgain, violations, samples } = tally;
    check(strikes >= required.strikes, `${name} struck only ${strikes} times`);
    check(writtenAgain >= strikes, `${name}: keys were not written again after each strike`);
    check(mostSucceeded(tally), `${name}: less than half of the commands succeeded`);
    check(violations === 0, `${name}: ${samples.join('; ')}`);
  }
  check(total.commands >= required.commands, `there were only ${total.commands} commands`);
  for (const reason of unhandled) objections.push(`an unhandled rejection: ${reason}`);
  for (const resource of left) objections.push(`left behind: ${resource}`);
  if (memory !== undefined) {
    const growth = Math.abs(memory.end / memory.quarter - 1);
    check(growth <= 0.1, `memory changed by ${Math.round(growth * 100)} %`);
  }
  if (stopped !== undefined) {
    check(stopped.counted <= stopped.maybe, 'more INCRs ran than were reported as maybe run');
    check(stopped.maybe <= stopped.bound, 'more INCRs were sent than the socket can hold');
    check(stopped.maybe > 0, 'no INCR was sent while the server was halted');
    check(stopped.other === 0, 'INCRs were not rejected with what they promise');
  }
  return objections;
}

export function totalOf(faults: readonly FaultReport[]): Tally {
  return sumOf(faults.map(({ tally }) => tally));
}
