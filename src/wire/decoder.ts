/**
 * Bytes of RESP2 and RESP3 in, replies out, in the order of the connection's pending commands.
 *
 * The decoder says where the socket is to read to, which mostly is one buffer of its own:
 *
 *     | headroom | read area                                  |
 *          |tail |new bytes . . . . . . . . . . |cut-off token|
 *
 * A token (a line, or a short bulk) that is cut off by the end of the read area is copied to the
 * end of the headroom, so that its rest continues it. A long bulk that is cut off gets a buffer of
 * its own, and the socket reads the rest into that; a line longer than the headroom is copied to
 * one. Nested replies are kept on an explicit stack, so nothing that was decoded is decoded again.
 *
 * The values are those that `@redis/client` hands to its reply transforms. The first breach of the
 * protocol or of a limit throws a `ProtocolError`; the decoder cannot be used after it.
 */

import { type CommandErrorFields, ProtocolError } from '../errors.js';
import { EXACT_DIGITS, parseBigNumber, parseDouble } from './numbers.js';
import { DEFAULT_MAPPING, type DecodeMapping } from './decode-mapping.js';
import { LongBulk } from './long-bulk.js';
import { ELEMENTS, type ReplyErrorFactory } from './pipeline.js';
import { type Frame, FrameStack } from './reply-frames.js';
import { giveBackGroup, GROUP, takeGroup } from './reply-group.js';
import * as RESP from './resp-types.js';
import { TextReader } from './text-reader.js';
import { Thrown } from './thrown.js';

/** What the decoder refuses to take from a server. */
export interface DecoderLimits {
  /** How deep aggregates may be nested. */
  readonly maxDepth: number;
  /** The longest bulk string, in bytes: Redis' own `proto-max-bulk-len` unless it is changed. */
  readonly maxBulkLength: number;
  /** The most elements of one aggregate (a map's fields and values both count). */
  readonly maxAggregateLength: number;
  /** The longest line (a simple string or error), in bytes. */
  readonly maxLineLength: number;
}

export const DEFAULT_LIMITS: DecoderLimits = {
  maxDepth: 512,
  maxBulkLength: 512 * 1024 * 1024,
  maxAggregateLength: 2 ** 27,
  maxLineLength: 64 * 1024 * 1024,
};

/** Whose replies are decoded, and where they go. */
export interface ReplyQueue {
  /**
   * How the reply that begins now is to be decoded; undefined if no command waits for one. Asked
   * once for each reply.
   */
  nextMapping(): DecodeMapping | undefined;
  /**
   * Asked at the head of an array of `count`, which the reply that was asked for last is: whether its
   * elements are to be delivered as replies are, as soon as they are decoded, behind an `ELEMENTS`.
   *
   * @throws ProtocolError where another number of them was asked for.
   */
  takesElements(count: number): boolean;
  /**
   * Takes the replies that are whole, in their order: the first `count` of an array that is used again
   * afterwards. Answers false to stop decoding.
   */
  deliver(replies: readonly unknown[], count: number): boolean;
}

const NO_GROUP: unknown[] = [];

const HEADROOM = 8 * 1024;
const READ_AREA = 64 * 1024;
const SHORT_READ = 1024;
/** How much longer than its text a line is. */
const TYPE_AND_LINE_END = 3;

export class Decoder {
  readonly #queue: ReplyQueue;
  readonly #replyError: ReplyErrorFactory;
  readonly #limits: DecoderLimits;
  /** Put on the error for a value that cannot be held. */
  readonly #errorFields: CommandErrorFields;
  /** Headroom and read area. */
  readonly #buffer: Buffer;
  readonly #readArea: Buffer;
  readonly #shortArea: Buffer;
  #target: Buffer;
  /** How many bytes of a cut-off token are at the end of the headroom. */
  #tail = 0;
  readonly #long = new LongBulk();
  /** A long cut-off line, in a buffer of its own that grows. */
  #longLine: Buffer | undefined;
  #longLineFilled = 0;

