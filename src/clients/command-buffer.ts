/**
 * The commands for one host that are not on their way yet, encoded one behind the other. With
 * auto-batching, neighbouring GETs become an MGET here, and neighbouring plain SETs an MSET: when a
 * second one follows, the place of the first head is widened, and another is put there in the end.
 */

import type { Text } from '../util/text.js';
import { RespWriter } from '../wire/encoder.js';
import type { DecodeMapping } from '../wire/decode-mapping.js';
import type { ReplySink } from '../wire/pipeline.js';
import { type BufferSizes, expectedSize } from './buffer-sizes.js';
import type { CommandWriter } from './command-writer.js';
import type { ReplyMapping } from './reply-mapping.js';
import { type CommandSink, GetBatch, SetBatch } from './sinks.js';
import { appendWritten } from './written-key.js';

/** A buffer of this size is worth a write of its own while the caller still loops. */
export const FLUSH_SIZE = 64 * 1024;
const SMALL = 512;
/** So many sinks there is room for at first. */
const FEW = 8;

/**
 * The most keys of one MGET or MSET: more would make the host's other clients wait longer, and gain
 * nothing.
 */
const MAX_BATCH = 512;

/** What a GET or a SET is alone, and merged. */
interface BatchKind {
  /** The head of a plain command; and the same in a writer, from which it is copied in words. */
  readonly one: Uint8Array;
  readonly oneWritten: RespWriter;
  readonly many: string;
  /** Arguments for each command. */
  readonly width: number;
  readonly Batch: new (sinks: readonly CommandSink[], mapping: ReplyMapping) => ReplySink;
}

const GET_HEAD = Buffer.from('*2\r\n$3\r\nGET\r\n');
const SET_HEAD = Buffer.from('*3\r\n$3\r\nSET\r\n');

const GETS: BatchKind = {
  one: GET_HEAD,
  oneWritten: written(GET_HEAD),
  many: '$4\r\nMGET\r\n',
  width: 1,
  Batch: GetBatch,
};
const SETS: BatchKind = {
  one: SET_HEAD,
  oneWritten: written(SET_HEAD),
  many: '$4\r\nMSET\r\n',
  width: 2,
  Batch: SetBatch,
};
const NO_SINKS: CommandSink[] = [];
/** The head of the largest batch. */
const GAP = Buffer.byteLength(`*${MAX_BATCH * 2 + 1}\r\n$4\r\nMSET\r\n`);

/** Commands that were taken out of a buffer. */
export interface SealedCommands {
  readonly bytes: Buffer;
  readonly sinks: ReplySink[];
  /** That of all sinks, where they have the same. */
  readonly mapping: DecodeMapping | undefined;
  /** How many commands of callers they are, however many were merged. */
  readonly commands: number;
}

export class CommandBuffer {
  readonly #writer = new RespWriter(SMALL);
  readonly #autoBatch: boolean;
  readonly #sizes: BufferSizes;
  #sinks: ReplySink[] = [];
  /** How many of `#sinks` are filled. */
  #sinkCount = 0;
  #mapping: DecodeMapping | undefined;
  #commands = 0;
  #kind: BatchKind | undefined;
  /** From the second command on; a single one is the last of `#sinks`. */
  #batch = NO_SINKS;
  /** How many commands may be merged so far, and the mapping that they have in common. */
  #batchSize = 0;
  #batchMapping: ReplyMapping | undefined;
  /** Where their head is. */
  #start = 0;

  constructor(autoBatch: boolean, sizes: BufferSizes) {
    this.#autoBatch = autoBatch;
    this.#sizes = sizes;
    this.#writer.expected = expectedSize(sizes.bytes);
  }

  get isEmpty(): boolean {
    return this.#commands === 0;
  }

  /** In bytes. */
  get size(): number {
    return this.#writer.length;
  }

  get commands(): number {
    return this.#commands;
  }

