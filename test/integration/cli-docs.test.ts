/** The page of the command line shows what the command line prints. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { hasTerminals } from '../helpers/cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(!hasTerminals)('the documentation of the command line', () => {
  it('shows what each command prints, numbers apart', async () => {
    const args = ['scripts/record-cli.mjs', '--check'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  }, 180_000);
});
