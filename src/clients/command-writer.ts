/**
 * The parser that command definitions push their arguments into: it writes RESP at once, counts,
 * and remembers the key, so a command costs no array of arguments.
 */

import { type RawArgument, wordOf } from '../commands/key-table.js';
import type { CommandParser } from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import type { PartitionRouter } from '../routers/partition-router.js';
import { type Key, keyText } from '../util/key.js';
import { isBytes, isText } from '../util/text.js';
import { describeType } from '../util/validate.js';
import { LINE_END, RespWriter } from '../wire/encoder.js';

type Variadic = string | Buffer | (string | Buffer)[];

/** A buffer that one large command has grown beyond this is not kept. */
const KEPT_CAPACITY = 256 * 1024;

export class CommandWriter implements CommandParser {
  /** The arguments, each as a RESP bulk string. */
  #body = new RespWriter(1024);
  /** How many arguments were written, the command's name included. */
  count = 0;
  /** The first argument: text as it was given, bytes as a word in upper case. */
  name = '';
  /** The first key as it was given. */
  key: Key | undefined;
  keyCount = 0;
  /** Whether a list of keys had none. */
  hasEmptyKeys = false;
  /** Where its bytes are. */
  #keyEnd = 0;
  #keySize = 0;
  preserve: unknown = undefined;
  /** The first text that looks as if something else than text was made into it. */
  converted: { readonly index: number; readonly text: string } | undefined;
  /** The arguments behind the name as they were given, of a raw command only. */
  rawArgs: readonly RawArgument[] | undefined;

  /** Forgets the last command. */
  reset(): void {
    if (this.#body.bytes.length > KEPT_CAPACITY) this.#body = new RespWriter(1024);
    this.#body.length = 0;
    this.count = 0;
    this.name = '';
    this.key = undefined;
    this.keyCount = 0;
    this.hasEmptyKeys = false;
    this.preserve = undefined;
    this.converted = undefined;
    this.rawArgs = undefined;
  }

  /** Appends the whole command to `target`. */
  copyTo(target: RespWriter): void {
    target.appendCommand(this.count, this.#body);
  }

  /** A copy of the arguments as they are written so far, name included. */
  toBytes(): Uint8Array {
    return Buffer.from(this.#body.bytes.subarray(0, this.#body.length));
  }

  /** Writes an argument; answers its size in bytes. */
  #push(argument: unknown): number {
    // Apart, so that V8 inlines what remains here.
    if (typeof argument !== 'string') return this.#pushBytes(argument);
    if (this.count === 0) this.name = argument;
    if (isMadeOfOther(argument)) this.converted ??= { index: this.count, text: argument };
    const size = this.#body.writeString(argument);
    this.count++;
    return size;
  }

  #pushBytes(argument: unknown): number {
    if (!isBytes(argument)) {
      throw wrongArgument(this.name, this.count, 'a string or bytes', argument);
    }
    if (this.count === 0) this.name = wordOf(argument);
    const size = this.#body.writeBytes(argument);
    this.count++;
    return size;
  }

  push(...args: unknown[]): void {
    for (let i = 0; i < args.length; i++) this.#push(args[i]);
  }

  pushVariadic(values: Variadic): void {
    if (!Array.isArray(values)) this.#push(values);
    // Not spread: a call takes no more than some ten thousand arguments.
    else for (let i = 0; i < values.length; i++) this.#push(values[i]);
  }

  pushVariadicWithLength(values: Variadic): void {
    this.#push(Array.isArray(values) ? String(values.length) : '1');
    this.pushVariadic(values);
  }

  pushVariadicNumber(values: number | number[]): void {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (typeof value !== 'number' || Number.isNaN(value)) {
        throw wrongArgument(this.name, this.count, 'a number', value);
      }
      this.#push(value.toString());
    }
  }

  pushKey(key: Key): void {
    const size = this.#push(this.#keyText(key));
    if (this.keyCount++ > 0) return;
    this.key = key;
    this.#keySize = size;
    this.#keyEnd = this.#body.length - LINE_END;
  }

  /** The host of the first key, whose bytes are written already. */
  hostOfKey(router: PartitionRouter): number {
    return router.getHostForBytes(this.#body.bytes, this.#keyEnd - this.#keySize, this.#keyEnd);
  }

  #keyText(key: Key): string | Uint8Array {
    try {
      return keyText(key);
    } catch (error) {
      if (!(error instanceof MisuseError)) throw error;
      throw new MisuseError(error.code, `Argument ${this.count} of ${this.name}: ${error.message}`);
    }
  }

  pushKeys(keys: Variadic): void {
    if (!Array.isArray(keys)) {
      this.pushKey(keys);
      return;
    }
    if (keys.length === 0) this.hasEmptyKeys = true;
    for (const key of keys) this.pushKey(key);
  }

  pushKeysLength(keys: Variadic): void {
    this.#push(Array.isArray(keys) ? String(keys.length) : '1');
    this.pushKeys(keys);
  }

  /** Writes an argument of a raw command: numbers become their decimal text. */
  pushRaw(argument: RawArgument): void {
    if (typeof argument === 'bigint' || (typeof argument === 'number' && isFinite(argument))) {
      this.#push(String(argument));
    } else if (isText(argument)) {
      this.#push(argument);
    } else {
      throw wrongArgument(this.name, this.count, 'a string, a number or bytes', argument);
    }
  }

  get firstKey(): string | Buffer | undefined {
    return this.keys[0];
  }

  get keys(): (string | Buffer)[] {
    return this.key === undefined ? [] : [toArgument(this.key)];
  }

  get commandIdentifier(): { command: string; subcommand: string | undefined } {
    return { command: this.name, subcommand: this.redisArgs[1]?.toString() };
  }

  /** The arguments, read back from what was written: for those who cannot do without them. */
  get redisArgs(): (string | Buffer)[] {
    const bytes = this.#body.bytes;
    const args: (string | Buffer)[] = [];
    for (let at = 0; at < this.#body.length;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      const length = Number(bytes.latin1Slice(at + 1, lineEnd));
      const start = lineEnd + 2;
      args.push(toArgument(bytes.subarray(start, start + length)));
      at = start + length + 2;
    }
    return args;
  }
}

/** Whether a text looks as if something else than text was made into it. */
function isMadeOfOther(text: string): boolean {
  switch (text.length) {
    case 3:
      return text === 'NaN';
    case 9:
      return text === 'undefined';
    case 15:
      return text === '[object Object]';
    default:
      return false;
  }
}

/** Text where the bytes are UTF-8, else a copy of the bytes. */
function toArgument(value: Key): string | Buffer {
  if (!isBytes(value)) return String(value);
  const bytes = Buffer.from(value);
  const text = bytes.toString();
  return bytes.equals(Buffer.from(text)) ? text : bytes;
}

function wrongArgument(
  command: string,
  index: number,
  expected: string,
  given: unknown,
): MisuseError {
  const where = index === 0 ? 'The name of a command' : `Argument ${index} of ${command}`;
  return new MisuseError(
    'RB_INVALID_ARGUMENT',
    `${where} must be ${expected}, got ${describeType(given)}`,
  );
}

let idle: CommandWriter | undefined = new CommandWriter();

/** A writer that nobody else uses until it is given back: a command may be issued inside another. */
export function borrowWriter(): CommandWriter {
  const writer = idle ?? new CommandWriter();
  idle = undefined;
  return writer;
}

/** Gives a borrowed writer back. */
export function returnWriter(writer: CommandWriter): void {
  writer.reset();
  idle = writer;
}
