import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { condition } from '../helpers/condition.js';
import { isAlive } from '../helpers/processes.js';

const source = fileURLToPath(new URL('../../src', import.meta.url));
let compiled: string;

/** The servers' part of the testing room as JavaScript: Node 20 cannot run TypeScript. */
beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), 'rb-crash-'));
  for (const room of ['testing', 'util']) mkdirSync(join(compiled, room));
  writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
  const files = readdirSync(join(source, 'testing')).map((name) => join('testing', name));
  for (const file of ['errors.ts', 'util/foreign.ts', ...files]) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    writeFileSync(join(compiled, file.replace(/\.ts$/, '.js')), outputText);
  }
});
afterAll(() => rmSync(compiled, { recursive: true }));

interface Parent {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  readonly folder: string;
}

/** A process that starts two servers, tells of them, and goes on with `code`. */
async function startParent(code: string): Promise<Parent> {
  const script = `
    import { ServerGroup } from ${JSON.stringify(join(compiled, 'testing/server-group.js'))};
    const group = new ServerGroup({ databases: 2 });
    group.spawnServer();
    group.spawnServer();
    await group.waitForServers(10000);
    process.send({ pids: group.servers.map(server => server.pid), folder: group.folder });
    await new Promise(resolve => process.once('message', resolve));
    process.disconnect();
    ${code}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [told] = (await once(child, 'message')) as [Omit<Parent, 'child'>];
  expect(told.pids.filter(isAlive)).toHaveLength(2);
  return { child, ...told };
}

/** Lets the process go on, and resolves with its exit code and signal. */
async function goOn({ child }: Parent): Promise<unknown[]> {
  child.send('go on');
  return once(child, 'exit');
}

async function expectNothingLeft({ pids, folder }: Parent): Promise<void> {
  await condition(() => !pids.some(isAlive));
  await condition(() => !existsSync(folder));
}

const wait = 'setInterval(() => {}, 1000);';

describe('nothing is left of the servers', () => {
  it('when the process ends without closing them, which they do not prevent', async () => {
    const parent = await startParent('');
    expect(await goOn(parent)).toEqual([0, null]);
    await expectNothingLeft(parent);
  });

  it('when close is the last thing the process does, and the process ends well', async () => {
    const parent = await startParent('await group.close();');
    expect(await goOn(parent)).toEqual([0, null]);
    expect(existsSync(parent.folder)).toBe(false);
    await expectNothingLeft(parent);
  });

  it('when the process calls process.exit', async () => {
    const parent = await startParent('process.exit(7);');
    expect(await goOn(parent)).toEqual([7, null]);
    expect(existsSync(parent.folder)).toBe(false);
    await expectNothingLeft(parent);
  });

  it('when the process crashes with an uncaught error', async () => {
    const parent = await startParent("setImmediate(() => { throw new Error('crash'); });");
    expect(await goOn(parent)).toEqual([1, null]);
    expect(existsSync(parent.folder)).toBe(false);
    await expectNothingLeft(parent);
  });

  it('when the process aborts', async () => {
    const parent = await startParent('process.abort();');
    expect(await goOn(parent)).toEqual([null, 'SIGABRT']);
    await expectNothingLeft(parent);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'when %s ends the process, which ends by that signal',
    async (signal) => {
      const parent = await startParent(wait);
      const exited = goOn(parent);
      parent.child.kill(signal);
      expect(await exited).toEqual([null, signal]);
      expect(existsSync(parent.folder)).toBe(false);
      await expectNothingLeft(parent);
    },
  );

  it('when the process is killed', async () => {
    const parent = await startParent(wait);
    const exited = goOn(parent);
    parent.child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    await expectNothingLeft(parent);
  });

  it('when the process is killed after a server was ended and started again', async () => {
    const parent = await startParent(`
      await group.servers[0].stop();
      group.servers[0].start();
      await group.waitForServers(10000);
      process.kill(process.pid, 'SIGKILL');
    `);
    expect(await goOn(parent)).toEqual([null, 'SIGKILL']);
    await expectNothingLeft(parent);
  });
});

describe('a process that handles the signal itself', () => {
  it('keeps its servers, and nothing is left once it ends', async () => {
    const parent = await startParent(`
      process.on('SIGINT', () => setImmediate(async () => {
        await group.waitForServers(10000);
        process.exit(5);
      }));
      process.kill(process.pid, 'SIGINT');
      ${wait}
    `);
    expect(await goOn(parent)).toEqual([5, null]);
    await expectNothingLeft(parent);
  });

  it('ends by a later signal when its own handler is gone', async () => {
    const parent = await startParent(`
      process.once('SIGINT', () => setTimeout(() => process.kill(process.pid, 'SIGINT'), 20));
      process.kill(process.pid, 'SIGINT');
      ${wait}
    `);
    expect(await goOn(parent)).toEqual([null, 'SIGINT']);
    expect(existsSync(parent.folder)).toBe(false);
    await expectNothingLeft(parent);
  });

  it('is not kept from ending by handlers that count on being alone', async () => {
    const parent = await startParent(`
      const handler = signal => {
        if (process.listenerCount(signal) > 1) return;
        process.off(signal, handler);
        process.kill(process.pid, signal);
      };
      process.on('SIGTERM', handler);
      process.kill(process.pid, 'SIGTERM');
      ${wait}
    `);
    expect(await goOn(parent)).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(parent);
  });
});
