/** Runs programs that use the built package, as their readers would. */

import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect } from 'vitest';

import { condition } from './condition.js';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const execute = promisify(execFile);

const BUILD_TIMEOUT_MS = 120_000;

/** Where programs of a test file run, and leave nothing. */
export interface Programs {
  /** Runs Node until it ends by itself, without an error; answers the lines that it printed. */
  run(...args: string[]): Promise<string[]>;
}

/** Builds the package if that is due, and makes a temporary folder for the programs of a test file. */
export function usePrograms(): Programs {
  let temporary: string;
  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'rb-programs-'));
    await ensureBuild();
  }, 2 * BUILD_TIMEOUT_MS);
  afterAll(() => rmSync(temporary, { recursive: true }));
  return { run: (...args) => runNode(args, temporary) };
}

/** One test file at a time: a build takes away what the programs of another would load. */
async function ensureBuild(): Promise<void> {
  const lock = join(root, '.dist-lock');
  await condition(() => takeLock(lock), BUILD_TIMEOUT_MS);
  try {
    const script = "import('./scripts/setup.mjs').then((setup) => setup.ensureBuild())";
    await execute(process.execPath, ['-e', script], { cwd: root });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    // Whoever was killed has left it.
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > BUILD_TIMEOUT_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function runNode(args: readonly string[], temporary: string): Promise<string[]> {
  const env = {
    ...process.env,
    ...{ TMPDIR: temporary, TEMP: temporary, TMP: temporary },
    ...{ NO_COLOR: '1', FORCE_COLOR: undefined },
  };
  const { stdout, stderr } = await execute(process.execPath, args, {
    cwd: root,
    env,
    timeout: 25_000,
  });
  expect(stderr).toBe('');
  expect(readdirSync(temporary)).toEqual([]);
  await condition(() => processesIn(temporary).length === 0);
  return stdout.trimEnd().split('\n');
}

/** The processes that work in a folder, or did before it was removed; none where it cannot be told. */
function processesIn(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** The blocks of one language in a Markdown file of the project. */
export function codeBlocks(file: string, language: 'js' | 'javascript' | 'ts' | 'text'): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...text.matchAll(blocks)].map(([, code]) => code!);
}
