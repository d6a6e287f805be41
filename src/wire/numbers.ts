/** Doubles and big numbers out of their decimal text. */

/** The powers of ten that a double holds exactly: dividing by one of them rounds only once. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/**
 * So many digits always make an integer that a double holds exactly. More may be rounded at each of
 * them, and at the last safe integers wrongly.
 */
export const EXACT_DIGITS = 15;

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;

/**
 * The double in `bytes[start..stop)`: an integer is gathered and scaled once, which is exact for up
 * to 15 digits; everything else (more digits, exponents, inf, nan) goes the slow way. Undefined if
 * it is no double.
 */
export function parseDouble(bytes: Buffer, start: number, stop: number): number | undefined {
  const sign = bytes[start];
  const first = sign === MINUS || sign === PLUS ? start + 1 : start;
  let significand = 0;
  let digits = 0;
  let point = -1;
  for (let i = first; i < stop; i++) {
    const byte = bytes[i]!;
    if (byte === POINT && point === -1) {
      point = i;
      continue;
    }
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9 || digits === EXACT_DIGITS) return slowDouble(bytes, start, stop);
    significand = significand * 10 + digit;
    digits++;
  }
  if (digits === 0) return slowDouble(bytes, start, stop);
  const fraction = point === -1 ? 0 : stop - point - 1;
  const double = fraction === 0 ? significand : significand / POWERS_OF_TEN[fraction]!;
  return sign === MINUS ? -double : double;
}

function slowDouble(bytes: Buffer, start: number, stop: number): number | undefined {
  const text = bytes.latin1Slice(start, stop);
  const double = Number(text);
  if (!Number.isNaN(double) && text !== '') return double;
  switch (text) {
    case 'inf':
    case '+inf':
      return Infinity;
    case '-inf':
      return -Infinity;
    case 'nan':
    case '-nan':
      return NaN;
    default:
      return undefined;
  }
}

/** The integer in `bytes[start..stop)`, of any size; undefined if it is none. */
export function parseBigNumber(bytes: Buffer, start: number, stop: number): bigint | undefined {
  const text = bytes.latin1Slice(start, stop);
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  return text.startsWith('+') ? BigInt(text.slice(1)) : BigInt(text);
}
