/**
 * Checking of options against a table: one rule for each option name. The tables live beside the
 * options that they describe; whoever reads options decides which error a problem becomes.
 */
import { isIP } from 'node:net';
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';

import { flawOf } from './text.js';

/** The longest time, in milliseconds, that a timer of Node can wait. */
export const MAX_DELAY = 2 ** 31 - 1;

/** What an option's value has to be. */
export interface OptionRule {
  /** Reads on after "must be". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Whether a bad value is told by its type alone. */
  readonly isSecret?: boolean;
}

/** A rule for each option of `T`. */
export type OptionRules<T extends object> = Readonly<Record<keyof T & string, OptionRule>>;

/** What others call an option, by their names for it. */
export type OtherNames = Readonly<Record<string, string>>;

/** What is wrong with an option: nobody knows its name, or its value cannot be used. */
export interface OptionProblem {
  readonly kind: 'unknown' | 'invalid';
  readonly message: string;
}

/**
 * Reads the options that `rules` names, each once, and leaves out what is `undefined`.
 *
 * @param refuse - makes the error for the first problem that is found.
 * @param otherNames - what others call these options.
 */
export function readOptions<T extends object>(
  options: unknown,
  rules: OptionRules<T>,
  refuse: (problem: OptionProblem) => Error,
  otherNames?: OtherNames,
): Partial<T> {
  if (!isRecord(options)) {
    throw refuse({
      kind: 'invalid',
      message: `options must be an object, not ${describeType(options)}`,
    });
  }
  const names = Object.keys(rules) as (keyof T & string)[];
  const unknown = findUnknownName(options, names, { otherNames });
  if (unknown !== undefined) throw refuse({ kind: 'unknown', message: unknown });

  const read: Record<string, unknown> = {};
  for (const name of names) {
    // By name rather than by own key, so that getters of a class count too.
    const value = options[name];
    if (value === undefined) continue;
    const rule = rules[name];
    if (!rule.accepts(value)) {
      throw refuse({ kind: 'invalid', message: describeBadValue(name, value, rule) });
    }
    read[name] = value;
  }
  // Each rule has just vouched for its value.
  return read as Partial<T>;
}

/** How a name that is not known is told. */
interface UnknownName {
  readonly problem?: string;
  readonly otherNames?: OtherNames | undefined;
}

/** Says what is wrong with the first name that is not in `known`; `undefined` if nothing is. */
export function findUnknownName(
  options: object,
  known: readonly string[],
  { problem = 'unknown option', otherNames = {} }: UnknownName = {},
): string | undefined {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const meant = Object.hasOwn(otherNames, unknown)
    ? otherNames[unknown]
    : nearestName(unknown, known);
  const hint = meant === undefined ? '' : ` (did you mean '${meant}'?)`;
  return `${problem} ${quote(unknown)}${hint}; the options are ${known.join(', ')}`;
}

/** Says that the value of an option breaks its rule. */
export function describeBadValue(name: string, value: unknown, rule: OptionRule): string {
  const given = rule.isSecret ? describeType(value) : describeValue(value);
  return `${name} must be ${rule.expected}, not ${given}`;
}

/** A value for a message: simple ones as they are, anything else by its type. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string ${quote(value)}`;
    case 'number':
    case 'bigint':
    case 'boolean':
      return inspect(value);
    default:
      return describeType(value);
  }
}

/** The type of a value for a message, without anything of the value. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const type = typeof value;
  if (Number.isNaN(value)) return 'NaN';
  if (type !== 'object') return `a ${type}`;
  const tag = tagOf(value);
  if (tag === 'Object') return 'an object';
  const kind = `${/^([AEIO]|Rb)/i.test(tag) ? 'an' : 'a'} ${tag === 'Array' ? 'array' : tag}`;
  const flaw = isUint8Array(value) ? flawOf(value) : undefined;
  return flaw === undefined ? kind : `${kind} ${flaw}`;
}

/** A Proxy, or a getter, may throw at the question. */
function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  } catch {
    return 'Object';
  }
}

