/** What must be on one host: the records of all keys that the workload has there. */

import { Collection, Counter, HashRegister, Register } from './records.js';
import type { KeyRecord } from './records.js';
import type { Operation, OperationKind, Outcome } from './operation.js';
import type { Tally } from './tally.js';

/** The keys of one worker on one host. */
export interface WorkerKeys {
  readonly texts: readonly string[];
  readonly hash: string;
  readonly counter: string;
  readonly list: string;
  readonly set: string;
  readonly scripted: string;
}

/** Sends raw commands to a server in one go, past every fault. */
export type Inspector = (commands: readonly (readonly string[])[]) => Promise<unknown[]>;

const TEXTS = 4;

/** The keys of a worker on a host; `isThere` says whether a key lives on it. */
export function keysFor(
  worker: number,
  hostId: number,
  isThere: (key: string) => boolean,
): WorkerKeys {
  const find = (name: string): string => {
    for (let i = 0; ; i++) {
      const key = `w${worker}:h${hostId}:${name}:${i}`;
      if (isThere(key)) return key;
    }
  };
  return {
    texts: Array.from({ length: TEXTS }, (_, i) => find(`text${i}`)),
    hash: find('hash'),
    counter: find('counter'),
    list: find('list'),
    set: find('set'),
    scripted: find('scripted'),
  };
}

export class Ledger {
  readonly #records = new Map<string, KeyRecord>();

  constructor(keys: Iterable<WorkerKeys>) {
    for (const { texts, hash, counter, list, set, scripted } of keys) {
      for (const text of texts) this.#add(new Register(text));
      this.#add(new HashRegister(hash));
      this.#add(new Counter(counter));
      this.#add(new Collection(list, 'push'));
      this.#add(new Collection(set, 'add'));
      this.#add(new Collection(scripted, 'script'));
    }
  }

  #add(record: KeyRecord): void {
    this.#records.set(record.key, record);
  }

  /** Notes what became of a command. */
  settle(operation: Operation, outcome: Outcome, tally: Tally): void {
    const record = this.#records.get(operation.key);
    if (record === undefined) throw new Error(`no record of ${operation.key}`);
    record.settle(operation, outcome, tally);
  }

  /** Compares everything with what the server has, removes it, and begins anew. */
  async audit(inspect: Inspector, tally: Tally): Promise<void> {
    const records = [...this.#records.values()];
    const contents = await inspect(records.map(({ inspection }) => inspection));
    for (const [i, record] of records.entries()) {
      record.audit(contents[i], tally);
      record.reset();
    }
    await inspect([['FLUSHALL']]);
  }
}

/** Which key of a worker a command of this kind is for. */
export function keyOf(keys: WorkerKeys, kind: OperationKind, nonce: number): string {
  switch (kind) {
    case 'set':
    case 'get':
      return keys.texts[nonce % keys.texts.length]!;
    case 'setHash':
    case 'getHash':
      return keys.hash;
    case 'increment':
      return keys.counter;
    case 'push':
      return keys.list;
    case 'add':
      return keys.set;
    case 'script':
      return keys.scripted;
  }
}
