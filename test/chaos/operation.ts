/** The commands of the workload, and what can become of them. */

/** What a command of the workload does to its key. */
export type OperationKind =
  'set' | 'get' | 'setHash' | 'getHash' | 'increment' | 'push' | 'add' | 'script';

/** One command of the workload. */
export interface Operation {
  readonly kind: OperationKind;
  /** The host that the key lives on. */
  readonly hostId: number;
  readonly key: string;
  /** Unique among all commands of a run. */
  readonly nonce: number;
  /** What is written: it names the key and the nonce. Empty where nothing is. */
  readonly value: string;
}

/**
 * How a command ended without a value:
 *
 * - `'answered'`: the server answered with an error, so it did not run.
 * - `'not run'`: the client says that it did not run.
 * - `'maybe'`: it may have run.
 */
export type Verdict = 'answered' | 'not run' | 'maybe';

/** What became of a command. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: Error; readonly verdict: Verdict; readonly breach?: string | undefined };

/** The kinds that change nothing. */
export function isRead(kind: OperationKind): boolean {
  return kind === 'get' || kind === 'getHash';
}

const FILLER = 'redis-blaster '.repeat(1200);
/** Most values fit into a short reply; some are longer than a read of the socket. */
const LENGTHS = [0, 0, 0, 11, 0, 60, 0, 0, 300, 0, 0, 9, 0, 5000, 0, 0, 30, 0, 0, 16_000];

/** The value that a command writes: no two are the same, and all of it can be checked. */
export function valueFor(key: string, nonce: number): string {
  return `${key}|${nonce}|${FILLER.slice(0, LENGTHS[nonce % LENGTHS.length])}`;
}

/** The nonce in a value that was written to this key; undefined if it is no such value. */
export function nonceIn(key: string, value: unknown): number | undefined {
  if (typeof value !== 'string' || !value.startsWith(`${key}|`)) return undefined;
  const nonce = Number.parseInt(value.slice(key.length + 1), 10);
  return value === valueFor(key, nonce) ? nonce : undefined;
}
