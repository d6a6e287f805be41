/**
 * The load: workers that issue batches of commands, one after the other, each over some of the
 * hosts. A worker owns its keys, and waits for a batch before it issues the next; so what a key must
 * hold can be told from the answers.
 */

import { setTimeout as delay } from 'node:timers/promises';

import { condition } from '../helpers/condition.js';
import type { Driver } from './driver.js';
import { keyOf } from './ledger.js';
import type { WorkerKeys } from './ledger.js';
import { isRead, valueFor } from './operation.js';
import type { Operation, OperationKind, Outcome } from './operation.js';
import type { Site } from './site.js';
import type { Tally } from './tally.js';

/** What batches consist of: each takes a part of it, for each host that it goes to. */
const MIX: readonly OperationKind[] = [
  ...(['set', 'get', 'get', 'increment', 'get', 'push', 'set', 'set', 'get'] as const),
  ...(['script', 'add', 'getHash', 'setHash', 'getHash', 'get', 'get'] as const),
];

/** How many commands a batch has for each host, and one of many that fills several chunks. */
const BATCH = 8;
const BIG_BATCH = 240;
const BIG_BATCH_EVERY = 60;

export interface WorkloadOptions {
  readonly driver: Driver;
  readonly sites: readonly Site[];
  /** The keys of each worker on each host. */
  readonly keys: readonly (readonly WorkerKeys[])[];
  /** To how many hosts a batch goes. */
  readonly sitesPerBatch: number;
  /** After how long, in ms, a command counts as unsettled for ever. */
  readonly patience: number;
}

/** The pauses of a worker after a batch that failed or that had nowhere to go, in ms. */
const MIN_PAUSE = 8;
const MAX_PAUSE = 100;

export class Workload {
  readonly #options: WorkloadOptions;
  #nonce = 0;
  #variant = 0;
  #isStopping = false;
  /** While it is set, workers wait for it before their next batch. */
  #gate: Promise<void> | undefined;
  #busy = 0;
  #workers: Promise<void>[] = [];

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#workers = this.#options.keys.map((keys) => this.#work(keys));
  }

  /** Lets the workers finish their batches; resolves when all have. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#workers);
  }

  /** Runs `fn` while no worker has a batch under way. */
  async whileQuiet(fn: () => Promise<void>): Promise<void> {
    let open!: () => void;
    this.#gate = new Promise((resolve) => (open = resolve));
    try {
      await condition(() => this.#busy === 0, 2 * this.#options.patience);
      await fn();
    } finally {
      this.#gate = undefined;
      open();
    }
  }

  async #work(keys: readonly WorkerKeys[]): Promise<void> {
    let pause = MIN_PAUSE;
    while (!this.#isStopping) {
      await this.#gate;
      const sites = this.#chooseSites();
      if (sites.length === 0) {
        await delay(MIN_PAUSE);
        continue;
      }
      this.#busy++;
      const succeeded = await this.#runBatch(keys, sites);
      this.#busy--;
      // Whoever was told that a host is away does not ask it again at once.
      if (!succeeded) await delay(pause * Math.random());
      pause = succeeded ? MIN_PAUSE : Math.min(2 * pause, MAX_PAUSE);
    }
  }

  #chooseSites(): Site[] {
    const open = this.#options.sites.filter((site) => site.isOpen);
    while (open.length > this.#options.sitesPerBatch) {
      open.splice(Math.floor(Math.random() * open.length), 1);
    }
    return open;
  }

  /** Issues a batch and waits for it; answers whether all of it succeeded. */
  async #runBatch(keys: readonly WorkerKeys[], sites: readonly Site[]): Promise<boolean> {
    const operations = this.#makeBatch(keys, sites);
    const batch = new Batch(operations, new Map(sites.map((site) => [site.hostId, site])));
    const { driver, patience } = this.#options;
    const settle = (index: number, outcome: Outcome) => batch.settle(index, outcome);
    const run = driver.run(operations, settle, this.#variant++);
    const isOver = await endsWithin(run, patience);
    batch.end(isOver ? 'when its call was over' : `after ${patience} ms`);
    return batch.isSuccess;
  }

  #makeBatch(keys: readonly WorkerKeys[], sites: readonly Site[]): Operation[] {
    const turn = Math.floor(Math.random() * MIX.length);
    const length = Math.floor(Math.random() * BIG_BATCH_EVERY) === 0 ? BIG_BATCH : BATCH;
    return Array.from({ length }).flatMap((_, i) => {
      const kind = MIX[(turn + i) % MIX.length]!;
      return sites.map(({ hostId }) => this.#makeOperation(kind, hostId, keys[hostId]!));
    });
  }

  #makeOperation(kind: OperationKind, hostId: number, keys: WorkerKeys): Operation {
    const nonce = ++this.#nonce;
    const key = keyOf(keys, kind, nonce);
    const hasValue = !isRead(kind) && kind !== 'increment';
    return { kind, hostId, key, nonce, value: hasValue ? valueFor(key, nonce) : '' };
  }
}

type State = 'pending' | 'settled' | 'given up';

/** A command of a batch, and what has become of it. */
interface Entry {
  readonly operation: Operation;
  readonly site: Site;
  /** What counted it. */
  readonly tally: Tally;
  state: State;
}

/** Commands that were issued together, and which of them have not ended. */
class Batch {
  readonly #entries: readonly Entry[];
  isSuccess = true;

  constructor(operations: readonly Operation[], sites: ReadonlyMap<number, Site>) {
    this.#entries = operations.map((operation) => {
      const site = sites.get(operation.hostId)!;
      site.onIssued();
      return { operation, site, tally: site.tally, state: 'pending' };
    });
  }

  settle(index: number, outcome: Outcome): void {
    const entry = this.#entries[index]!;
    if (entry.state === 'settled') {
      entry.tally.blame('wrong', `${entry.operation.kind} was settled twice`);
    }
    if (entry.state !== 'pending') return;
    entry.state = 'settled';
    if ('error' in outcome) this.isSuccess = false;
    entry.site.onSettled(entry.operation, outcome, entry.tally);
  }

  /** Whatever has not ended by now never will. */
  end(when: string): void {
    for (const entry of this.#entries) {
      if (entry.state !== 'pending') continue;
      entry.state = 'given up';
      const { operation, site, tally } = entry;
      tally.blame('unsettled', `${operation.kind} ${operation.key} was pending ${when}`);
      this.isSuccess = false;
      const error = new Error('never settled');
      site.onSettled(operation, { error, verdict: 'maybe' }, tally);
    }
  }
}

/** Whether a promise settles in so many milliseconds; what it is rejected with passes on. */
async function endsWithin(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => true), never]);
  } finally {
    clearTimeout(timer);
  }
}
