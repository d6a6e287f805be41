/** A real server that takes its time to load its data, for as long as a test wants it to. */

import type { RedisServer } from '../../src/testing/redis-server.js';
import { condition } from './condition.js';
import { connectDirect, type DirectClient } from './direct-client.js';
import { startServer, type SingleServer } from './single-server.js';

/** While it loads, a server looks at its connections after each so many bytes. */
const EVENTS_INTERVAL = 1024;
const KEYS = 2000;
/** In microseconds, for each key. */
const DELAY = 20_000;

const serverArguments = [
  ['--enable-debug-command', 'yes'],
  ['--rdbcompression', 'no'],
  ['--loading-process-events-interval-bytes', `${EVENTS_INTERVAL}`],
  ['--key-load-delay', `${DELAY}`],
].flat();

/** Begins to load when told, and is done when told. */
export class LoadingServer {
  readonly #single: SingleServer;
  #admin: DirectClient;
  #reload: Promise<unknown> | undefined;

  private constructor(single: SingleServer, admin: DirectClient) {
    this.#single = single;
    this.#admin = admin;
  }

  static async start(): Promise<LoadingServer> {
    const single = await startServer({ serverArguments });
    const admin = await connectDirect(single.server);
    await admin.sendCommand(['DEBUG', 'POPULATE', `${KEYS}`, 'filler', `${EVENTS_INTERVAL * 2}`]);
    return new LoadingServer(single, admin);
  }

  get server(): RedisServer {
    return this.#single.server;
  }

  get path(): string {
    return this.server.socketPath!;
  }

  /** A connection that is there already when the server loads. */
  get admin(): DirectClient {
    return this.#admin;
  }

  /** Loads the data again, with all connections staying. */
  async beginReload(): Promise<void> {
    const other = await connectDirect(this.server);
    this.#reload = other.sendCommand(['DEBUG', 'RELOAD']).finally(() => other.destroy());
    await this.#untilLoading();
  }

  /** Ends the server and starts it again, with its data. */
  async restart(): Promise<void> {
    await this.#admin.sendCommand(['SAVE']);
    this.#admin.destroy();
    await this.server.stop();
    this.server.start();
    this.#admin = await connectDirect(this.server);
    await this.#untilLoading();
  }

  #untilLoading(): Promise<unknown> {
    return condition(() => this.isLoading(), 15_000);
  }

  async isLoading(): Promise<boolean> {
    return (await this.#admin.info('persistence')).includes('\nloading:1');
  }

  /** Lets it finish at once, and be slow again the next time. */
  async finish(): Promise<void> {
    await this.#admin.configSet('key-load-delay', '0');
    await condition(async () => !(await this.isLoading()), 15_000);
    await this.#reload;
    await this.#admin.configSet('key-load-delay', `${DELAY}`);
  }

  async close(): Promise<void> {
    this.#admin.destroy();
    await this.#single.close();
  }
}
