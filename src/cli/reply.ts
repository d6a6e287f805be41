/** Replies as redis-cli shows them: for a terminal, raw, and as JSON. */

import { RESP_TYPES } from '../commands/upstream.js';
import { decodeText, oneLine, plainLines, quoteBytes } from './text.js';

/** Text that the server wants shown as it is, such as that of INFO. */
export class VerbatimText {
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }
}

/**
 * The type mapping of replies that are shown: bytes stay bytes, and integers stay exact. A map is a
 * plain list, as redis-cli shows it unless told: as a Map its fields would be text, which they may
 * not be.
 */
export const SHOWN_TYPES = {
  [RESP_TYPES.NUMBER]: String,
  [RESP_TYPES.BLOB_STRING]: Buffer,
  [RESP_TYPES.VERBATIM_STRING]: VerbatimText,
  [RESP_TYPES.MAP]: Array,
};

/** The fields and values of a map in turn: fields stay bytes, and it is still known for a map. */
export class FieldList extends Array<unknown> {}

/** The type mapping of replies that become JSON, which has objects for maps. */
export const JSON_TYPES = { ...SHOWN_TYPES, [RESP_TYPES.MAP]: FieldList };

/** Integers come as text, and no status reply looks like one. */
const INTEGER = /^-?\d+$/;

/** The lines of a reply for a terminal, as redis-cli has them. */
export function replyLines(reply: unknown): string[] {
  if (Array.isArray(reply)) return listLines(reply);
  if (reply instanceof VerbatimText) return plainLines(reply.text);
  return [scalarText(reply)];
}

function scalarText(reply: unknown): string {
  if (reply instanceof Uint8Array) return quoteBytes(reply);
  if (reply instanceof Error) return `(error) ${oneLine(reply.message)}`;
  switch (typeof reply) {
    case 'string':
      return INTEGER.test(reply) ? `(integer) ${reply}` : oneLine(reply);
    case 'number':
      return `(double) ${doubleText(reply)}`;
    case 'bigint':
      return `(big number) ${reply}`;
    case 'boolean':
      return `(${reply})`;
    default:
      return '(nil)';
  }
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? 'inf' : '-inf';
}

function listLines(list: readonly unknown[]): string[] {
  if (list.length === 0) return ['(empty array)'];
  const width = String(list.length).length;
  return list.flatMap((element, index) => {
    const label = `${String(index + 1).padStart(width)}) `;
    const indent = ' '.repeat(label.length);
    return replyLines(element).map((line, at) => (at === 0 ? label : indent) + line);
  });
}

/** The bytes of a reply as they are: elements on lines of their own, nothing for nil. */
export function replyBytes(reply: unknown): Buffer {
  return Buffer.concat(rawParts(reply));
}

function rawParts(reply: unknown): Uint8Array[] {
  if (Array.isArray(reply)) {
    return reply.flatMap((element, index) => {
      const parts = rawParts(element);
      return index === 0 ? parts : [NEWLINE, ...parts];
    });
  }
  return [reply instanceof Uint8Array ? reply : Buffer.from(rawText(reply))];
}

const NEWLINE = Buffer.from('\n');

function rawText(reply: unknown): string {
  if (reply instanceof VerbatimText) return reply.text;
  if (reply instanceof Error) return reply.message;
  if (typeof reply === 'number') return doubleText(reply);
  if (typeof reply === 'boolean') return `(${reply})`;
  if (typeof reply === 'bigint') return String(reply);
  return typeof reply === 'string' ? reply : '';
}

/**
 * A reply as a value for JSON. Bytes that are no UTF-8 are `{ "base64": … }`; integers beyond
 * 2^53 and numbers that JSON lacks are text; an error within a reply is `{ "error": … }`. A map is
 * an object, or a list of `[field, value]` if not all of its fields are UTF-8.
 */
export function replyJson(reply: unknown): unknown {
  if (reply instanceof FieldList) return fieldsJson(reply);
  if (Array.isArray(reply)) return reply.map(replyJson);
  if (reply instanceof VerbatimText) return reply.text;
  if (reply instanceof Uint8Array) return bytesJson(reply);
  if (reply instanceof Error) return { error: reply.message };
  if (typeof reply === 'string' && INTEGER.test(reply)) return integerJson(reply);
  if (typeof reply === 'number' && !Number.isFinite(reply)) return doubleText(reply);
  return typeof reply === 'bigint' ? integerJson(String(reply)) : (reply ?? null);
}

function fieldsJson(list: FieldList): unknown {
  const pairs = Array.from({ length: list.length / 2 }, (_, index): [unknown, unknown] => [
    list[index * 2],
    replyJson(list[index * 2 + 1]),
  ]);
  const names = pairs.map(([field]) => nameOf(field));
  if (names.includes(undefined)) return pairs.map(([field, value]) => [replyJson(field), value]);
  return Object.fromEntries(pairs.map(([, value], index) => [names[index], value]));
}

/** The name that a field has in an object; undefined if it is no text. */
function nameOf(field: unknown): string | undefined {
  return field instanceof Uint8Array ? decodeText(field) : String(replyJson(field));
}

function integerJson(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** Bytes for JSON: their text, or else base64. */
export function bytesJson(bytes: Uint8Array): string | { readonly base64: string } {
  return decodeText(bytes) ?? { base64: Buffer.from(bytes).toString('base64') };
}
