/** What a fault is, and how one tells that it had an effect. */

import { condition } from '../helpers/condition.js';
import type { Link } from './front.js';
import { isRead } from './operation.js';
import type { Operation, Outcome } from './operation.js';
import type { Site, Trait } from './site.js';
import { mostSucceeded } from './tally.js';

/** Something that goes wrong with a host. */
export interface Fault {
  /** As the table names it. */
  readonly name: string;
  /** What the library promises where it happens, for the table. */
  readonly promise: string;
  /** What Python rb does where it happens, for the table. */
  readonly pythonRb: string;
  /** What the host must be able to suffer. */
  readonly trait: Trait;
  /** Strikes once, sees to it that the host is sound again, and answers whether it had an effect. */
  strike(strike: Strike): Promise<boolean>;
}

/** Waits for the effect of a strike. */
export interface Watch {
  readonly isSeen: boolean;
  /** Resolves when it is seen, or else to false when that took too long. */
  wait(): Promise<boolean>;
}

/** Which ends of commands are the effect of a fault. */
export type Effect = (outcome: Outcome, operation: Operation) => boolean;

/** How effects are looked for. */
export interface Scrutiny {
  /** Whether a strike counts whatever comes of it: other clients have other words, or none. */
  readonly isLenient: boolean;
  /** How long to wait for an effect, in ms. */
  readonly patience: number;
  /** And for hosts to be used again, and for silent connections to be given up, in ms. */
  readonly longPatience: number;
}

/** One strike of a fault. */
export class Strike {
  readonly site: Site;
  /** How often the fault struck before; faults that have several forms take turns by it. */
  readonly index: number;
  readonly #scrutiny: Scrutiny;
  readonly #stops: (() => void)[] = [];
  #hitInFlight = 0;

  constructor(site: Site, index: number, scrutiny: Scrutiny) {
    this.site = site;
    this.index = index;
    this.#scrutiny = scrutiny;
  }

  /** Called at the very moment of the strike: notes what is in flight. */
  hit(): void {
    this.#hitInFlight ||= this.site.inFlight;
  }

  /** Whether commands were in flight at the moment of the strike. */
  get hitSomething(): boolean {
    return this.#hitInFlight > 0;
  }

  /** Looks, from now on, for a command that ends in a certain way. */
  watch(effect: Effect): Watch {
    let isSeen = false;
    let onSeen = (): void => {};
    const seen = new Promise<boolean>((resolve) => (onSeen = () => resolve(true)));
    const stop = this.site.observe((operation, outcome) => {
      isSeen ||= this.#scrutiny.isLenient ? 'error' in outcome : effect(outcome, operation);
      if (!isSeen) return;
      stop();
      onSeen();
    });
    this.#stops.push(stop);
    return {
      get isSeen() {
        return isSeen;
      },
      wait: () => this.#within(seen),
    };
  }

  /** Asks `fn` until it answers true; resolves to false when that takes too long. */
  until(fn: () => boolean | Promise<boolean>): Promise<boolean> {
    return condition(fn, this.#scrutiny.patience).catch(() => false);
  }

  /** Waits until the client gives up connections that will never say anything again. */
  async untilGivenUp(links: readonly Link[]): Promise<boolean> {
    const areGivenUp = () => links.every(({ isOpen }) => !isOpen);
    const isInTime = await condition(areGivenUp, this.#scrutiny.longPatience).catch(() => false);
    if (!isInTime) this.site.tally.blame('stuck', 'a silent connection was kept');
    return isInTime;
  }

  async #within(promise: Promise<boolean>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#scrutiny.patience);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Resolves when the host is sound again: when so many commands have succeeded, writes among them,
   * and in all no fewer than failed. Answers how many of them were writes; 0 if that took too long.
   */
  async recovered(successes: number): Promise<number> {
    const { site } = this;
    let left = successes;
    let writes = 0;
    const stop = site.observe(({ kind }, outcome) => {
      if (!('value' in outcome)) return;
      left--;
      if (!isRead(kind)) writes++;
    });
    this.#stops.push(stop);
    const isBalanced = () => this.#scrutiny.isLenient || mostSucceeded(site.tally);
    const isSound = () => left <= 0 && writes > 0 && isBalanced();
    const isInTime = await condition(isSound, this.#scrutiny.longPatience).catch(() => false);
    return isInTime ? writes : 0;
  }

  /** Looks for nothing any more. */
  end(): void {
    for (const stop of this.#stops) stop();
  }
}

/** The texts of an error and its causes. */
export function textOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const rest = error.cause instanceof Error ? ` < ${textOf(error.cause)}` : '';
  return `${error.name} ${code ?? ''} ${error.message}${rest}`;
}

/** A command failed with an error that says this. */
export function failedWith(pattern: RegExp): Effect {
  return (outcome) => 'error' in outcome && pattern.test(textOf(outcome.error));
}

/** A connection was lost while commands were under way or waited for it. */
export const lostConnection = failedWith(/RB_CONNECTION.*(?:was lost|Could not connect)/);
/** A command got no answer in time. */
export const timedOut = failedWith(/RB_TIMEOUT No answer/);
/** The server broke the protocol or a limit. */
export const brokeProtocol = failedWith(/RB_PROTOCOL/);
