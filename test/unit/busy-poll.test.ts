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

const dispatch = {};
const other = {};

/** A busy poll on a clock of its own. */
function open() {
  let now = 1000;
  const poll = new BusyPoll(() => now);
  /** One wait that takes as long as its way does; answers the way. */
  const wait = (times: Times): 'turning' | 'sleeping' => {
    poll.onSent(dispatch, 1);
    const way = poll.isTurning ? 'turning' : 'sleeping';
    now += times[way];
    poll.onIdle(dispatch);
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

  it.each([
    ['the same dispatch', dispatch, 2],
    ['another dispatch', other, 1],
    ['another dispatch, more than one', other, 3],
  ])('stops when more is sent by %s, and takes no sample', (_, sender, pending) => {
    const { poll, waits } = open();
    poll.onSent(dispatch, 1);
    expect(poll.isTurning).toBe(true);
    poll.onSent(sender, pending);
    expect(poll.isTurning).toBe(false);
    poll.onIdle(sender);
    poll.onIdle(dispatch);
    const slower = { turning: 0.04, sleeping: 0.02 };
    expect(waits(2, slower)).toEqual(['turning', 'sleeping']);
  });

  it('goes on while another dispatch has nothing more under way', () => {
    const { poll } = open();
    poll.onSent(dispatch, 1);
    poll.onIdle(other);
    expect(poll.isTurning).toBe(true);
  });

  it('turns the loop for a while, not for ever', async () => {
    const { poll } = open();
    const count = await countImmediates(async () => {
      poll.onSent(dispatch, 1);
      await turnLoop();
    });
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(100);
  });

  it('turns the loop no more when the reply is there', async () => {
    const { poll } = open();
    const count = await countImmediates(async () => {
      poll.onSent(dispatch, 1);
      poll.onIdle(dispatch);
      await turnLoop();
    });
    expect(count).toBe(1);
  });

  it('never has two turns scheduled', async () => {
    const { poll, waits } = open();
    waits(SAMPLES, { turning: 1, sleeping: 2 });
    const count = await countImmediates(async () => {
      waits(10, { turning: 1, sleeping: 2 });
      poll.onSent(dispatch, 1);
      await turnLoop();
    });
    expect(count).toBeLessThan(100);
  });
});
