/** A cluster over servers of its own, in one call. */

import type { Cluster } from '../cluster.js';
import type {
  RedisFunctions,
  RedisModules,
  RedisScripts,
  RespVersions,
  TypeMapping,
} from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import { clusterRule, readTestingOptions, setupRules } from './options.js';
import type { TestSetupOptions } from './options.js';
import type { OptionRules } from '../util/validate.js';
import { TestSetup } from './test-setup.js';
import type { SetupClusterOptions } from './test-setup.js';

/* eslint-disable @typescript-eslint/no-empty-object-type -- {} is "none", as in @redis/client */

/** What {@link makeTestCluster} takes: the options of the servers, and those of the cluster. */
export interface TestClusterOptions<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
> extends TestSetupOptions {
  /** Further options of the cluster. */
  readonly cluster?: SetupClusterOptions<RESP, TM, M, F, S> | undefined;
}

const testClusterRules: OptionRules<TestClusterOptions> = { ...setupRules, cluster: clusterRule };

/**
 * Starts servers and makes a cluster over them. Disposing of the cluster also stops the servers,
 * after the answers that are due have come; `disconnectPools` alone does not.
 *
 * @throws What `TestSetup` and its `makeCluster` do; nothing is left running then.
 *
 * @example
 * ```ts
 * await using cluster = await makeTestCluster({ servers: 2 });
 * ```
 */
export function makeTestCluster<
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
>(options?: TestClusterOptions<RESP, TM, M, F, S>): Promise<Cluster<RESP, TM, M, F, S>>;
/**
 * Starts servers, runs `fn` with a cluster over them, and stops them, also when `fn` throws.
 *
 * @returns What `fn` returned.
 *
 * @example
 * ```ts
 * const value = await makeTestCluster({}, cluster => cluster.getRoutingClient().get('key'));
 * ```
 */
export function makeTestCluster<
  T,
  RESP extends RespVersions = 3,
  TM extends TypeMapping = {},
  M extends RedisModules = {},
  F extends RedisFunctions = {},
  S extends RedisScripts = {},
>(
  options: TestClusterOptions<RESP, TM, M, F, S> | undefined,
  fn: (cluster: Cluster<RESP, TM, M, F, S>) => T,
): Promise<Awaited<T>>;
export async function makeTestCluster(
  options: TestClusterOptions = {},
  fn?: (cluster: Cluster) => unknown,
): Promise<unknown> {
  const read = readTestingOptions<TestClusterOptions>('makeTestCluster', options, testClusterRules);
  if (fn !== undefined && typeof fn !== 'function') {
    throw new MisuseError('RB_INVALID_ARGUMENT', 'makeTestCluster takes a function to run');
  }
  const { cluster: clusterOptions, ...setupOptions } = read;
  const setup = new TestSetup(setupOptions);
  return fn === undefined
    ? makeDisposable(setup, clusterOptions)
    : runAndClose(setup, clusterOptions, fn);
}

async function makeDisposable(
  setup: TestSetup,
  options: SetupClusterOptions | undefined,
): Promise<Cluster> {
  try {
    const cluster = await setup.makeCluster(options);
    const dispose = cluster[Symbol.asyncDispose].bind(cluster);
    const value = async (): Promise<void> => {
      try {
        await dispose();
      } finally {
        await setup.close();
      }
    };
    return Object.defineProperty(cluster, Symbol.asyncDispose, { value });
  } catch (error) {
    await setup.close();
    throw error;
  }
}

async function runAndClose(
  setup: TestSetup,
  options: SetupClusterOptions | undefined,
  fn: (cluster: Cluster) => unknown,
): Promise<unknown> {
  try {
    return await fn(await setup.makeCluster(options));
  } finally {
    await setup.close();
  }
}