  readonly #frames = new FrameStack();
  readonly #text = new TextReader();
  /** Whole replies that were not handed over yet. */
  #replies = NO_GROUP;
  #replyCount = 0;
  /** Whether the first byte of a reply was seen, and not its end. */
  #hasBegun = false;
  #mapping: DecodeMapping = DEFAULT_MAPPING;
  #isPush = false;
  /** How many elements are still to come that are delivered as replies are. */
  #elements = 0;
  /** What takes the place of the reply that is read. */
  #thrown: Thrown | undefined;
  #isStopped = false;

  constructor(
    queue: ReplyQueue,
    replyError: ReplyErrorFactory,
    limits: DecoderLimits = DEFAULT_LIMITS,
    errorFields: CommandErrorFields = {},
  ) {
    this.#queue = queue;
    this.#replyError = replyError;
    this.#limits = limits;
    this.#errorFields = errorFields;
    this.#buffer = Buffer.allocUnsafeSlow(HEADROOM + READ_AREA);
    this.#readArea = this.#buffer.subarray(HEADROOM);
    this.#shortArea = this.#readArea.subarray(0, SHORT_READ);
    this.#target = this.#readArea;
  }

  /** Where the next bytes are to be read to: another place after each {@link decode}. */
  get target(): Buffer {
    return this.#target;
  }

  /**
   * Delivers nothing more, and lets go of what has no end yet: the errors that tell of a connection
   * may keep its decoder, as V8 remembers who called whom.
   */
  stop(): void {
    this.#isStopped = true;
    this.#text.close();
    this.#longLine = undefined;
    this.#long.drop();
    this.#frames.clear();
    this.#replyCount = 0;
    this.#elements = 0;
    this.#thrown = undefined;
    this.#target = this.#readArea;
  }

