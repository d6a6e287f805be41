/** One host of the cluster under test: its server, what stands before it, and what is counted. */

import { randomUUID } from 'node:crypto';
import type { NetConnectOpts } from 'node:net';

import type { RedisServer } from '../../src/testing/redis-server.js';
import { condition, startServer } from '../helpers/servers.js';
import type { SingleServer } from '../helpers/servers.js';
import type { Certificates } from './certificates.js';
import { connectControl } from './control.js';
import type { Control } from './control.js';
import { Front } from './front.js';
import type { Ledger } from './ledger.js';
import type { Operation, Outcome } from './operation.js';
import { Tally } from './tally.js';

/**
 * What a fault can ask of a host:
 *
 * - `'any'`: nothing but its server.
 * - `'process'`: the client's connections lead to the server's process itself.
 * - `'port'`: that, over TCP, with a short queue of connections that are not accepted.
 * - `'front'`: something stands between, that can harm what passes.
 * - `'tls'`: that, and it shows a certificate.
 */
export type Trait = 'any' | 'process' | 'port' | 'front' | 'tls';

/** How a host is built. */
export type SiteKind = 'socket' | 'port' | 'front' | 'tls';

const TRAITS: Readonly<Record<SiteKind, readonly Trait[]>> = {
  socket: ['any', 'process'],
  port: ['any', 'process', 'port'],
  front: ['any', 'front'],
  tls: ['any', 'front', 'tls'],
};

/**
 * What a kill does not take: everything that was answered is in the file by then. With any other
 * `appendfsync` a connection that has replies waiting may get the next one before the file does.
 */
const DURABLE = [
  '--appendonly',
  'yes',
  '--appendfsync',
  'always',
  '--auto-aof-rewrite-percentage',
  '0',
];
/** For servers that can be made to load: they look at their connections often meanwhile. */
const DEBUGGABLE = [
  ['--enable-debug-command', 'local'],
  ['--rdbcompression', 'no'],
  ['--loading-process-events-interval-bytes', '1024'],
].flat();
/** How long a server may take for what has to be done between strikes. */
const PATIENCE = 90_000;

/** Is told how a command on this host ended. */
export type Observer = (operation: Operation, outcome: Outcome) => void;

export class Site {
  readonly hostId: number;
  readonly traits: readonly Trait[];
  readonly password: string;
  readonly certificates: Certificates | undefined;
  readonly #single: SingleServer;
  readonly #front: Front | undefined;
  readonly #observers = new Set<Observer>();
  /** What is counted now. */
  tally = new Tally();
  /** What must be on the server; set before the first command. */
  ledger!: Ledger;
  /** Whether the workload may use it. */
  isOpen = false;
  /** Commands that were issued and have not ended. */
  inFlight = 0;

  private constructor(hostId: number, kind: SiteKind, parts: SiteParts) {
    this.hostId = hostId;
    this.traits = TRAITS[kind];
    this.password = parts.password;
    this.certificates = parts.certificates;
    this.#single = parts.single;
    this.#front = parts.front;
  }

  static async start(hostId: number, kind: SiteKind, certificates?: Certificates): Promise<Site> {
    const password = randomUUID();
    const single = await startServer({
      tcp: kind === 'port',
      databases: 1,
      serverArguments: [
        ...['--requirepass', password, '--tcp-backlog', '1'],
        ...DEBUGGABLE,
        ...(TRAITS[kind].includes('process') ? DURABLE : []),
      ],
    });
    const hasFront = TRAITS[kind].includes('front');
    const context = kind === 'tls' ? certificates!.valid : undefined;
    const front = hasFront ? await Front.start(single.server.target, context) : undefined;
    return new Site(hostId, kind, { password, single, front, certificates });
  }

  get server(): RedisServer {
    return this.#single.server;
  }

  /** What stands before the server of a host that has the trait `'front'`. */
  get front(): Front {
    if (this.#front === undefined) throw new Error(`nothing stands before host ${this.hostId}`);
    return this.#front;
  }

  /** Where clients find the host. */
  get address(): { readonly path: string } | { readonly host: string; readonly port: number } {
    if (this.#front !== undefined) return { host: '127.0.0.1', port: this.#front.port };
    const { socketPath, port } = this.server;
    if (socketPath !== undefined) return { path: socketPath };
    return { host: '127.0.0.1', port: port ?? 0 };
  }

  /** Whether clients have to speak TLS. */
  get isSecure(): boolean {
    return this.traits.includes('tls');
  }

  get #target(): NetConnectOpts {
    return this.server.target;
  }

  /** Opens a connection past every fault. */
  connectControl(): Promise<Control> {
    return connectControl(this.#target, this.password);
  }

  /** Runs `fn` with such a connection. */
  async withControl<T>(fn: (control: Control) => Promise<T>): Promise<T> {
    const control = await this.connectControl();
    try {
      return await fn(control);
    } finally {
      control.close();
    }
  }

  /** Waits until the server runs commands: one that wants a password does not say that it loads. */
  async untilServing(): Promise<void> {
    await condition(() => this.withControl((control) => control.send('PING')), PATIENCE);
  }

  /** A command was issued. */
  onIssued(): void {
    this.inFlight++;
    this.tally.commands++;
  }

  /** A command has ended; `tally` is the one that counted it when it was issued. */
  onSettled(operation: Operation, outcome: Outcome, tally: Tally): void {
    this.inFlight--;
    count(tally, outcome);
    this.ledger.settle(operation, outcome, tally);
    for (const observer of this.#observers) observer(operation, outcome);
  }

  /** Tells `observer` of every command that ends, until the answered function is called. */
  observe(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /**
   * Keeps the workload away, and waits until none of its commands is under way. That may take seconds
   * where the host itself is sound: lists of scripts end when all their hosts have answered or failed.
   */
  async rest(): Promise<void> {
    this.isOpen = false;
    await condition(() => this.inFlight === 0, PATIENCE);
  }

  /**
   * Lets the host rest, waits until the server has seen the last of what was ever sent to it, and
   * compares what it has with what it must have.
   */
  async audit(): Promise<void> {
    await this.rest();
    await this.withControl(async (control) => {
      await condition(async () => (await connectionsAt(control)) <= 1, PATIENCE);
      await this.ledger.audit((commands) => control.sendAll(commands), this.tally);
    });
  }

  /** Ends all of it. */
  async close(): Promise<void> {
    this.#front?.close();
    await this.#single.close();
  }
}

interface SiteParts {
  readonly password: string;
  readonly single: SingleServer;
  readonly front: Front | undefined;
  readonly certificates: Certificates | undefined;
}

function count(tally: Tally, outcome: Outcome): void {
  if ('value' in outcome) tally.succeeded++;
  else if (outcome.verdict === 'answered') tally.answered++;
  else if (outcome.verdict === 'maybe') tally.maybe++;
  else tally.notRun++;
  if ('breach' in outcome && outcome.breach !== undefined) tally.blame('wrong', outcome.breach);
}

/** How many connections there are beside this one. */
async function connectionsAt(control: Control): Promise<number> {
  const list = String(await control.send('CLIENT', 'LIST', 'TYPE', 'normal'));
  return list.trim().split('\n').length - 1;
}