/** A string for a message: escaped, cut to a sane length, and without the login of a URL. */
export function quote(text: string): string {
  const shown = /@|:\/\//.test(text) ? redactUrl(text) : text;
  return inspect(shown.length > 100 ? `${shown.slice(0, 100)}…` : shown);
}

/**
 * A URL for a message. Where it is not plain what is the login and what is the host, a password
 * may stand anywhere, so all of it goes.
 */
export function redactUrl(url: string): string {
  const [, scheme = '', login = '', rest = '', tail = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)?(.*@)?([^?#]*)(.*)$/is.exec(url) ?? [];
  const isPlain = /^(\[[^\]]*\]|[^:/[\]]*)(:\d*)?(\/|$)/.test(rest) && !/[/?#]/.test(login);
  if (!isPlain) return `${scheme}***`;
  return `${scheme}${login && '***@'}${rest}${tail && `${tail.charAt(0)}***`}`;
}

/** Whether a value is an object of names and values: no array, Map, Date, promise and so on. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** An integer within bounds, given as a number. */
export function integerRule(min: number, max = Number.MAX_SAFE_INTEGER): OptionRule {
  return {
    expected:
      max === Number.MAX_SAFE_INTEGER
        ? `an integer of ${min} or more`
        : `an integer from ${min} to ${max}`,
    accepts: (value) => isInteger(value) && value >= min && value <= max,
  };
}

/** A count of at least one, or `Infinity` for no bound. */
export const boundRule: OptionRule = {
  expected: 'an integer of 1 or more, or Infinity',
  accepts: (value) => value === Infinity || (isInteger(value) && value >= 1),
};

/** A time in milliseconds that a timer can wait. */
export const delayRule: OptionRule = {
  expected: `a number of milliseconds above 0 and up to ${MAX_DELAY}`,
  accepts: isDelay,
};

/** Whether a value is a number of milliseconds that a timer can wait; zero is none. */
export function isDelay(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= MAX_DELAY;
}

export const booleanRule: OptionRule = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

export const stringRule: OptionRule = {
  expected: 'a string',
  accepts: (value) => typeof value === 'string',
};

/** What `net.connect` takes for a host; a URL, or `host:port`, is none. */
export const hostNameRule: OptionRule = {
  expected: 'a host name or an IP address (without port or brackets)',
  accepts: (value) =>
    typeof value === 'string' && (isIP(value) !== 0 || /^[^\s\p{Cc}/\\?#@:[\]%]+$/u.test(value)),
};

/** The path of a unix socket; a URL is none. */
export const socketPathRule: OptionRule = {
  expected: 'the path of a socket (not empty, no NUL byte)',
  accepts: (value) =>
    typeof value === 'string' &&
    value !== '' &&
    !value.includes('\0') &&
    !/^[a-z][a-z0-9+.-]*:\/\//i.test(value),
};

/** Reads a decimal integer in its only plain form: no sign, no leading zero, no fraction. */
export function parseDecimal(text: string): number | undefined {
  const value = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** The name that was likely meant: another spelling, a beginning, or a slip or two away. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  // Python's names: `host_defaults` for hostDefaults, `router_cls` for router.
  const plain = name.replace(/_cls$/, '').replaceAll(/[_-]/g, '').toLowerCase();
  const within = Math.max(1, Math.floor(plain.length / 4));
  const ranked = known
    .map((candidate) => ({ candidate, slips: editDistance(plain, candidate.toLowerCase()) }))
    .sort((a, b) => a.slips - b.slips);
  const best = ranked[0];
  if (best !== undefined && best.slips <= within) return best.candidate;
  if (plain.length < 3) return undefined;
  return known.find((candidate) => candidate.toLowerCase().startsWith(plain));
}

/** How many letters were added, dropped, changed, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(before, j - 2) + 1);
      }
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
