/**
 * What must be in a key, from the answers that its one owner got. The owner issues the next commands
 * for a key when the last ones are settled, so all that is uncertain is which of the commands that
 * may have run did, and when: a server may find them in an old socket much later.
 */

import type { Tally } from './tally.js';
import { nonceIn } from './operation.js';
import type { Operation, Outcome } from './operation.js';

/** What is known about one key. */
export abstract class KeyRecord {
  constructor(readonly key: string) {}

  /** Notes what became of a command; a reply that cannot be right is counted. */
  settle(operation: Operation, outcome: Outcome, tally: Tally): void {
    if ('value' in outcome) this.onReply(operation, outcome.value, tally);
    else if (outcome.verdict === 'maybe') this.onMaybe(operation);
    else this.onRefused(operation);
  }

  /** The command that reads all of the key. */
  abstract get inspection(): readonly [string, ...string[]];
  protected abstract onReply(operation: Operation, value: unknown, tally: Tally): void;
  protected abstract onMaybe(operation: Operation): void;
  protected onRefused(_operation: Operation): void {}
  /** Compares with what the server has, when nothing is under way any more. */
  abstract audit(content: unknown, tally: Tally): void;
  /** The key was removed. */
  abstract reset(): void;

  protected wrong(tally: Tally, { kind, nonce }: Operation, value: unknown, wanted: string): void {
    const got = JSON.stringify(value)?.slice(0, 120);
    tally.blame('wrong', `${kind} ${this.key} (${nonce}) answered ${got}, not ${wanted}`);
  }
}

/** A key that is written whole. */
export class Register extends KeyRecord {
  /** The nonce of the last write that was answered; 0 for none. */
  #acknowledged = 0;
  #maybes: number[] = [];

  get inspection(): readonly [string, ...string[]] {
    return ['GET', this.key];
  }

  protected override onMaybe({ kind, nonce }: Operation): void {
    if (kind === 'set' || kind === 'setHash') this.#maybes.push(nonce);
  }

  protected override onReply(operation: Operation, value: unknown, tally: Tally): void {
    if (operation.kind === 'set' || operation.kind === 'setHash') {
      if (!this.isDone(value)) this.wrong(tally, operation, value, 'that it is set');
      this.#acknowledged = operation.nonce;
    } else if (!this.#isPossible(value, operation.nonce)) {
      this.wrong(tally, operation, value, this.#expectation);
    }
  }

  protected isDone(value: unknown): boolean {
    return value === 'OK';
  }

  /** The nonce of what was read; 0 where there is nothing, undefined where it cannot be. */
  protected read(value: unknown): number | undefined {
    return value === null ? 0 : nonceIn(this.key, value);
  }

  /** Nothing reads a write that was issued after it, unless it was sent again behind that. */
  #isPossible(value: unknown, reader = Infinity): boolean {
    const nonce = this.read(value);
    if (nonce === undefined) return false;
    const isLast = nonce === this.#acknowledged && nonce < reader;
    return isLast || this.#maybes.includes(nonce);
  }

