/** The workers of all tables. */
import { WorkerProcess } from './worker-process.mjs';

const LIMIT_MS = 30_000;

/** Starts workers, and ends them. */
export class Workers {
  #reuse;
  #all = new Set();
  #idle = new Map();

  /**
   * @param reuse - Whether a worker that was released may serve again. Figures are of fresh ones:
   * none inherits the heap and the compiled code of another table.
   */
  constructor({ reuse }) {
    this.#reuse = reuse;
  }

  /** A worker for a contender, which runs by `command` and `args`. */
  take({ name, client }, { command, args }) {
    const key = `${command} ${client}`;
    const idle = this.#idle.get(key)?.pop();
    const worker = idle ?? new WorkerProcess({ key, command, args });
    worker.name = name;
    this.#all.add(worker);
    return worker;
  }

  /** Takes back a worker whose table is done. */
  async release(worker) {
    await worker.ask({ cmd: 'close' }, LIMIT_MS);
    if (!this.#reuse) return this.discard(worker);
    const idle = this.#idle.get(worker.key) ?? [];
    this.#idle.set(worker.key, [...idle, worker]);
  }

  /** Ends a worker, whatever it does. */
  async discard(worker) {
    this.#all.delete(worker);
    await worker.end();
  }

  /** Ends all workers. */
  async close() {
    await Promise.all([...this.#all].map((worker) => this.discard(worker)));
  }
}
