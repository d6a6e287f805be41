/** The definitions in the bundle, which are evaluated late, against those of `@redis/client`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { BasicCommandParser } from '@redis/client/dist/lib/client/parser.js';
import { build, type Plugin, stop } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

import * as upstream from '../../../src/commands/upstream.js';

type Upstream = typeof upstream;
const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-bundle-'));
const root = fileURLToPath(new URL('../../../', import.meta.url));
let bundled: Upstream;

beforeAll(async () => {
  const plugin = pathToFileURL(join(root, 'scripts/bundled-packages.mjs')).href;
  const { bundledPackages } = (await import(plugin)) as { bundledPackages: Plugin };
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/commands/upstream.ts'],
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [bundledPackages],
  });
  const file = join(folder, 'upstream.mjs');
  writeFileSync(file, outputFiles[0]!.text);
  bundled = (await import(pathToFileURL(file).href)) as Upstream;
});

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const CALLS: readonly (readonly unknown[])[] = [
  [],
  ['a'],
  ['a', 'b'],
  ['a', 'b', 'c'],
  ['a', 1, 2],
  ['a', ['b', 'c']],
  [['a', 'b']],
  ['a', { score: 1, value: 'x' }],
];

/** What a definition makes of calls, right ones and wrong ones. */
function behaviour({ definitionOf }: Upstream, name: string): unknown {
  const definition = definitionOf(name);
  const calls = CALLS.map((args) => {
    const parser = new BasicCommandParser();
    try {
      definition.parseCommand(parser, ...args);
    } catch (error) {
      return (error as Error).name;
    }
    return { words: parser.redisArgs, keys: parser.keys };
  });
  const { transformReply } = definition as { transformReply?: object };
  return { members: Object.keys(definition).sort(), calls, transform: typeof transformReply };
}

it('has the same names', () => {
  expect(bundled.COMMAND_NAMES).toEqual(upstream.COMMAND_NAMES);
});

it('has the same definition for each', () => {
  for (const name of upstream.COMMAND_NAMES) {
    expect(behaviour(bundled, name), name).toEqual(behaviour(upstream, name));
  }
});
