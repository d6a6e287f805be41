/** The files that figures are written to. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the folder of a file, and throws if the file cannot be written; it stays as it is. */
export function assertWritable(path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const isNew = !existsSync(path);
    closeSync(openSync(path, 'a'));
    if (isNew) rmSync(path);
  } catch (error) {
    throw new Error(`Cannot write to ${path}: ${error.message}`, { cause: error });
  }
}
