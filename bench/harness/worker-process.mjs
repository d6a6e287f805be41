/** The parent's side of a worker: a child process that is spoken to in JSON lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const END_LIMIT_MS = 3_000;

/** A worker that runs. It is asked one thing at a time. */
export class WorkerProcess {
  /** Whom it serves, for messages. */
  name = 'worker';
  /** What other workers it can stand in for. */
  key;
  #child;
  #waiting;
  /** What is answered when the process is gone. */
  #ended;
  #exited;

  /** Starts `command` with `args`. */
  constructor({ key, command, args }) {
    this.key = key;
    const env = { ...process.env };
    // Every worker runs with the defaults of its runtime.
    delete env.NODE_OPTIONS;
    delete env.NODE_V8_COVERAGE;
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'close').catch(() => []);
    this.#child.on('error', (error) => this.#end(`could not run: ${error.message}`));
    this.#child.on('close', (code, signal) => {
      this.#end(`its process ended (${signal ?? `exit code ${code}`})`);
    });
    // What is written to a process that ended is told by its end.
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
  }

  /**
   * Sends a command and answers what it answers.
   *
   * @throws Error with the worker's name, when it answers an error, ends, or answers not in time.
   */
  async ask(message, limitMs) {
    const answer = await new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.#child.kill('SIGKILL');
        this.#settle({ error: `no answer to '${message.cmd}' after ${limitMs / 1_000} s` });
      }, limitMs);
      this.#waiting = (value) => {
        clearTimeout(limit);
        resolve(value);
      };
      if (this.#ended !== undefined) this.#settle(this.#ended);
      else this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
    if (answer.error !== undefined) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }

  /** Ends the process, which may be busy, and waits until it is gone. */
  async end() {
    this.#child.stdin.end();
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), END_LIMIT_MS);
    await this.#exited;
    clearTimeout(limit);
  }

  #onLine(line) {
    // Libraries may print, too.
    if (line.startsWith('{')) this.#settle(JSON.parse(line));
    else process.stderr.write(`${this.name}: ${line}\n`);
  }

  #end(error) {
    this.#ended ??= { error };
    this.#settle(this.#ended);
  }

  #settle(answer) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}
