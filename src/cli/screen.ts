/** Drawing the same lines again and again in place. */

import type { Output } from './output.js';

/** Another screen, no cursor, and lines that are cut where the terminal ends. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_REST = '\x1b[J';

/** A screen of the terminal apart from what was written there, which comes back at the end. */
export class Screen {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Turns to the empty screen. */
  open(): Promise<void> {
    return this.#output.write(ENTER);
  }

  /** Puts these lines in place of those before. What the terminal has no lines for is left out. */
  draw(text: string): Promise<void> {
    const lines = text.split('\n');
    const shown = lines.slice(0, this.#output.height);
    const drawn = shown.map((line) => line + CLEAR_LINE).join('\n');
    return this.#output.write(HOME + drawn + CLEAR_REST);
  }

  /** Turns back; what was drawn last stays to be read. */
  close(text: string): void {
    this.#output.writeLast(`${LEAVE}${text === '' ? '' : `${text}\n`}`);
  }
}
