import { describe, expect, it } from 'vitest';

import { BusyPoll } from '../../src/clients/busy-poll.js';
import { countImmediates } from '../helpers/immediates.js';

const PERIOD = 256;
const SAMPLES = 8;
/** More often than the loop is turned for one reply. */
const MANY = 200;

interface Times {
  turning: number;
  sleeping: number;
}

/** A busy poll on a clock of its own. */
function open() {
  let now = 1000;
  const poll = new BusyPoll(() => now);
  /** One wait that takes as long as its way does; answers the way. */
  const wait = (times: Times): 'turning' | 'sleeping' => {
    poll.begin();
    const way = poll.isTurning ? 'turning' : 'sleeping';
    now += times[way];
    poll.end();
    return way;
  };
  const waits = (count: number, times: Times) => Array.from({ length: count }, () => wait(times));
  return { poll, waits };
}

const turnLoop = async () => {
  for (let i = 0; i < MANY; i++) await new Promise((resolve) => setTimeout(resolve));
};

describe('BusyPoll', () => {
  it('tries both ways in turn, then keeps to the quicker one', () => {
    const { waits } = open();
    const quick = { turning: 0.02, sleeping: 0.04 };
    expect(waits(SAMPLES, quick)).toEqual(
      Array.from({ length: SAMPLES }, (_, i) => (i % 2 === 0 ? 'turning' : 'sleeping')),
    );
    expect(new Set(waits(PERIOD - SAMPLES, quick))).toEqual(new Set(['turning']));
  });

  it.each([
    ['slower', { turning: 0.03, sleeping: 0.02 }],
    ['as quick, across a network', { turning: 0.3, sleeping: 0.3 }],
    ['hardly quicker', { turning: 0.9, sleeping: 1 }],
  ])('lets the loop sleep where turning is %s', (_, times) => {
    const { waits } = open();
    waits(SAMPLES, times);
    expect(new Set(waits(PERIOD - SAMPLES, times))).toEqual(new Set(['sleeping']));
  });

  it('goes by the quickest of each way: a wait may be long for another reason', () => {
    const { waits } = open();
    const times = { turning: 0.02, sleeping: 0.04 };
    waits(SAMPLES - 2, times);
    waits(2, { turning: 50, sleeping: 50 });
    expect(waits(1, times)).toEqual(['turning']);
  });

  it('decides anew in each period', () => {
    const { waits } = open();
    waits(PERIOD, { turning: 0.02, sleeping: 0.04 });
    const slower = { turning: 0.06, sleeping: 0.04 };
    expect(waits(PERIOD, slower).slice(SAMPLES)).not.toContain('turning');
    const quicker = { turning: 0.02, sleeping: 0.04 };
    expect(waits(PERIOD, quicker).slice(SAMPLES)).not.toContain('sleeping');
  });

  it('takes no sample of a wait that was cancelled', () => {
    const { poll, waits } = open();
    poll.begin();
    poll.cancel();
    expect(poll.isTurning).toBe(false);
    poll.end();
    const slower = { turning: 0.04, sleeping: 0.02 };
    waits(SAMPLES - 1, slower);
    expect(waits(1, slower)).toEqual(['sleeping']);
  });

  it('turns the loop for a while, not for ever', async () => {
    const { poll } = open();
    const count = await countImmediates(async () => {
      poll.begin();
      await turnLoop();
    });
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(100);
  });

  it.each(['end', 'cancel'] as const)('turns the loop no more after %s', async (end) => {
    const { poll } = open();
    const count = await countImmediates(async () => {
      poll.begin();
      poll[end]();
      await turnLoop();
    });
    expect(count).toBe(1);
  });

  it('never has two turns scheduled', async () => {
    const { poll, waits } = open();
    waits(SAMPLES, { turning: 1, sleeping: 2 });
    const count = await countImmediates(async () => {
      for (let i = 0; i < 10; i++) poll.begin();
      await turnLoop();
    });
    expect(count).toBeLessThan(100);
  });
});
