import { describe, expect, it } from 'vitest';

import { BusyPoll } from '../../src/clients/busy-poll.js';
import { countImmediates } from '../helpers/immediates.js';

const PERIOD = 512;
/** Of each way. */
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
  /** One wait that takes as long as its way does, behind so long a write; answers the way. */
  const wait = (times: Times, sending: number): 'turning' | 'sleeping' => {
    poll.onSending();
    now += sending;
    poll.onSent(dispatch, 1);
    const way = poll.isTurning ? 'turning' : 'sleeping';
    now += times[way];
    poll.onIdle(dispatch);
    return way;
  };
  const waits = (count: number, times: Times, sending = 0) =>
    Array.from({ length: count }, () => wait(times, sending));
  return { poll, waits };
}

const turnLoop = async () => {
  for (let i = 0; i < MANY; i++) await new Promise((resolve) => setTimeout(resolve));
};

describe('BusyPoll', () => {
  it('tries either way for a while, then keeps to the quicker one', () => {
    const { waits } = open();
    const quick = { turning: 0.02, sleeping: 0.04 };
    expect(new Set(waits(SAMPLES, quick))).toEqual(new Set(['turning']));
    expect(new Set(waits(SAMPLES, quick))).toEqual(new Set(['sleeping']));
    expect(new Set(waits(PERIOD - 2 * SAMPLES, quick))).toEqual(new Set(['turning']));
    expect(waits(SAMPLES + 1, quick).slice(-2)).toEqual(['turning', 'sleeping']);
  });

  it.each([
    ['slower', { turning: 0.03, sleeping: 0.02 }],
    ['as quick, across a network', { turning: 0.3, sleeping: 0.3 }],
    ['quicker, but of no use in so long a wait', { turning: 0.3, sleeping: 0.5 }],
    ['hardly quicker', { turning: 0.046, sleeping: 0.05 }],
  ])('lets the loop sleep where turning is %s', (_, times) => {
    const { waits } = open();
    waits(2 * SAMPLES, times);
    expect(new Set(waits(PERIOD - 2 * SAMPLES, times))).toEqual(new Set(['sleeping']));
  });

  it('counts the time of sending, in which a server on the same core answers', () => {
    const { waits } = open();
    const times = { turning: 0.004, sleeping: 0.01 };
    waits(SAMPLES, times, 0.03);
    waits(SAMPLES, times, 0.01);
    expect(waits(1, times)).toEqual(['sleeping']);
  });

  it.each([0, SAMPLES - 1, SAMPLES, 2 * SAMPLES - 1])(
    'is not misled by a wait that is long for another reason, sample %i',
    (at) => {
      const { waits } = open();
      const times = { turning: 0.02, sleeping: 0.05 };
      waits(at, times);
      waits(1, { turning: 50, sleeping: 50 });
      waits(2 * SAMPLES - 1 - at, times);
      expect(waits(1, times)).toEqual(['turning']);
    },
  );

  it('decides anew in each period', () => {
    const { waits } = open();
    waits(PERIOD, { turning: 0.02, sleeping: 0.04 });
    const slower = { turning: 0.06, sleeping: 0.04 };
    expect(waits(PERIOD, slower).slice(2 * SAMPLES)).not.toContain('turning');
    const quicker = { turning: 0.02, sleeping: 0.04 };
    expect(waits(PERIOD, quicker).slice(2 * SAMPLES)).not.toContain('sleeping');
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
    const times = { turning: 0.04, sleeping: 0.02 };
    expect(waits(SAMPLES + 1, times).slice(-2)).toEqual(['turning', 'sleeping']);
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
    const quick = { turning: 0.02, sleeping: 0.04 };
    waits(2 * SAMPLES, quick);
    const count = await countImmediates(async () => {
      expect(waits(10, quick)).not.toContain('sleeping');
      poll.onSent(dispatch, 1);
      await turnLoop();
    });
    expect(count).toBeLessThan(100);
  });
});
