/** The files that figures are written to. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the folder of a file, and throws if the file cannot be written; what is in it stays. */
export function assertWritable(path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new Error(`Cannot write to ${path}: ${error.message}`, { cause: error });
  }
}