  append(command: CommandWriter, sink: ReplySink): void {
    this.#endBatch();
    command.copyTo(this.#writer);
    this.#add(sink);
    this.#commands++;
  }

  appendGet(key: Text, sink: CommandSink): void {
    if (key.length > FLUSH_SIZE) this.#makeRoom(key);
    this.#begin(GETS, sink);
    appendKey(this.#writer, key);
    this.#end(sink);
  }

  appendSet(key: Text, value: Text, sink: CommandSink): void {
    if (key.length + value.length > FLUSH_SIZE) this.#makeRoom(key, value);
    this.#begin(SETS, sink);
    appendKey(this.#writer, key);
    writeText(this.#writer, value);
    this.#end(sink);
  }

  /** For so much there may be no memory: then nothing of the command is to be there either. */
  #makeRoom(key: Text, value: Text = ''): void {
    this.#writer.reserve(Buffer.byteLength(key) + Buffer.byteLength(value) + SMALL);
  }

  #begin(kind: BatchKind, sink: CommandSink): void {
    this.#commands++;
    const fits =
      this.#kind === kind && this.#batchSize < MAX_BATCH && this.#batchMapping === sink.mapping;
    if (fits) {
      if (this.#batchSize === 1) this.#beginBatch(kind);
      return;
    }
    this.#endBatch();
    if (this.#autoBatch) this.#kind = kind;
    this.#batchMapping = sink.mapping;
    this.#start = this.#writer.length;
    this.#writer.append(kind.oneWritten);
  }

  /** A second one comes: makes a batch of the plain command that is the last so far. */
  #beginBatch({ one }: BatchKind): void {
    this.#writer.widen(this.#start, one.length, GAP);
    this.#batch = new Array<CommandSink>(FEW);
    this.#batch[0] = this.#sinks[--this.#sinkCount] as CommandSink;
  }

  #end(sink: CommandSink): void {
    const size = this.#batchSize++;
    if (this.#kind === undefined || size === 0) {
      this.#add(sink);
      return;
    }
    const { batch } = this.#sizes;
    if (size === this.#batch.length) this.#batch = lengthened(this.#batch, batch, MAX_BATCH);
    this.#batch[size] = sink;
  }

  #endBatch(): void {
    const kind = this.#kind;
    const size = this.#batchSize;
    this.#kind = undefined;
    this.#batchSize = 0;
    if (kind === undefined || size < 2) return;
    const batch = this.#batch;
    this.#batch = NO_SINKS;
    if (size > FEW) this.#sizes.batch = size;
    if (batch.length > size) batch.length = size;
    const head = Buffer.from(`*${size * kind.width + 1}\r\n${kind.many}`, 'latin1');
    this.#writer.fillGap(this.#start, GAP, head);
    this.#add(new kind.Batch(batch, this.#batchMapping!));
  }

  #add(sink: ReplySink): void {
    const { mapping } = sink;
    const { sinks } = this.#sizes;
    if (this.#sinkCount === this.#sinks.length) this.#sinks = lengthened(this.#sinks, sinks);
    this.#sinks[this.#sinkCount++] = sink;
    if (this.#sinkCount === 1) this.#mapping = mapping;
    else if (mapping !== this.#mapping) this.#mapping = undefined;
  }

  /** Takes everything out. */
  seal(): SealedCommands {
    this.#endBatch();
    this.#recordSizes();
    const count = this.#sinkCount;
    const sinks = this.#sinks;
    if (sinks.length > count) sinks.length = count;
    const sealed = {
      bytes: this.#writer.detach(),
      sinks,
      mapping: this.#mapping,
      commands: this.#commands,
    };
    this.#sinks = [];
    this.#sinkCount = 0;
    this.#commands = 0;
    return sealed;
  }

  #recordSizes(): void {
    const sizes = this.#sizes;
    const { length } = this.#writer;
    if (this.#sinkCount > FEW) sizes.sinks = this.#sinkCount;
    // One with a very long value says little about the next.
    if (length > SMALL) sizes.bytes = Math.min(length, FLUSH_SIZE);
    this.#writer.expected = expectedSize(sizes.bytes);
  }
}

/**
 * With more room, for as many as the last time if it is known. V8 itself would make it half as long
 * again, and leave more behind in the end.
 */
function lengthened<T>(array: readonly T[], last: number, most = Infinity): T[] {
  const length = array.length === 0 ? FEW : Math.max(array.length * 4, expectedSize(last));
  const longer = new Array<T>(Math.min(length, most));
  for (let i = 0; i < array.length; i++) longer[i] = array[i]!;
  return longer;
}

function written(encoded: Uint8Array): RespWriter {
  // Large enough to be copied in words.
  const writer = new RespWriter(1024);
  writer.writeEncoded(encoded);
  return writer;
}

function appendKey(writer: RespWriter, key: Text): void {
  if (typeof key !== 'string' || !appendWritten(writer, key)) writeText(writer, key);
}

function writeText(writer: RespWriter, text: Text): void {
  if (typeof text === 'string') writer.writeString(text);
  else writer.writeBytes(text);
}
