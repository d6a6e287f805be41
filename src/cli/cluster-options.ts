/** From options, environment and config file to the options of a cluster. */

import type { ClusterOptions } from '../cluster.js';
import { ConsistentHashingRouter } from '../routers/consistent-hashing-router.js';
import { PartitionRouter } from '../routers/partition-router.js';
import type { RouterClass } from '../routers/router.js';
import { findConfigFile, readConfigFile } from './config-file.js';
import { UsageError } from './exit.js';
import { readHostList } from './host-list.js';
import { hideLogin } from './text.js';

/** What a call says about the cluster. */
export interface ClusterSource {
  readonly config?: string | undefined;
  readonly urls: readonly string[];
  readonly router?: string | undefined;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the waiting for a config file. */
  readonly signal: AbortSignal;
}

/** The options of a cluster, and where they are from. */
export interface FoundOptions {
  readonly options: ClusterOptions;
  /** The path of the config file, or the name of what holds the URLs. */
  readonly origin: string;
}

/**
 * Reads the options of the cluster from the first of: `--hosts`, `--config`, `RB_HOSTS`, the config
 * file of the current folder. Undefined if there are none.
 */
export async function findClusterOptions(source: ClusterSource): Promise<FoundOptions | undefined> {
  const { config, urls, folder, env } = source;
  const router =
    source.router === undefined
      ? {}
      : // The options of the cluster's own router are not for another one.
        { router: routerNamed(source.router), routerOptions: undefined };
  if (urls.length > 0) {
    if (config !== undefined) {
      throw new UsageError('--hosts and --config both name a cluster: give only one of them');
    }
    return { options: { hosts: urls, ...router }, origin: '--hosts' };
  }
  const listed = env['RB_HOSTS'] ?? '';
  if (config === undefined && listed !== '') {
    return { options: { hosts: urlsOf(listed), ...router }, origin: 'RB_HOSTS' };
  }
  const path = config ?? findConfigFile(folder);
  if (path === undefined) return undefined;
  const content = await readConfigFile(path, folder, source.signal);
  return { options: { ...withRouterClass(content, path), ...router }, origin: path };
}

function urlsOf(listed: string): readonly string[] {
  const { urls, ids } = readHostList([listed]);
  if (ids.length === 0) return urls;
  throw new UsageError('RB_HOSTS must hold URLs: redis://host:6379,redis://other:6379');
}

/** What a file says is a cluster's to check; only the name of a router becomes its class here. */
function withRouterClass(content: Record<string, unknown>, path: string): ClusterOptions {
  const { router } = content;
  const options = content as unknown as ClusterOptions;
  if (typeof router !== 'string') return options;
  try {
    return { ...options, router: routerNamed(router) };
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

const ROUTERS = { PartitionRouter, ConsistentHashingRouter } as const;

/** The built-in router of a name: that of its class, or `partition`, `consistent-hashing`. */
export function routerNamed(name: string): RouterClass {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '');
  const found = Object.entries(ROUTERS).find(([className]) => {
    const wanted = plain(name);
    return wanted === plain(className) || `${wanted}router` === plain(className);
  });
  if (found !== undefined) return found[1];
  throw new UsageError(
    `there is no router '${hideLogin(name)}': ` +
      `the routers are ${Object.keys(ROUTERS).join(' and ')} ` +
      '(your own can be named in a config that is a .js file)',
  );
}

/** The message for a call that needs a cluster and names none. */
export function noClusterError(): UsageError {
  return new UsageError(
    'no cluster is named: put an rb.config.json in this folder, or name hosts with ' +
      '--hosts redis://host:6379,redis://other:6379 or in RB_HOSTS, or a file with --config',
  );
}
