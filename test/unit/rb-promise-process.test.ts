/** What the process sees of failures: each case runs in a Node of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src', import.meta.url));
let folder = '';

async function transpile(file: string): Promise<void> {
  const { outputText } = ts.transpileModule(await readFile(join(source, file), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  await writeFile(join(folder, file.replace(/\.ts$/, '.js')), outputText);
}

/** Runs a script that may name RbPromise and `log`; answers what it logged, as one line. */
async function run(script: string): Promise<string> {
  const file = join(folder, `case-${String(Math.random()).slice(2)}.js`);
  await writeFile(
    file,
    `import { RbPromise } from './promise/rb-promise.js';
     const lines = [];
     const log = (line) => lines.push(line);
     const throwing = (message) => () => { throw new Error(message); };
     process.on('unhandledRejection', (reason) => log('unhandledRejection ' + reason.message));
     process.on('uncaughtException', (error) => log('uncaughtException ' + error.message));
     process.on('exit', () => console.log(lines.join(', ')));
     ${script}`,
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return output.trim();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rb-promise-'));
  for (const room of ['promise', 'util']) await mkdir(join(folder, room));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const rooms = ['promise', 'util'].map(async (room) =>
    (await readdir(join(source, room))).map((name) => join(room, name)),
  );
  await Promise.all(['errors.ts', ...(await Promise.all(rooms)).flat()].map(transpile));
});

afterAll(async () => {
  expect(basename(folder)).toMatch(/^rb-promise-/);
  await rm(folder, { recursive: true });
});

describe('in a process', () => {
  it('an RbPromise by itself never raises unhandledRejection', async () => {
    const output = await run(`
      const failing = RbPromise.rejected(new Error('a'));
      failing.then(() => 1);
      failing.finally(() => 1);
      failing.done(() => 1);
      RbPromise.all([failing]);
      RbPromise.resolved(Promise.reject(new Error('b')));
      RbPromise.resolved(1).then(throwing('c'));
      setTimeout(() => log('end'), 20);
    `);
    expect(output).toBe('end');
  });

  it('a native promise that waits for one does', async () => {
    const output = await run(`
      const failing = RbPromise.rejected(new Error('a'));
      (async () => { await failing; })();
    `);
    expect(output).toBe('unhandledRejection a');
  });

  it('a done callback that throws without a join throws in a task of its own', async () => {
    const output = await run(`
      const promise = new RbPromise();
      promise.done(throwing('a'));
      promise.done(() => log('other'));
      promise.then().done(throwing('b'));
      promise.done(null, throwing('never'));
      promise.resolve(1);
      log('resolved');
      queueMicrotask(() => log('microtask'));
    `);
    expect(output).toBe('other, resolved, microtask, uncaughtException a, uncaughtException b');
  });
});
