/** Where the command line writes to: results, messages about them, and in which colours. */

import { once } from 'node:events';
import type { WriteStream } from 'node:tty';

import pc from 'picocolors';

import { Stopped } from './exit.js';
import { jsonText } from './json.js';
import { redactUrls } from './text.js';

/** The colours of one stream; they do nothing where it takes none. */
export type Colors = ReturnType<typeof pc.createColors>;

/** A terminal, or a file or pipe in its place. */
export type OutputStream = NodeJS.WritableStream & Partial<WriteStream>;

const DEFAULT_WIDTH = 80;

/** Results go to the one stream, and everything that is only said about them to the other. */
export class Output {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #signal: AbortSignal;
  /** The colours of results. */
  readonly colors: Colors;
  /** The colours of messages. */
  readonly noteColors: Colors;

  constructor(
    streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
    env: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    this.#signal = signal;
    const allowsColor = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
    this.colors = pc.createColors(allowsColor && this.isTerminal);
    this.noteColors = pc.createColors(allowsColor && this.areNotesOnTerminal);
  }

  /** Whether results go to a terminal. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Whether messages go to a terminal. */
  get areNotesOnTerminal(): boolean {
    return this.#stderr.isTTY === true;
  }

  /** How many characters a line of results may have, for what is drawn as wide as that. */
  get width(): number {
    // A terminal that does not know its size says 0.
    return this.#stdout.columns || DEFAULT_WIDTH;
  }

  /** The same, without a bound where no terminal is, for what is cut where it is longer. */
  get room(): number {
    return this.#stdout.columns || Infinity;
  }

  /** How many lines the terminal shows; `Infinity` where that is not known. */
  get height(): number {
    return this.#stdout.rows || Infinity;
  }

  /** Where messages go, for what draws there itself. */
  get noteStream(): OutputStream {
    return this.#stderr;
  }

  /** Writes a part of the result, and waits where its reader is slow. */
  async write(data: string | Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#stdout.write(data)) return;
    try {
      await once(this.#stdout, 'drain', { signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  /** Waits until all is written; throws what came between, unless the reader had seen enough. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stdout.write('', () => resolve());
    });
    const reason: unknown = this.#signal.reason;
    if (this.#signal.aborted && !(reason instanceof Stopped)) throw reason;
  }

  /** Writes what has to be written also after the call was interrupted. */
  writeLast(data: string): void {
    this.#stdout.write(data);
  }

  /** Writes a line of the result. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Writes the whole result as one JSON document, indented for a person to read. */
  json(value: unknown): Promise<void> {
    return this.line(jsonText(value, 2));
  }

  /** Writes a part of the result as JSON on a line of its own. */
  jsonLine(value: unknown): Promise<void> {
    return this.line(jsonText(value));
  }

  /** Writes a message on a line of its own, without any login. */
  note(message: string): void {
    this.#stderr.write(`${redactUrls(message)}\n`);
  }

  /** Writes a message as JSON on a line of its own. No text in it may have a login. */
  jsonNote(value: unknown): void {
    this.#stderr.write(`${jsonText(value)}\n`);
  }
}
