/** Compiles the contender that is written in C. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FLAGS = ['-O2', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra'];

/** The compiled program, or why there is none. It is compiled where it is missing or old. */
export function compileNative({ bench }) {
  const folder = join(bench, 'c');
  const output = join(bench, '.build', 'hiredis-bench');
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (!isFresh(output, files)) {
    const problem = compile(files, output);
    if (problem !== undefined) return { missing: explain(problem) };
  }
  return { command: output, args: [], versions: nativeVersions(output) };
}

/** Compiles beside the old program, which another run may use; answers what went wrong. */
function compile(files, output) {
  const fresh = `${output}-${process.pid}`;
  const sources = files.filter((name) => name.endsWith('.c'));
  mkdirSync(dirname(output), { recursive: true });
  const args = [...FLAGS, ...compilerFlags(), '-o', fresh, ...sources, '-lhiredis'];
  const { error, status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (error || status !== 0) {
    rmSync(fresh, { force: true });
    return error ? error.message : stderr;
  }
  renameSync(fresh, output);
  return undefined;
}

function isFresh(output, inputs) {
  try {
    const made = statSync(output).mtimeMs;
    return inputs.every((input) => statSync(input).mtimeMs < made);
  } catch {
    return false;
  }
}

/** Where the headers and the library are, if they are not where compilers look. */
function compilerFlags() {
  const flags = ['--cflags', '--libs-only-L', 'hiredis'];
  const { status, stdout } = spawnSync('pkg-config', flags, { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\s+/).filter(Boolean) : [];
}

function nativeVersions(command) {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return { hiredis: stdout.trim() };
}

function explain(output) {
  const line = output.split('\n').find((text) => /error|ENOENT|not found/.test(text)) ?? '';
  return `hiredis is left out: it takes a C compiler and libhiredis-dev (${line.trim()}).`;
}
