/** The load of `rb bench`: filling its keys, the mix of commands, and removing its keys. */

import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { Int32Histogram } from 'hdr-histogram-js';

import type { Cluster } from '../cluster.js';
import { untilAborted } from './exit.js';
import { describeError } from './report.js';
import {
  familiesOf,
  familiesToFill,
  type Family,
  fill,
  type LoadClient,
  type Material,
  picker,
  type Share,
  valuesPerKey,
} from './workload.js';

/** What the load is. */
export interface LoadOptions {
  readonly mix: readonly Share[];
  readonly keys: number;
  readonly valueSize: number;
  /** How many commands, or maps of commands, are under way at a time. */
  readonly concurrency: number;
  /** How many commands a map has; 1 is the routing client. */
  readonly pipeline: number;
  readonly autoBatch: boolean;
  /** When the load ends, whichever is first. */
  readonly seconds: number;
  readonly commands: number;
}

/** What the load came to. */
export interface LoadResult {
  readonly seconds: number;
  /** The latencies of the commands that were answered, in microseconds, by the command's name. */
  readonly latencies: ReadonlyMap<string, Int32Histogram>;
  /** How many commands failed, by the reason. */
  readonly failures: ReadonlyMap<string, number>;
}

/** The first keys of these families, all those of one before the next one's. */
interface KeyRange {
  readonly families: readonly Family[];
  readonly count: number;
}

/** How many keys are filled or removed by one map. */
const CHUNK = 1000;
/** How many bytes of values one map fills: far less than may wait for a host. */
const FILL_BYTES = 8 * 1024 * 1024;
/** The longest latency that is told apart, in microseconds: an hour. */
const LONGEST = 3_600_000_000;
/** The pause after a failure, in milliseconds: a host that is down fails at once, again and again. */
const PAUSE = 10;
/** How long commands under way may go on after an interruption, in milliseconds. */
const GRACE = 2000;

/** The commands of one run on a cluster. */
export class Load {
  /** What all keys of this run begin with, and no other key does. */
  readonly prefix = `rb-bench:${randomBytes(6).toString('hex')}:`;
  readonly #cluster: Cluster;
  readonly #options: LoadOptions;
  readonly #signal: AbortSignal;
  readonly #material: Material;
  readonly #pick: () => Share;
  readonly #latencies: ReadonlyMap<string, Int32Histogram>;
  readonly #failures = new Map<string, number>();
  /** Of the keys that are filled, how many may be there. */
  #filled = 0;
  #hasRun = false;
  #issued = 0;
  #answered = 0;
  #failed = 0;

  constructor(cluster: Cluster, options: LoadOptions, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#options = options;
    this.#signal = signal;
    const random = (count: number): number => Math.floor(Math.random() * count);
    this.#material = { random, value: randomText(options.valueSize) };
    this.#pick = picker(options.mix, random);
    this.#latencies = new Map(options.mix.map(({ name }) => [name, newHistogram()]));
  }

  /** How many commands have their answer, or have failed. */
  get ended(): number {
    return this.#answered + this.#failed;
  }

  /** Writes the keys that the mix reads. */
  async fill(onProgress: (share: number) => void): Promise<void> {
    const { value } = this.#material;
    const families = familiesToFill(this.#options.mix);
    const keyBytes = value.length * Math.max(1, ...families.map(valuesPerKey));
    const chunk = Math.max(1, Math.min(CHUNK, Math.floor(FILL_BYTES / keyBytes)));
    const range = { families, count: families.length * this.#options.keys };
    await this.#forEachKey(range, chunk, onProgress, (client, key, family) => {
      this.#filled += 1;
      return fill(client, family, key, value);
    });
  }

  /** Issues commands until the time is over, or their number is reached. */
  async run(): Promise<LoadResult> {
    const { concurrency, seconds } = this.#options;
    this.#hasRun = true;
    const start = performance.now();
    const deadline = start + seconds * 1000;
    const workers = Promise.all(Array.from({ length: concurrency }, () => this.#work(deadline)));
    try {
      await untilAborted(workers, this.#signal);
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      await Promise.race([workers, delay(GRACE, undefined, { ref: false })]);
    }
    return {
      seconds: (performance.now() - start) / 1000,
      latencies: this.#latencies,
      failures: this.#failures,
    };
  }

  async #work(deadline: number): Promise<void> {
    const { commands, pipeline, autoBatch } = this.#options;
    const routing: LoadClient = this.#cluster.getRoutingClient();
    while (!this.#signal.aborted && performance.now() < deadline) {
      const count = Math.min(pipeline, commands - this.#issued);
      if (count <= 0) return;
      this.#issued += count;
      const failed = this.#failed;
      if (pipeline === 1) await this.#issue(routing);
      else {
        await this.#cluster.map(
          (client) => {
            for (let index = 0; index < count; index++) void this.#issue(client);
          },
          { autoBatch },
        );
      }
      if (this.#failed > failed) await delay(PAUSE);
    }
  }

  /** Issues one command; what it answers is settled when the command is, and never rejected. */
  #issue(client: LoadClient): PromiseLike<void> {
    const { name, operation } = this.#pick();
    const key = this.#key(operation.family, this.#material.random(this.#options.keys));
    const start = performance.now();
    return operation.issue(client, key, this.#material).then(
      () => {
        const micros = Math.round((performance.now() - start) * 1000);
        this.#latencies.get(name)!.recordValue(Math.min(LONGEST, Math.max(1, micros)));
        this.#answered += 1;
      },
      (error: unknown) => {
        const reason = `${name}: ${describeError(error)}`;
        this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
        this.#failed += 1;
      },
    );
  }

  /**
   * Removes every key that this run may have written. Answers why hosts could not be asked to, by
   * their ids; the keys of the others are gone all the same.
   */
  async clean(onProgress: (share: number) => void): Promise<ReadonlyMap<number, unknown>> {
    const failures = new Map<number, unknown>();
    const router = this.#cluster.getRouter();
    await this.#forEachKey(this.#written(), CHUNK, onProgress, async (client, key) => {
      const hostId = router.getHostForKey(key);
      // A silent host would be waited for again and again.
      if (failures.has(hostId)) return;
      try {
        await client.executeCommand('UNLINK', key);
      } catch (error) {
        failures.set(hostId, error);
      }
    });
    return failures;
  }

  /** The keys that this run may have written. */
  #written(): KeyRange {
    const { mix, keys } = this.#options;
    if (!this.#hasRun) return { families: familiesToFill(mix), count: this.#filled };
    const families = familiesOf(mix);
    return { families, count: families.length * keys };
  }

  async #forEachKey(
    { families, count }: KeyRange,
    chunk: number,
    onProgress: (share: number) => void,
    run: (client: LoadClient, key: string, family: Family) => PromiseLike<unknown>,
  ): Promise<void> {
    const { keys } = this.#options;
    for (let start = 0; start < count; start += chunk) {
      const end = Math.min(count, start + chunk);
      await this.#cluster.map(async (client) => {
        const issued: PromiseLike<unknown>[] = [];
        for (let index = start; index < end; index++) {
          const family = families[Math.floor(index / keys)]!;
          issued.push(run(client, this.#key(family, index % keys), family));
        }
        await Promise.all(issued);
      });
      onProgress(end / count);
    }
  }

  #key(family: Family, index: number): string {
    return `${this.prefix}${family}:${index}`;
  }
}

function newHistogram(): Int32Histogram {
  const histogram = new Int32Histogram(1, 2, 3);
  histogram.autoResize = true;
  return histogram;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function randomText(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]!).join('');
}
