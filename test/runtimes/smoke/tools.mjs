/** What the checks share. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What stands between the runtime and the path of a program. */
const RUN = process.versions.deno === undefined ? [] : ['run', '--quiet', '--allow-all'];

/** Thrown where a runtime lacks what a check is about; the message says what. */
export class Skip extends Error {}

/** Runs `fn` with a cluster over the servers of a setup, and disconnects it. */
export async function withCluster(setup, options, fn) {
  const cluster = await setup.makeCluster(options);
  try {
    return await fn(cluster);
  } finally {
    await cluster.disconnectPools();
  }
}

/** What a promise rejects with; that it rejects is asserted. */
export async function failureOf(promise) {
  const value = await promise.then(
    () => assert.fail('Nothing was rejected.'),
    (reason) => ({ reason }),
  );
  return value.reason;
}

/** The result of a promise, or an error when it takes too long. */
export async function within(limitMs, promise) {
  const timer = new AbortController();
  const tooLate = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Not done within ${limitMs} ms.`);
  });
  // When the promise is first, nobody looks at this one.
  tooLate.catch(() => {});
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    timer.abort();
  }
}

/** Waits until `condition` answers, or resolves to, something true, and answers that. */
export async function until(condition, limitMs = 5000) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > deadline)
      throw new Error(`Not true within ${limitMs} ms: ${condition}`);
    await delay(5);
  }
}

/** Whether a process runs. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a program of the `programs` folder by this very runtime, and collects its output. */
export function start(name, ...args) {
  return startFile(fileURLToPath(new URL(`./programs/${name}`, import.meta.url)), args);
}

function startFile(path, args) {
  const child = spawn(process.execPath, [...RUN, path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const program = { child, output: '', exited: once(child, 'close') };
  const collect = (text) => (program.output += text);
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', collect);
  return program;
}

/** Runs a program to its end, and answers its output; that it ends by itself, and well, is asserted. */
export function runProgram(name, ...args) {
  return finish(start(name, ...args));
}

/** The same for the package's command line. */
export function runCommand(name, ...args) {
  const manifest = new URL(import.meta.resolve('redis-blaster/package.json'));
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return finish(startFile(fileURLToPath(new URL(bin[name], manifest)), args));
}

async function finish(program) {
  try {
    const [code, signal] = await within(8000, program.exited);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, program.output);
    return program.output;
  } finally {
    program.child.kill('SIGKILL');
  }
}
