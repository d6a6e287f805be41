/** Running our decoder and that of `@redis/client` over the same bytes. */

import { RESP_TYPES, VerbatimString } from '@redis/client';
import { Decoder as UpstreamDecoder } from '@redis/client/dist/lib/RESP/decoder.js';

import { ReplyError } from '../../../src/errors.js';
import { DecodeMapping } from '../../../src/wire/decode-mapping.js';
import { Decoder, type DecoderLimits, type ReplyQueue } from '../../../src/wire/decoder.js';

/** A type mapping as users give it. */
export type TypeMapping = NonNullable<
  ReturnType<ConstructorParameters<typeof UpstreamDecoder>[0]['getTypeMapping']>
>;

/** Every choice that there is beside the defaults, one at a time, and all at once. */
export const TYPE_MAPPINGS: readonly (readonly [string, TypeMapping])[] = [
  ['defaults', {}],
  ['numbers as strings', { [RESP_TYPES.NUMBER]: String }],
  ['big numbers as strings', { [RESP_TYPES.BIG_NUMBER]: String }],
  ['doubles as strings', { [RESP_TYPES.DOUBLE]: String }],
  ['simple strings as Buffers', { [RESP_TYPES.SIMPLE_STRING]: Buffer }],
  ['blob strings as Buffers', { [RESP_TYPES.BLOB_STRING]: Buffer }],
  ['verbatim strings as Buffers', { [RESP_TYPES.VERBATIM_STRING]: Buffer }],
  ['verbatim strings with their format', { [RESP_TYPES.VERBATIM_STRING]: VerbatimString }],
  ['sets as Sets', { [RESP_TYPES.SET]: Set }],
  ['maps as Maps', { [RESP_TYPES.MAP]: Map }],
  ['maps as arrays', { [RESP_TYPES.MAP]: Array }],
  [
    'every other type',
    {
      [RESP_TYPES.NUMBER]: String,
      [RESP_TYPES.BIG_NUMBER]: String,
      [RESP_TYPES.DOUBLE]: String,
      [RESP_TYPES.SIMPLE_STRING]: Buffer,
      [RESP_TYPES.BLOB_STRING]: Buffer,
      [RESP_TYPES.VERBATIM_STRING]: VerbatimString,
      [RESP_TYPES.SET]: Set,
      [RESP_TYPES.MAP]: Map,
    },
  ],
];

/** A queue in which a command always waits, and which keeps the replies. */
export class Replies implements ReplyQueue {
  readonly values: unknown[] = [];
  readonly mapping: DecodeMapping;
  readonly decoder: Decoder;

  constructor(mapping: TypeMapping = {}, limits?: DecoderLimits) {
    this.mapping = new DecodeMapping(mapping);
    this.decoder = new Decoder(this, (message) => new ReplyError(message), limits);
  }

  /** Decodes the chunks one after the other; answers what they held. */
  decode(...chunks: readonly Uint8Array[]): unknown[] {
    for (const chunk of chunks) this.decoder.write(chunk);
    return this.values.splice(0);
  }

  nextMapping(): DecodeMapping {
    return this.mapping;
  }

  takesElements(): boolean {
    return false;
  }

  deliver(replies: readonly unknown[], count: number): boolean {
    this.values.push(...replies.slice(0, count));
    return true;
  }
}

/** What the decoder of `@redis/client` makes of the bytes, all at once. */
export function decodeUpstream(bytes: Buffer, mapping: TypeMapping = {}): unknown[] {
  const values: unknown[] = [];
  const keep = (value: unknown): void => void values.push(value);
  const decoder = new UpstreamDecoder({
    onReply: keep,
    onErrorReply: keep,
    onPush: () => undefined,
    getTypeMapping: () => mapping,
  });
  decoder.write(bytes);
  return values;
}

/** The value in a form that compares: what kind of thing it is, and what is in it. */
export function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return ['Buffer', value.toString('hex')];
  if (value instanceof Error) return ['Error', value.message];
  if (value instanceof VerbatimString) return ['Verbatim', value.format, value.toString()];
  if (value instanceof Set) return ['Set', [...value].map(plain)];
  if (value instanceof Map) return ['Map', [...value].flat().map(plain)];
  if (Array.isArray(value)) return ['Array', value.map(plain)];
  if (typeof value === 'object' && value !== null) {
    return ['Object', Object.entries(value).flat().map(plain)];
  }
  return value;
}

/** The bytes in pieces of these sizes, again and again. */
export function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** `$length`, the bytes, a line end. */
export function bulk(content: string | Uint8Array, type = '$'): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from(`${type}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}
