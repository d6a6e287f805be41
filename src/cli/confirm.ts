/** Asking before something is done that cannot be undone. */

import type { Key } from 'node:readline';

import type { Context } from './context.js';
import { UsageError } from './exit.js';

const same = (text: string): string => text;

/** The library has colours of its own, whatever the terminal takes. */
const COLORLESS = {
  prefix: '?',
  style: { message: same, answer: same, error: same, defaultAnswer: (text: string) => `(${text})` },
};

/** What asking needs of the library for it. */
interface Ask {
  (
    question: { message: string; default: boolean; theme?: typeof COLORLESS },
    context: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal },
  ): Promise<boolean>;
}

/** Loaded only now: it needs a newer Node than all the rest does. */
async function loadAsk(): Promise<Ask> {
  try {
    const { default: ask } = await import('@inquirer/confirm');
    return ask;
  } catch {
    throw new UsageError(`Node ${process.versions.node} is too old to ask here: add --yes`);
  }
}

/**
 * Asks on the terminal whether to go ahead; no, unless told.
 *
 * @throws UsageError where there is no terminal to ask on.
 */
export async function confirm(context: Context, action: string): Promise<boolean> {
  const { stdin, output, signal } = context;
  if (!stdin.isTTY || !output.areNotesOnTerminal) {
    throw new UsageError(
      `${action} cannot be undone, and there is no terminal to ask on: add --yes`,
    );
  }
  const ask = await loadAsk();
  signal.throwIfAborted();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  signal.addEventListener('abort', end);
  // After Ctrl-D, the end of its input, the prompt waits for what cannot come.
  const onKey = (_text: unknown, { ctrl, name }: Key): void => {
    if (ctrl && name === 'd') end();
  };
  stdin.on('keypress', onKey);
  try {
    const hasColors = output.noteColors.isColorSupported;
    const theme = hasColors ? {} : { theme: COLORLESS };
    const question = { message: `${action}: go ahead?`, default: false, ...theme };
    const streams = { input: stdin, output: output.noteStream };
    return await ask(question, { ...streams, signal: ended.signal });
  } catch (error) {
    // Ctrl-C on the prompt, which reads keys by itself.
    if (!signal.aborted && (error as Error).name === 'ExitPromptError') process.emit('SIGINT');
    signal.throwIfAborted();
    if (ended.signal.aborted) return false;
    throw error;
  } finally {
    stdin.off('keypress', onKey);
  }
}