  get #expectation(): string {
    return `the value of ${this.#acknowledged} (or of ${this.#maybes.slice(-5).join(', ')})`;
  }

  override audit(content: unknown, tally: Tally): void {
    const nonce = this.read(content);
    if (nonce !== undefined && this.#maybes.includes(nonce)) tally.maybeRan++;
    if (this.#isPossible(content)) return;
    tally.blame('lost', `${this.key} holds the value of ${nonce}, not ${this.#expectation}`);
  }

  override reset(): void {
    this.#acknowledged = 0;
    this.#maybes = [];
  }
}

/** The same, in two fields of a hash. */
export class HashRegister extends Register {
  override get inspection(): readonly [string, ...string[]] {
    return ['HGETALL', this.key];
  }

  protected override isDone(value: unknown): boolean {
    return value === 0 || value === 2;
  }

  protected override read(value: unknown): number | undefined {
    const fields = typeof value === 'object' && value !== null ? { ...value } : undefined;
    if (fields === undefined) return undefined;
    const names = Object.keys(fields).sort().join();
    if (names === '') return 0;
    const { nonce, value: text } = fields as Record<string, unknown>;
    const found = names === 'nonce,value' ? nonceIn(this.key, text) : undefined;
    return String(found) === nonce ? found : undefined;
  }
}

/** A number that grows by one at a time. */
export class Counter extends KeyRecord {
  #acknowledged = 0;
  #maybes = 0;
  #last = 0;
  /** By how much an answer was too high: later ones are not blamed for that again. */
  #surplus = 0;

  get inspection(): readonly [string, ...string[]] {
    return ['GET', this.key];
  }

  protected override onMaybe(): void {
    this.#maybes++;
  }

  protected override onReply(operation: Operation, value: unknown, tally: Tally): void {
    this.#acknowledged++;
    const least = Math.max(this.#last + 1, this.#acknowledged);
    const most = this.#acknowledged + this.#maybes + this.#surplus;
    const count = typeof value === 'number' ? value : 0;
    if (count < least || count > most) {
      this.wrong(tally, operation, value, `${least} to ${most}`);
    }
    this.#last = count;
    this.#surplus += Math.max(0, count - most);
  }

  override audit(content: unknown, tally: Tally): void {
    const count = Number(content ?? 0);
    const most = this.#acknowledged + this.#maybes;
    tally.maybeRan += Math.max(0, count - this.#acknowledged);
    for (let i = most; i < count; i++) tally.blame('doubled', `${this.key} is ${count} > ${most}`);
    for (let i = count; i < this.#acknowledged; i++) {
      tally.blame('lost', `${this.key} is ${count} < ${this.#acknowledged}`);
    }
  }

  override reset(): void {
    this.#acknowledged = 0;
    this.#maybes = 0;
    this.#last = 0;
    this.#surplus = 0;
  }
}

/** How elements are put into a {@link Collection}, and what that answers. */
export type CollectionKind = 'push' | 'add' | 'script';

/** A list or set that every write puts one element into, its own value. */
export class Collection extends KeyRecord {
  readonly #kind: CollectionKind;
  #acknowledged: number[] = [];
  readonly #maybes = new Set<number>();
  readonly #refused = new Set<number>();
  /** By how much a length was too high: later ones are not blamed for that again. */
  #surplus = 0;

  constructor(key: string, kind: CollectionKind) {
    super(key);
    this.#kind = kind;
  }

  get inspection(): readonly [string, ...string[]] {
    return this.#kind === 'add' ? ['SMEMBERS', this.key] : ['LRANGE', this.key, '0', '-1'];
  }

  protected override onMaybe({ nonce }: Operation): void {
    this.#maybes.add(nonce);
  }

  protected override onRefused({ nonce }: Operation): void {
    this.#refused.add(nonce);
  }

  protected override onReply(operation: Operation, value: unknown, tally: Tally): void {
    this.#acknowledged.push(operation.nonce);
    const wanted = this.#wanted(operation, value);
    if (wanted !== undefined) this.wrong(tally, operation, value, wanted);
  }

  /** What should have been answered, where the answer cannot be right. */
  #wanted(operation: Operation, value: unknown): string | undefined {
    if (this.#kind === 'add') return value === 1 ? undefined : '1';
    if (this.#kind === 'script') return value === operation.value ? undefined : 'its argument';
    const least = this.#acknowledged.length;
    const most = least + this.#maybes.size + this.#surplus;
    const length = typeof value === 'number' ? value : 0;
    this.#surplus += Math.max(0, length - most);
    return length >= least && length <= most ? undefined : `${least} to ${most}`;
  }

  override audit(content: unknown, tally: Tally): void {
    const nonces = (content as unknown[]).map((value) => nonceIn(this.key, value));
    const seen = new Set<number | undefined>();
    for (const nonce of nonces) {
      if (seen.has(nonce)) tally.blame('doubled', `${nonce} is in ${this.key} twice`);
      else this.#auditElement(nonce, tally);
      seen.add(nonce);
    }
    for (const nonce of this.#acknowledged) {
      if (!seen.has(nonce)) tally.blame('lost', `${nonce} is not in ${this.key}`);
    }
    if (this.#kind === 'push') this.#auditOrder(nonces, tally);
  }

  #auditElement(nonce: number | undefined, tally: Tally): void {
    if (nonce === undefined) {
      tally.blame('wrong', `${this.key} holds what nobody wrote`);
    } else if (this.#maybes.has(nonce)) {
      tally.maybeRan++;
    } else if (this.#refused.has(nonce)) {
      tally.blame('unreported', `${nonce} is in ${this.key} though it was reported as not run`);
    }
  }

  /** What was answered stands in the order in which it was issued. */
  #auditOrder(nonces: readonly (number | undefined)[], tally: Tally): void {
    const acknowledged = new Set(this.#acknowledged);
    const found = nonces.filter((nonce) => nonce !== undefined && acknowledged.has(nonce));
    const isSorted = found.every((nonce, i) => i === 0 || found[i - 1]! < nonce!);
    if (!isSorted) tally.blame('wrong', `${this.key} is not in the order of issue`);
  }

  override reset(): void {
    this.#acknowledged = [];
    this.#maybes.clear();
    this.#refused.clear();
    this.#surplus = 0;
  }
}
