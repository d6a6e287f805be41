/** A progress bar among the messages. */

import { SingleBar } from 'cli-progress';

import type { Output } from './output.js';

/** A bar that is there while something runs. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #total: number;

  /**
   * Shows the bar where messages go to a terminal, and nothing elsewhere.
   *
   * @param format - the line; `{bar}`, `{percentage}` and the fields of `update` stand in braces.
   */
  constructor(output: Output, format: string, total: number, fields: object = {}) {
    this.#total = total;
    if (!output.areNotesOnTerminal) return;
    this.#bar = new SingleBar({
      stream: output.noteStream,
      format,
      barsize: 30,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      clearOnComplete: true,
      hideCursor: true,
      // Who shows the bar stops it, also when it is interrupted.
      gracefulExit: false,
    });
    this.#bar.start(total, 0, fields);
  }

  /** Shows how much is done, up to the total, and what the other fields of the line say. */
  update(done: number, fields: object = {}): void {
    this.#bar?.update(Math.min(done, this.#total), fields);
  }

  /** Takes the bar away. */
  stop(): void {
    this.#bar?.stop();
  }
}