  /** Decodes bytes of any origin, copying them to the target first. */
  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#isStopped;) {
      const piece = chunk.subarray(at, at + this.#target.length);
      this.#target.set(piece);
      this.decode(piece.length);
      at += piece.length;
    }
  }

  /** Decodes `count` bytes that were read to the target. */
  decode(count: number): void {
    if (this.#isStopped) return;
    this.#replies = takeGroup();
    try {
      this.#advance(count);
      this.#handOver();
    } catch (error) {
      // What came before is as good as ever, unless it is the first breach.
      try {
        this.#handOver();
      } finally {
        this.stop();
      }
      throw error;
    } finally {
      // That of one that was stopped may hold replies that nobody has got.
      if (!this.#isStopped) giveBackGroup(this.#replies);
      this.#replies = NO_GROUP;
    }
  }

  #handOver(): void {
    const count = this.#replyCount;
    if (count === 0 || this.#isStopped) return;
    this.#replyCount = 0;
    const replies = this.#replies;
    if (!this.#queue.deliver(replies, count)) this.#isStopped = true;
    for (let i = 0; i < count; i++) replies[i] = undefined;
  }

  #advance(count: number): void {
    const wasLong = this.#long.isOpen;
    if (wasLong) this.#advanceLong(count);
    else this.#decodeArea(HEADROOM + count);
    if (this.#long.isOpen) this.#target = this.#long.room;
    // Where there was one long bulk there may be more: little is read before the next begins.
    else this.#target = wasLong ? this.#shortArea : this.#readArea;
  }

  #advanceLong(count: number): void {
    this.#long.advance(count);
    if (this.#long.isFull) this.#endLong();
  }

  #takeLong(at: number, end: number): number {
    const next = this.#long.take(this.#buffer, at, end);
    if (this.#long.isFull) this.#endLong();
    return next;
  }

  #endLong(): void {
    const { type, bytes, length } = this.#long;
    this.#expectLineEnd(bytes, length);
    const value = this.#longValue(type, bytes, length);
    this.#long.close();
    this.#deliver(value);
  }

  #longValue(type: number, bytes: Buffer, length: number): unknown {
    try {
      return this.#bulk(type, bytes, 0, length);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      // It is all there, and only too long for a string. What follows it is as good as ever.
      this.#noteThrown(this.#tooLong(length, error));
      return undefined;
    }
  }

  #decodeArea(end: number): void {
    let at = HEADROOM - this.#tail;
    this.#tail = 0;
    if (this.#longLine !== undefined) at = this.#fillLine(at, end);
    // A line may have been the head of a long bulk.
    if (this.#long.isOpen) at = this.#takeLong(at, end);
    if (this.#longLine !== undefined || this.#long.isOpen || this.#isStopped) return;
    this.#text.open(this.#buffer, end);
    at = this.#run(this.#buffer, at, end);
    // The text of the window would live on until the next read, as much as a read area holds.
    this.#text.close();
    if (at < end && !this.#isStopped) this.#keepTail(at, end);
  }

  #keepTail(at: number, end: number): void {
    const rest = end - at;
    if (rest <= HEADROOM) {
      this.#buffer.copyWithin(HEADROOM - rest, at, end);
      this.#tail = rest;
    } else {
      this.#longLine = Buffer.allocUnsafeSlow(rest * 2);
      this.#longLineFilled = this.#buffer.copy(this.#longLine, 0, at, end);
    }
  }

  /** Continues the line that has a buffer of its own; answers where the bytes after it begin. */
  #fillLine(at: number, end: number): number {
    const lineEnd = this.#findLineEnd(at, end);
    const stop = lineEnd === -1 ? end : lineEnd;
    this.#appendToLine(at, stop);
    if (lineEnd === -1) return end;
    const line = this.#longLine!.subarray(0, this.#longLineFilled);
    this.#longLine = undefined;
    this.#run(line, 0, line.length);
    return stop;
  }

  /** The offset behind the line end of the line that has its own buffer, or -1. */
  #findLineEnd(at: number, end: number): number {
    let before = this.#longLine![this.#longLineFilled - 1];
    for (let i = at; i < end; i++) {
      const byte = this.#buffer[i];
      if (byte === RESP.LF && before === RESP.CR) return i + 1;
      before = byte;
    }
    return -1;
  }

  #appendToLine(at: number, stop: number): void {
    const filled = this.#longLineFilled;
    const length = filled + stop - at;
    this.#checkLineLength(length - TYPE_AND_LINE_END);
    if (length > this.#longLine!.length) {
      const grown = Buffer.allocUnsafeSlow(length * 2);
      this.#longLine!.copy(grown, 0, 0, filled);
      this.#longLine = grown;
    }
    this.#buffer.copy(this.#longLine!, filled, at, stop);
    this.#longLineFilled = length;
  }

  #checkLineLength(length: number): void {
    if (length <= this.#limits.maxLineLength) return;
    throw this.#broken(`a line of more than ${this.#limits.maxLineLength} bytes`);
  }

  /** Decodes whole tokens; answers the offset of the first one that is cut off. */
  #run(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end) {
      const type = bytes[at]!;
      if (!this.#hasBegun && this.#frames.depth === 0) this.#begin(type);
      const next = this.#token(type, bytes, at, end);
      if (next === -1) return at;
      at = next;
      if (this.#isStopped) return at;
    }
    return at;
  }

  /** At the first byte of a reply: how is it to be decoded? */
  #begin(type: number): void {
    // It is none yet, but accompanies the one that follows.
    if (type === RESP.ATTRIBUTE) return;
    this.#hasBegun = true;
    this.#isPush = type === RESP.PUSH;
    const mapping = this.#isPush ? DEFAULT_MAPPING : this.#queue.nextMapping();
    if (mapping === undefined) throw this.#broken('a reply that no command asked for');
    // Mostly it is the same. V8 takes such a field for a constant, and stores it out of line later.
    if (mapping !== this.#mapping) this.#mapping = mapping;
  }

  /** Decodes one token; answers the offset behind it, or -1 if it is cut off. */
  #token(type: number, bytes: Buffer, at: number, end: number): number {
    switch (type) {
      case RESP.BLOB_STRING:
      case RESP.VERBATIM_STRING:
      case RESP.BLOB_ERROR:
        return this.#bulkToken(type, bytes, at, end);
      case RESP.NUMBER:
        return this.#numberToken(bytes, at, end);
      case RESP.ARRAY:
      case RESP.SET:
      case RESP.MAP:
      case RESP.PUSH:
      case RESP.ATTRIBUTE:
        return this.#aggregateToken(type, bytes, at, end);
      default:
        return this.#lineToken(type, bytes, at, end);
    }
  }

  /** The offset of the CR of the line at `at`, or -1 if the line is cut off. */
  #lineEnd(bytes: Buffer, at: number, end: number): number {
    const last = end - 1;
    for (let i = at; i < last; i++) {
      if (bytes[i] === RESP.CR) {
        if (bytes[i + 1] !== RESP.LF) throw this.#broken('a CR without its LF');
        return i;
      }
    }
    return -1;
  }

  #expectLineEnd(bytes: Buffer, at: number): void {
    if (bytes[at] !== RESP.CR || bytes[at + 1] !== RESP.LF) {
      throw this.#broken('a bulk that does not end where its length says');
    }
  }

  /** Reads a length; -1 where RESP2 says null. */
  #length(bytes: Buffer, at: number, cr: number): number {
    if (cr - at === 2 && bytes[at] === 0x2d && bytes[at + 1] === 0x31) return -1;
    let length = 0;
    for (let i = at; i < cr; i++) {
      const digit = bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) throw this.#broken('a length that is no number');
      length = length * 10 + digit;
    }
    if (at === cr) throw this.#broken('a length that is no number');
    return length;
  }

  #bulkToken(type: number, bytes: Buffer, at: number, end: number): number {
    const cr = this.#lineEnd(bytes, at + 1, end);
    if (cr === -1) return -1;
    const length = this.#length(bytes, at + 1, cr);
    const start = cr + 2;
    if (length === -1) {
      if (type !== RESP.BLOB_STRING) throw this.#broken('a null of a type that has none');
      this.#deliver(null);
      return start;
    }
    if (length > this.#limits.maxBulkLength) {
      throw this.#broken(`a bulk of ${length} bytes, more than ${this.#limits.maxBulkLength}`);
    }
    const stop = start + length;
    if (stop + 2 <= end) {
      this.#expectLineEnd(bytes, stop);
      this.#deliver(this.#bulk(type, bytes, start, stop));
      return stop + 2;
    }
    if (stop + 2 - at <= HEADROOM) return -1;
    const { blobAsBuffer, verbatimAsBuffer } = this.#mapping;
    this.#long.open(type, length, blobAsBuffer || verbatimAsBuffer);
    return this.#long.take(bytes, start, end);
  }

  #bulk(type: number, bytes: Buffer, start: number, stop: number): unknown {
    if (type === RESP.BLOB_STRING) {
      if (this.#frames.expectsKey) return this.#text.fieldName(bytes, start, stop);
      if (this.#mapping.blobAsBuffer) return this.#bufferOf(bytes, start, stop);
      return this.#text.read(bytes, start, stop);
    }
    if (type === RESP.BLOB_ERROR) return this.#replyError(this.#text.read(bytes, start, stop));
    return this.#verbatim(bytes, start, stop);
  }

  /** A Buffer of its own for these bytes: a copy, unless they have one already. */
  #bufferOf(bytes: Buffer, start: number, stop: number): Buffer {
    const part = bytes.subarray(start, stop);
    return bytes === this.#buffer ? Buffer.from(part) : part;
  }

  /** `txt:text`: three letters of format and a colon come first. */
  #verbatim(bytes: Buffer, start: number, stop: number): unknown {
    const from = start + 4;
    if (from > stop) throw this.#broken('a verbatim string without a format');
    if (this.#mapping.verbatimAsBuffer) return this.#bufferOf(bytes, from, stop);
    const text = this.#text.read(bytes, from, stop);
    const Verbatim = this.#mapping.verbatim;
    if (Verbatim === undefined) return text;
    try {
      return new Verbatim(bytes.latin1Slice(start, start + 3), text);
    } catch (error) {
      this.#noteThrown(error);
      return undefined;
    }
  }

  #numberToken(bytes: Buffer, at: number, end: number): number {
    const cr = this.#lineEnd(bytes, at + 1, end);
    if (cr === -1) return -1;
    if (this.#mapping.numberAsString) {
      this.#deliver(this.#text.read(bytes, at + 1, cr));
      return cr + 2;
    }
    const sign = bytes[at + 1];
    const start = sign === 0x2d || sign === 0x2b ? at + 2 : at + 1;
    if (start === cr) throw this.#broken('a number without digits');
    let number = 0;
    for (let i = start; i < cr; i++) {
      const byte = bytes[i]!;
      if (byte < 0x30 || byte > 0x39) throw this.#broken('a number that is none');
      number = number * 10 + byte - 0x30;
    }
    if (cr - start > EXACT_DIGITS) number = Number(bytes.latin1Slice(start, cr));
    this.#deliver(sign === 0x2d ? -number : number);
    return cr + 2;
  }

  #lineToken(type: number, bytes: Buffer, at: number, end: number): number {
    const cr = this.#lineEnd(bytes, at + 1, end);
    if (cr === -1) {
      if (!isLineType(type)) throw this.#unknownType(type);
      this.#checkLineLength(end - at - TYPE_AND_LINE_END);
      return -1;
    }
    this.#checkLineLength(cr - at - 1);
    this.#deliver(this.#line(type, bytes, at + 1, cr));
    return cr + 2;
  }

  #line(type: number, bytes: Buffer, at: number, cr: number): unknown {
    switch (type) {
      case RESP.SIMPLE_STRING:
        if (this.#mapping.simpleAsBuffer && !this.#frames.expectsKey)
          return this.#bufferOf(bytes, at, cr);
        return this.#text.read(bytes, at, cr);
      case RESP.SIMPLE_ERROR:
        return this.#replyError(this.#text.read(bytes, at, cr));
      case RESP.NULL:
        if (at !== cr) throw this.#broken('a null with a value');
        return null;
      case RESP.BOOLEAN:
        return this.#boolean(bytes, at, cr);
      case RESP.DOUBLE:
        if (this.#mapping.doubleAsString) return this.#text.read(bytes, at, cr);
        return this.#double(bytes, at, cr);
      case RESP.BIG_NUMBER:
        if (this.#mapping.bigNumberAsString) return this.#text.read(bytes, at, cr);
        return this.#bigNumber(bytes, at, cr);
      default:
        throw this.#unknownType(type);
    }
  }

  #boolean(bytes: Buffer, at: number, cr: number): boolean {
    const letter = bytes[at];
    if (cr - at !== 1 || (letter !== 0x74 && letter !== 0x66)) {
      throw this.#broken('a boolean that is neither t nor f');
    }
    return letter === 0x74;
  }

  #double(bytes: Buffer, at: number, cr: number): number {
    const number = parseDouble(bytes, at, cr);
    if (number === undefined) throw this.#broken('a double that is none');
    return number;
  }

  #bigNumber(bytes: Buffer, at: number, cr: number): bigint {
    const number = parseBigNumber(bytes, at, cr);
    if (number === undefined) throw this.#broken('a big number that is none');
    return number;
  }

  #aggregateToken(type: number, bytes: Buffer, at: number, end: number): number {
    const cr = this.#lineEnd(bytes, at + 1, end);
    if (cr === -1) return -1;
    const length = this.#length(bytes, at + 1, cr);
    if (length === -1) {
      if (type !== RESP.ARRAY) throw this.#broken('a null of a type that has none');
      this.#deliver(null);
      return cr + 2;
    }
    const isInside = this.#frames.depth > 0 || this.#elements > 0;
    if (type === RESP.PUSH && isInside) throw this.#broken('a push inside a reply');
    const isPaired = type === RESP.MAP || type === RESP.ATTRIBUTE;
    const count = isPaired ? length * 2 : length;
    if (count > this.#limits.maxAggregateLength) {
      throw this.#broken(`an aggregate of ${count}, more than ${this.#limits.maxAggregateLength}`);
    }
    const isReply = type === RESP.ARRAY && !isInside;
    if (isReply && this.#queue.takesElements(count)) this.#openElements(count);
    else this.#open(type, count);
    return cr + 2;
  }

  /** What follows is delivered like so many replies, and yet is one. */
  #openElements(count: number): void {
    this.#finish(ELEMENTS);
    this.#elements = count;
    this.#hasBegun = count > 0;
  }

  #open(type: number, count: number): void {
    const frames = this.#frames;
    if (frames.depth >= this.#limits.maxDepth) {
      throw this.#broken(`aggregates nested deeper than ${this.#limits.maxDepth}`);
    }
    frames.open(type, count, this.#mapping);
    // It only accompanies what follows it, and nobody's classes are made of it.
    if (type === RESP.ATTRIBUTE) this.#mapping = DEFAULT_MAPPING;
    if (count === 0) this.#closeFrame(frames.pop());
  }

  /** Puts a value where it belongs, and every aggregate that it completes. */
  #deliver(value: unknown): void {
    const frames = this.#frames;
    if (frames.depth === 0) {
      this.#finish(value);
      return;
    }
    if (frames.add(value)) this.#closeFrame(frames.pop());
  }

  #closeFrame(frame: Frame): void {
    let closed = frame;
    for (;;) {
      let value: unknown;
      try {
        value = closed.take();
      } catch (error) {
        this.#noteThrown(error);
      }
      if (closed.isAttribute) {
        this.#mapping = closed.outside!;
        return;
      }
      if (this.#frames.depth === 0) {
        this.#finish(value);
        return;
      }
      if (!this.#frames.add(value)) return;
      closed = this.#frames.pop();
    }
  }

  #finish(value: unknown): void {
    if (this.#elements === 0 || --this.#elements === 0) this.#hasBegun = false;
    if (this.#isPush) {
      this.#thrown = undefined;
      return;
    }
    this.#replies[this.#replyCount++] = this.#thrown === undefined ? value : this.#takeThrown();
    if (this.#replyCount === GROUP) this.#handOver();
  }

  /**
   * A class of the caller's own threw, or a string cannot be made: the rest of the reply is read, and
   * its values are dropped.
   */
  #noteThrown(reason: unknown): void {
    this.#thrown ??= new Thrown(reason);
  }

  #takeThrown(): Thrown | undefined {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    return thrown;
  }

  #tooLong(length: number, cause: unknown): ProtocolError {
    const { address = 'The server' } = this.#errorFields;
    const message =
      `${address} sent a value of ${length} bytes, which is longer than a string can be; ` +
      'ask for a Buffer, with a typeMapping of RESP_TYPES.BLOB_STRING';
    return Object.assign(new ProtocolError(message, { cause }), this.#errorFields);
  }

  #unknownType(type: number): ProtocolError {
    return this.#broken(`a value of the unknown type 0x${type.toString(16).padStart(2, '0')}`);
  }

  #broken(what: string): ProtocolError {
    return new ProtocolError(`The server sent ${what}`);
  }
}

function isLineType(type: number): boolean {
  return (
    type === RESP.SIMPLE_STRING ||
    type === RESP.SIMPLE_ERROR ||
    type === RESP.NULL ||
    type === RESP.BOOLEAN ||
    type === RESP.DOUBLE ||
    type === RESP.BIG_NUMBER
  );
}
