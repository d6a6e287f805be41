/** Lines of a file or of what is piped in, as bytes: a key may be no text. */

import { open } from 'node:fs/promises';

import { UsageError } from './exit.js';
import { decodeText, hideLogin } from './text.js';

const LINE_END = 0x0a;

/** The lines of a stream without their ends; empty ones are left out. */
export async function* readLines(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Buffer | string);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(LINE_END, start);
      if (end === -1) break;
      const line = joined(rest, bytes.subarray(start, end));
      rest = [];
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < bytes.length) rest.push(bytes.subarray(start));
  }
  if (rest.length > 0) yield joined(rest);
}

function joined(rest: readonly Buffer[], last?: Buffer): Buffer {
  if (rest.length === 0 && last !== undefined) return last;
  return Buffer.concat(last === undefined ? rest : [...rest, last]);
}

/** Keys, one on each line: text where they are UTF-8. */
export async function* readKeys(stream: AsyncIterable<unknown>): AsyncGenerator<string | Buffer> {
  for await (const line of readLines(stream)) yield decodeText(line) ?? line;
}

/** Opens a file of lines, or what is piped in for `-`. */
export async function openLines(
  path: string,
  stdin: NodeJS.ReadStream,
): Promise<AsyncIterable<unknown>> {
  if (path === '-') return stdin;
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!(await file.stat()).isDirectory()) return file.createReadStream();
  await file.close();
  throw unreadable(path, { code: 'EISDIR' });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

/** The error for a file that cannot be read. */
export function unreadable(path: string, error: unknown): UsageError {
  const { code = '', message = '' } = error as Partial<NodeJS.ErrnoException>;
  // A URL may have been given in its place; a path by itself may have an `@`. Behind the comma of
  // Node's own messages the path comes again.
  const shown = path.includes(':') ? hideLogin(path) : path;
  return new UsageError(`cannot read ${shown}: ${REASONS[code] ?? message.split(',', 1)[0]!}`);
}
