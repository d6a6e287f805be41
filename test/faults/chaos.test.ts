/**
 * Every fault, a few times, with 100 maps under way. `npm run test:faults -- --long` does the same for
 * much longer; docs/reliability.md says what it found.
 */

import { beforeAll, describe, expect, it } from 'vitest';

import { makeCertificates } from '../chaos/certificates.js';
import { driveRedisBlaster } from '../chaos/drivers/redis-blaster.js';
import { FAULTS } from '../chaos/faults/index.js';
import type { Report } from '../chaos/report.js';
import { runSuite } from '../chaos/run.js';

const STRIKES = 2;
/** It takes a fraction of that, unless the machine has much else to do. */
const TIMEOUT = 240_000;

const certificates = makeCertificates();
let report: Report;

beforeAll(async () => {
  report = await runSuite({
    drive: driveRedisBlaster,
    limits: { commandTimeout: 1000, connectTimeout: 1000, minPause: 2, maxPause: 30 },
    faults: FAULTS,
    certificates,
    strikes: STRIKES,
    minCommands: 0,
    scrutiny: { isLenient: false, patience: 10_000, longPatience: 30_000 },
    patience: 60_000,
    stopped: 0,
    measuresMemory: false,
  });
}, TIMEOUT);

describe.each(FAULTS.filter(({ trait }) => trait !== 'tls' || certificates !== undefined))(
  '$name, under load',
  ({ name }) => {
    const tallyOf = () => report.faults.find((fault) => fault.name === name)!.tally;

    it('gives no wrong reply, settles all, and runs no write twice or unreported', () => {
      const tally = tallyOf();
      expect(tally.samples).toEqual([]);
      expect(tally.violations).toBe(0);
    });

    it('struck while commands were in flight, and others succeeded', () => {
      const tally = tallyOf();
      expect(tally.strikes).toBeGreaterThanOrEqual(STRIKES);
      expect(tally.succeeded).toBeGreaterThan(0);
    });
  },
);

describe('100 maps through all of it', () => {
  it('leave no rejection unhandled', () => {
    expect(report.unhandled).toEqual([]);
  });

  it('met more than a few commands', () => {
    expect(report.total.commands).toBeGreaterThan(10_000);
  });
});
