/** Real servers for a test, and clusters over them. */

import { Cluster } from '../cluster.js';
import type { ClusterOptions } from '../cluster.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import { describeBadValue } from '../util/validate.js';
import { assertTimeout, clusterRule, readTestingOptions, setupRules } from './options.js';
import type { TestSetupOptions } from './options.js';
import type { RedisServer } from './redis-server.js';
import { ServerGroup } from './server-group.js';

/* eslint-disable @typescript-eslint/no-empty-object-type -- {} is "none", as in @redis/client */

/** The options of a cluster whose hosts are those of a test setup. */
export type SetupClusterOptions<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> = Omit<ClusterOptions<RESP, TM, M, F, S>, 'hosts'>;

const defaultTimeoutMs = 10_000;

/**
 * Starts real servers on unix sockets in a private folder (on free ports of 127.0.0.1 where there
 * are no unix sockets), and makes clusters whose hosts are their databases.
 *
 * The servers keep nothing on disk, read no configuration of the machine, and do not keep the
 * process alive. Nothing of them is left behind: not after {@link close}, not at the end of the
 * process, and not when it crashes or is killed.
 *
 * @example
 * ```ts
 * const setup = new TestSetup({ servers: 2, databasesEach: 4 });
 * const cluster = await setup.makeCluster();
 * await cluster.getRoutingClient().set('key', 'value');
 * await setup.close();
 * ```
 */
export class TestSetup {
  readonly #group: ServerGroup;
  readonly #databases: number;
  readonly #clusters: { disconnectPools(): Promise<void> }[] = [];

  /**
   * Starts the servers at once; {@link waitForServers} tells whether they came up.
   *
   * @throws MisuseError for an unknown option or a value that does not fit.
   */
  constructor(options: TestSetupOptions = {}) {
    const read = readTestingOptions<TestSetupOptions>('TestSetup', options, setupRules);
    const { servers = 4, databasesEach = 8, serverExecutable } = read;
    this.#databases = databasesEach;
    this.#group = new ServerGroup({ databases: databasesEach, executable: serverExecutable });
    for (let index = 0; index < servers; index++) this.#group.spawnServer();
  }

  /** The servers, in the order in which they were started. */
  get servers(): readonly RedisServer[] {
    return this.#group.servers;
  }

  /**
   * Starts one more server. Its databases are further hosts of the clusters made from now on.
   *
   * @example
   * setup.spawnServer();
   * const larger = await setup.makeCluster();
   *
   * @throws ClosedError after {@link close}.
   */
  spawnServer(): RedisServer {
    return this.#group.spawnServer();
  }

  /**
   * Resolves when every server answers.
   *
   * @param timeoutMs - How long to wait, in milliseconds; 10,000 unless told.
   * @throws TimeoutError with the end of a silent server's output.
   * @throws ConnectionError at once when a server could not be started (no executable was found) or
   * has ended, then with the end of its output.
   * @throws ClosedError when the setup is closed.
   */
  async waitForServers(timeoutMs: number = defaultTimeoutMs): Promise<void> {
    assertTimeout(timeoutMs);
    await this.#group.waitForServers(timeoutMs);
  }

  /**
   * Waits for the servers and makes a cluster over all of them: first the databases of the first
   * server, as hosts 0, 1, …, then those of the second, and so on. {@link close} disconnects it.
   *
   * @param options - Further options of the cluster.
   * @throws What {@link waitForServers} and the cluster's constructor do.
   * @example
   * const cluster = await setup.makeCluster({ poolOptions: { commandTimeout: 1000 } });
   */
  async makeCluster<
    RESP extends RespVersions = 3,
    TM extends TypeMapping = {},
    M extends RedisModules = {},
    F extends RedisFunctions = {},
    S extends RedisScripts = {},
  >(options: SetupClusterOptions<RESP, TM, M, F, S> = {}): Promise<Cluster<RESP, TM, M, F, S>> {
    if (!clusterRule.accepts(options)) {
      throw new MisuseError(
        'RB_INVALID_ARGUMENT',
        describeBadValue('the options of makeCluster', options, clusterRule),
      );
    }
    if ('hosts' in options) {
      throw new MisuseError(
        'RB_UNKNOWN_OPTION',
        'makeCluster has no option "hosts": the hosts are those of the test setup',
      );
    }
    await this.waitForServers();
    const cluster = new Cluster<RESP, TM, M, F, S>({ ...options, hosts: this.#hosts() });
    this.#clusters.push(cluster);
    return cluster;
  }

  #hosts(): Map<number, { host?: string; port?: number; unixSocketPath?: string; db: number }> {
    const addresses = this.servers.map(({ socketPath, port }) =>
      socketPath === undefined
        ? { host: '127.0.0.1', port: port ?? 0 }
        : { unixSocketPath: socketPath },
    );
    const databases = Array.from({ length: this.#databases }, (_, db) => db);
    const hosts = addresses.flatMap((address) => databases.map((db) => ({ ...address, db })));
    return new Map(hosts.entries());
  }

  /**
   * Disconnects the clusters made here, ends the servers, waits until they are gone, and removes
   * their folder. Further calls answer the same promise.
   */
  close(): Promise<void> {
    return this.#group.close(() =>
      Promise.allSettled(this.#clusters.map(async (cluster) => cluster.disconnectPools())),
    );
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
