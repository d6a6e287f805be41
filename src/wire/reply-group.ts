/**
 * The arrays in which decoders hand over replies: one is used for many reads, of all connections. An
 * array for each read was 3 of 120 bytes of garbage for each command of a map over 256 hosts. One
 * for good would grow old, and V8 keeps a record of each new object that is put into an old one.
 */

/**
 * So many replies are handed over at a time. Their promises are scattered in memory: settled in a
 * short loop of its own, several are fetched at once, and the decoder waits for none.
 */
export const GROUP = 128;
/** For so many reads one is used: mostly that is over before the collector has seen it twice. */
const MAX_USES = 64;

let spare: unknown[] | undefined;
let uses = 0;

/** An array of {@link GROUP} replies, for whoever decodes now. */
export function takeGroup(): unknown[] {
  const group = spare ?? new Array<unknown>(GROUP);
  spare = undefined;
  return group;
}

/** Gives it back, with nothing in it: it is to keep no reply alive. */
export function giveBackGroup(group: unknown[]): void {
  spare = ++uses % MAX_USES === 0 ? undefined : group;
}
