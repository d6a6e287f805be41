/**
 * Callers that give up, at any moment and from anywhere: they cancel, abort, run out of time,
 * disconnect, remove hosts and add them again, from callbacks of replies too, while hosts are halted
 * or load their data, and connections are cut. Whatever they do, all of it ends, nobody gets what is
 * another's, and nothing is left that counts as pending.
 */

import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { RbError, ReplyError } from '../../src/errors.js';
import type { ListedCommand } from '../../src/clients/command-list.js';
import type { CallOptions, PoolOptions } from '../../src/options.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import { condition } from '../helpers/condition.js';
import { LoadingServer } from '../helpers/loading-server.js';

let servers: LoadingServer[];
beforeAll(async () => {
  servers = await Promise.all([LoadingServer.start(), LoadingServer.start()]);
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

const CALLERS = 30;
const CALLS = 80;
/** Why callers abort. */
class ChangedMind extends Error {
  override name = 'ChangedMind';
}

const chance = (probability: number): boolean => Math.random() < probability;
const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;

const ECHO = new Script('return ARGV[1]');

/** The commands that are used here, as maps and targeted fan-outs have them. */
interface Client {
  get(key: string): RbPromise<string | null>;
  set(key: string, value: string): RbPromise<string | null>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): RbPromise<unknown>;
  blPop(key: string, timeout: number): RbPromise<unknown>;
  cancel(): void;
}

/** One call, and all that was issued in it. */
interface Call {
  readonly caller: number;
  readonly controller: AbortController;
  readonly promises: RbPromise<unknown>[];
}

class Turmoil {
  readonly cluster: Cluster;
  readonly wrong: string[] = [];
  readonly controllers: AbortController[] = [];
  counts = { resolved: 0, rejected: 0 };
  #nonce = 0;
  readonly #config;

  constructor(poolOptions: PoolOptions) {
    const [first, second] = servers.map(({ path }) => path);
    this.#config = [
      { hostId: 0, unixSocketPath: first },
      { hostId: 1, unixSocketPath: first, db: 1 },
      { hostId: 2, unixSocketPath: second },
      { hostId: 3, unixSocketPath: second, db: 1 },
    ];
    this.cluster = new Cluster({
      hosts: this.#config,
      poolOptions: {
        commandTimeout: 300,
        connectTimeout: 300,
        reconnect: { minDelay: 1, maxDelay: 10 },
        ...poolOptions,
      },
    });
  }

  /** Something drastic. */
  intervene(client: Pick<Client, 'cancel'>, controller: AbortController): void {
    const { cluster } = this;
    const hostId = Math.floor(Math.random() * 4);
    const deeds = [
      () => client.cancel(),
      () => client.cancel(),
      () => controller.abort(new ChangedMind()),
      () => void cluster.disconnectPools(),
      () => cluster.hosts.has(hostId) && void cluster.getPoolForHost(hostId).disconnect(),
      () => {
        cluster.removeHost(hostId);
        // Callbacks of what that rejects may have had the same idea.
        if (!cluster.hosts.has(hostId)) cluster.addHost(this.#config[hostId]!);
      },
    ];
    pick(deeds)();
  }

  /** Issues some commands, and looks at what each is answered. */
  issue(client: Client, call: Call): void {
    const { caller, controller } = call;
    for (let left = 1 + Math.floor(Math.random() * 12); left > 0; left--) {
      const nonce = ++this.#nonce;
      const key = `${caller}:${nonce % 7}`;
      const echo = () => client.eval('return ARGV[1]', { keys: [key], arguments: [`${nonce}`] });
      const isOwn = (value: unknown) =>
        value === null || (typeof value === 'string' && value.startsWith(`${key}|`));
      const [promise, isRight] = pick<() => [RbPromise<unknown>, (value: unknown) => boolean]>([
        () => [client.get(key), isOwn],
        () => [client.get(key), isOwn],
        () => [client.set(key, `${key}|${'value '.repeat(nonce % 400)}`), (v) => v === 'OK'],
        () => [echo(), (value) => value === `${nonce}`],
        () => [client.blPop(`nothing:${key}`, 0.02), (value) => value === null],
      ])();
      this.#watch(call, promise, isRight);
      const isAnnoyed = chance(0.004);
      promise.done(
        () => isAnnoyed && this.intervene(client, controller),
        () => isAnnoyed && this.intervene(client, controller),
      );
      // Whoever has an answer may go on, while the client is open.
      if (chance(0.02)) promise.done(() => this.issue(client, call));
    }
  }

  #watch(
    { promises }: Call,
    promise: RbPromise<unknown>,
    isRight: (value: unknown) => boolean,
  ): void {
    promises.push(promise);
    promise.done(
      (value) => {
        this.counts.resolved++;
        if (!isRight(value)) this.wrong.push(`a command answered ${JSON.stringify(value)}`);
      },
      (error) => {
        this.counts.rejected++;
        if (!isLabelled(error)) this.wrong.push(`a command failed with ${String(error)}`);
      },
    );
  }

  async call(caller: number): Promise<void> {
    const { cluster } = this;
    const controller = new AbortController();
    this.controllers.push(controller);
    const call: Call = { caller, controller, promises: [] };
    const options = {
      signal: controller.signal,
      ...(chance(0.3) && { timeout: 1 + Math.floor(Math.random() * 400) }),
      ...(chance(0.3) && { maxConcurrency: 1 + Math.floor(Math.random() * 2) }),
      autoBatch: chance(0.5),
    };
    const run = (client: Client): Promise<void> | undefined => {
      this.issue(client, call);
      if (chance(0.02)) this.intervene(client, controller);
      if (chance(0.02)) setTimeout(() => this.intervene(client, controller), 50 * Math.random());
      return chance(0.3) ? delay(5 * Math.random()) : undefined;
    };
    if (chance(0.1)) return this.#callLists(caller, options);
    const result = chance(0.7)
      ? cluster.map((client) => run(client as Client), options)
      : cluster.fanout((client) => {
          this.#watch(call, client.target('all').dbSize(), (value) => value instanceof Map);
          const targeted = client.targetKey(`${caller}`);
          return run(targeted);
        }, options);
    await result.catch((error: unknown) => {
      this.#checkFailure(error);
    });
    const pending = call.promises.filter(({ isPending }) => isPending);
    if (pending.length > 0)
      this.wrong.push(`${pending.length} were pending when the call was over`);
  }

  /** A list of commands with scripts, whose replies nobody sees before all are there. */
  async #callLists(caller: number, options: CallOptions): Promise<void> {
    const nonce = `${++this.#nonce}`;
    const key = `${caller}:list`;
    const list: ListedCommand[] = [
      ['ECHO', nonce],
      [ECHO, [key], [nonce]],
      ['ECHO', nonce],
      [ECHO, [key], [nonce]],
    ];
    try {
      const results = await this.cluster.executeCommands(new Map([[key, list]]), options);
      const isRight = results.get(key)!.every(({ value }) => value === nonce);
      if (!isRight) this.wrong.push('a list had other answers');
    } catch (error) {
      this.#checkFailure(error);
    }
  }

  #checkFailure(error: unknown): void {
    const isExpected = error instanceof ChangedMind || isLabelled(error) || isOfCall(error);
    if (!isExpected) this.wrong.push(`a call failed with ${String(error)}`);
  }

  async callAgainAndAgain(caller: number): Promise<void> {
    for (let i = 0; i < CALLS; i++) await this.call(caller);
  }
}

