/**
 * Busy polling: while the reply to a single pipeline is on its way, the event loop is kept turning
 * instead of falling asleep.
 *
 * The kernel takes longer to put a process to sleep and to wake it than a server on the same machine
 * takes to answer: over a unix socket a command takes 25 us instead of 50, for the same CPU. Where
 * the reply takes longer, or client and server share a core, turning gains nothing. Which it is, is
 * measured all the time: a period begins with a few waits in either way, and goes on in the one that
 * was quicker. They are not taken in turn, since each way leaves the processes on other cores.
 *
 *     |turn turn . .|sleep sleep . .|the quicker way . . . . . . . . .|turn turn . .
 *      '-- samples of both ways --'
 *      '--------------------------- period ---------------------------'
 */

import { atEndOfTick, now } from '../util/timers.js';

/** So often the loop turns for one reply, before it may sleep: some 60 us. */
const MAX_TURNS = 48;
const PERIOD = 512;
/** Of each way. */
const SAMPLES = 8;
/** In ms: so much of a sample counts. Turning is too short to gain anything where it is longer. */
const LONGEST = 0.1;
/** To turn has to bring the time that it took to sleep down to so much of it. */
const WORTHWHILE = 0.9;

/** One for all dispatches of a cluster. */
export class BusyPoll {
  readonly #now: () => number;
  /** The dispatch that was the last to begin a wait for a single reply; another's sending ends it. */
  #waiting: object | undefined;
  /** Whether the loop is to turn meanwhile. */
  #isTurning = false;
  #turns = 0;
  /** Whether the next turn is scheduled. */
  #isScheduled = false;
  /** How many waits of this period are over. */
  #waits = 0;
  /** When the sending for the wait began, if it is a sample. */
  #beganAt = 0;
  /** What the samples of this period took together, in ms. */
  #taken = { turning: 0, sleeping: 0 };
  #isWorthwhile = false;
  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#isTurning && this.#turns-- > 0) this.#schedule();
  };

  /** @param clock - the time in ms. */
  constructor(clock = now) {
    this.#now = clock;
  }

  /** Whether the loop turns for the wait that is under way. */
  get isTurning(): boolean {
    return this.#isTurning;
  }

  get #isSampling(): boolean {
    return this.#waits < SAMPLES * 2;
  }

  /**
   * A dispatch is about to send something. The time counts from here: a server that gets the core
   * right away answers before the write is over.
   */
  onSending(): void {
    if (this.#isSampling && this.#waiting === undefined) this.#beganAt = this.#now();
  }

  /** A dispatch has sent something, and has so many pipelines under way. */
  onSent(dispatch: object, pending: number): void {
    if (pending === 1 && this.#waiting === undefined) this.#begin(dispatch);
    // Two or more keep the loop busy enough.
    else this.#end();
  }

  #begin(dispatch: object): void {
    this.#waiting = dispatch;
    this.#isTurning = this.#isSampling ? this.#waits < SAMPLES : this.#isWorthwhile;
    if (!this.#isTurning) return;
    this.#turns = MAX_TURNS;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    atEndOfTick(this.#turn);
  }

  /** A dispatch has nothing under way any more. */
  onIdle(dispatch: object): void {
    if (dispatch !== this.#waiting) return;
    if (this.#isSampling) this.#takeSample(this.#now() - this.#beganAt);
    if (++this.#waits === PERIOD) this.#waits = 0;
    this.#end();
  }

  #end(): void {
    this.#waiting = undefined;
    this.#isTurning = false;
  }

  #takeSample(took: number): void {
    if (this.#waits === 0) this.#taken = { turning: 0, sleeping: 0 };
    this.#taken[this.#isTurning ? 'turning' : 'sleeping'] += Math.min(took, LONGEST);
    const { turning, sleeping } = this.#taken;
    this.#isWorthwhile = turning < sleeping * WORTHWHILE;
  }
}
