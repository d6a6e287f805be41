/** Bytes and numbers as people read them. */

import { isUtf8 } from 'node:buffer';

import { redactUrl } from '../util/validate.js';

const ESCAPES: Readonly<Record<number, string>> = {
  0x07: '\\a',
  0x08: '\\b',
  0x09: '\\t',
  0x0a: '\\n',
  0x0d: '\\r',
  0x22: '\\"',
  0x5c: '\\\\',
};

/** Bytes in double quotes, with everything but printable ASCII escaped, as redis-cli writes them. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) text += ESCAPES[byte] ?? escapeByte(byte);
  return `${text}"`;
}

function escapeByte(byte: number): string {
  const isPrintable = byte >= 0x20 && byte < 0x7f;
  return isPrintable ? String.fromCharCode(byte) : `\\x${hex(byte)}`;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Controls, formats, surrogates, private and unassigned characters; separators but the space. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** A key or a name for a terminal: as it is where that is plain to read, else in quotes and escaped. */
export function displayText(value: string | Uint8Array): string {
  const text = typeof value === 'string' ? value : decodeText(value);
  if (text === undefined) return quoteBytes(value as Uint8Array);
  const isPlain = text !== '' && !text.startsWith('"') && !UNPRINTABLE.test(text);
  return isPlain ? text : quoteBytes(Buffer.from(text));
}

/** The text of UTF-8 bytes; undefined if they are none. */
export function decodeText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? Buffer.from(bytes).toString() : undefined;
}

/** A message on one line, without what a terminal would obey. */
export function oneLine(message: string): string {
  return message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** Lines of text without the control characters that a terminal would obey. */
export function plainLines(text: string): string[] {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  return lines.map((line) =>
    line.replaceAll(/(?!\t)\p{Cc}/gu, (control) => `\\x${hex(control.charCodeAt(0))}`),
  );
}

/**
 * A message without the login of any URL in it. A password may hold any character, so everything
 * goes from the scheme to the last `@` that no space separates from it.
 */
export function redactUrls(message: string): string {
  return message.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)\S*@/gi, '$1***@');
}

/**
 * What was given where no `@` belongs, without what may be the login of a URL in it, with a scheme or
 * without one: here a password may have spaces, too. Of a URL, all goes that may hold a part of it.
 */
export function hideLogin(value: string): string {
  return value.includes('://') ? redactUrl(value) : value.replace(/^.*@/s, '***@');
}

const INTEGERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234,567` */
export function formatCount(count: number): string {
  return INTEGERS.format(count);
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** `1.5 MB`; a unit is 1,024 of the one before it. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]!}`;
}

/** `97.3%` of a share from 0 to 1. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

/** `1 host`, `2 hosts` */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
