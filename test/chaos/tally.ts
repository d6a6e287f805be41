/** What is counted while a fault strikes. */

/** Examples that are kept of what went wrong. */
const MAX_SAMPLES = 5;

/** The counts of one fault. */
export class Tally {
  /** Strikes at a moment at which commands were in flight, with an effect that was seen. */
  strikes = 0;
  /** Strikes that did not count: nothing was in flight, or nothing was seen of them. */
  misses = 0;
  commands = 0;
  succeeded = 0;
  /** Answered by the server with an error, so not run. */
  answered = 0;
  /** Rejected as not run. */
  notRun = 0;
  /** Rejected as maybe run. */
  maybe = 0;
  /** Replies that cannot be right, and errors that lack what they promise. */
  wrong = 0;
  unsettled = 0;
  /** Writes that ran more than once. */
  doubled = 0;
  /** Writes that were answered and are not there. */
  lost = 0;
  /** Writes that ran though the caller was told that they did not. */
  unreported = 0;
  /** Writes that were answered after strikes, before the next one. */
  writtenAgain = 0;
  /** Writes that ran, of those that were rejected as maybe run. */
  maybeRan = 0;
  /** Strikes after which no command succeeded for a long time. */
  stuck = 0;
  readonly samples: string[] = [];

  /** Counts something that must not be. */
  blame(kind: Violation, what: string): void {
    this[kind]++;
    if (this.samples.length < MAX_SAMPLES) this.samples.push(`${kind}: ${what}`);
  }

  /** How many things were counted that must not be. */
  get violations(): number {
    return VIOLATIONS.reduce((sum, kind) => sum + this[kind], 0);
  }

  /** Adds the counts of another one. */
  add(other: Tally): void {
    for (const name of COUNTS) this[name] += other[name];
    this.samples.push(...other.samples.slice(0, MAX_SAMPLES - this.samples.length));
  }
}

const VIOLATIONS = ['wrong', 'unsettled', 'doubled', 'lost', 'unreported', 'stuck'] as const;

/** What must not happen. */
export type Violation = (typeof VIOLATIONS)[number];

const COUNTS = [
  'strikes',
  'misses',
  'commands',
  'succeeded',
  'answered',
  'notRun',
  'maybe',
  'maybeRan',
  'writtenAgain',
  ...VIOLATIONS,
] as const;

/** Whether at least half of the commands succeeded, those that have not ended taken as failed. */
export function mostSucceeded({ succeeded, commands }: Tally): boolean {
  return succeeded * 2 >= commands;
}

/** The sum of tallies. */
export function sumOf(tallies: Iterable<Tally>): Tally {
  const sum = new Tally();
  for (const tally of tallies) sum.add(tally);
  return sum;
}