/** A client that is closed, a host that is just not there, or several hosts. */
const OF_NO_HOST = ['ClosedError', 'BadHostSetup', 'FanoutError'];

/** An error that says of a command what it has to say. */
function isLabelled(error: unknown): boolean {
  if (!(error instanceof RbError)) return false;
  if (OF_NO_HOST.includes(error.name)) return true;
  const isPlaced = error.hostId !== undefined && error.address !== undefined;
  const isOutcomeKnown = error instanceof ReplyError || typeof error.maybeExecuted === 'boolean';
  return isPlaced && isOutcomeKnown && error.command !== undefined;
}

function isOfCall(error: unknown): boolean {
  return error instanceof Error && ['TimeoutError', 'MapError', 'FanoutError'].includes(error.name);
}

/** Halts servers for a while, lets them load, and cuts their connections, until it is over. */
async function disturb(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const single = pick(servers);
    const pid = single.server.pid!;
    const faults = [
      () => single.admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']),
      async () => {
        process.kill(pid, 'SIGSTOP');
        await delay(Math.random() * 100);
        process.kill(pid, 'SIGCONT');
      },
      async () => {
        await single.beginReload();
        await delay(Math.random() * 50);
        await single.finish();
      },
    ];
    await pick(faults)();
    await delay(20);
  }
}

describe.each<[string, PoolOptions]>([
  ['one connection for each host', {}],
  ['two connections for each host', { connectionsPerHost: 2 }],
  ['hardly any room, beyond which commands are rejected', { maxPendingCommands: 40 }],
  ['hardly any room, which commands wait for', { maxPendingCommands: 20, onOverload: 'wait' }],
])('callers who intervene, with %s', (_, poolOptions) => {
  it('leave nothing unsettled, pending or mixed up', async () => {
    const turmoil = new Turmoil(poolOptions);
    const { cluster } = turmoil;
    try {
      let isOver = false;
      const callers = Array.from({ length: CALLERS }, (_, i) => turmoil.callAgainAndAgain(i));
      const disturbance = disturb(() => isOver);
      await Promise.all(callers);
      isOver = true;
      await disturbance;

      expect(turmoil.wrong).toEqual([]);
      expect(turmoil.counts.resolved).toBeGreaterThan(2000);
      expect(turmoil.counts.rejected).toBeGreaterThan(500);
      for (const { signal } of turmoil.controllers) {
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      }
      // What was given up counts until its reply has come, or its connection has gone.
      const loads = () => [...cluster.health().values()];
      await condition(() =>
        loads().every((host) => host.pendingCommands === 0 && host.pendingBytes === 0),
      );
      const pongs = await cluster.all((client) => client.ping());
      expect([...pongs.values()]).toEqual(['PONG', 'PONG', 'PONG', 'PONG']);
    } finally {
      await cluster.disconnectPools();
    }
  }, 120_000);
});
