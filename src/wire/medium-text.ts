/**
 * Strings of 13 to 24 ASCII characters: times, ids, numbers with a fraction. V8 does not copy
 * substrings of that length, and a call into native code takes 67 ns for each; this takes 30 to 45.
 */

/** The shortest and the longest. */
export const SHORTEST = 13;
export const LONGEST = 24;

const { fromCharCode } = String;

/**
 * The string of these bytes. `undefined` unless they, and what follows within the longest string,
 * are in the buffer and ASCII.
 */
export function mediumText(bytes: Uint8Array, at: number, length: number): string | undefined {
  if (at + LONGEST > bytes.length) return undefined;
  const a = bytes[at]!;
  const b = bytes[at + 1]!;
  const c = bytes[at + 2]!;
  const d = bytes[at + 3]!;
  const e = bytes[at + 4]!;
  const f = bytes[at + 5]!;
  const g = bytes[at + 6]!;
  const h = bytes[at + 7]!;
  const i = bytes[at + 8]!;
  const j = bytes[at + 9]!;
  const k = bytes[at + 10]!;
  const l = bytes[at + 11]!;
  const m = bytes[at + 12]!;
  const n = bytes[at + 13]!;
  const o = bytes[at + 14]!;
  const p = bytes[at + 15]!;
  const q = bytes[at + 16]!;
  const r = bytes[at + 17]!;
  const s = bytes[at + 18]!;
  const t = bytes[at + 19]!;
  const u = bytes[at + 20]!;
  const v = bytes[at + 21]!;
  const w = bytes[at + 22]!;
  const x = bytes[at + 23]!;
  const all =
    a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p | q | r | s | t | u | v | w | x;
  if (all > 0x7f) return undefined;
  switch (length) {
    case 13:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m);
    case 14:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    case 15:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
    case 16:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    case 17:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
    case 18:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
    case 19:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
    case 20:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
    case 21:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
    case 22:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
    case 23:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
    case 24:
      return fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
    default:
      return undefined;
  }
}
