/**
 * Redis hosts among which keys are divided by the client.
 *
 * @module redis-blaster
 */

export {
  type CommandParser,
  defineScript,
  type RedisArgument,
  type RedisClientType,
  RESP_TYPES,
  type TypeMapping,
} from './commands/upstream.js';
export type { RawArgument } from './commands/key-table.js';

export { Cluster, type ClusterOptions } from './cluster.js';
export type { CommandLists, ListResults } from './clients/execute-commands.js';
export type { ListedCommand, PlainCommand, ScriptCommand } from './clients/command-list.js';
export {
  type ExtendedFanoutClient,
  type ExtendedKeyTargetClient,
  FanoutClient,
  type FanoutHosts,
  KeyTargetClient,
} from './clients/fanout-client.js';
export type { LocalClient } from './clients/local-client.js';
export { type ExtendedMappingClient, MappingClient } from './clients/mapping-client.js';
export {
  type ClientOptions,
  type ExtendedRoutingClient,
  type FanoutOptions,
  RoutingClient,
  type RoutingClientOptions,
} from './clients/routing-client.js';
export * from './errors.js';
export type {
  ClusterEvents,
  ClusterListener,
  HostDownEvent,
  HostHealth,
  HostState,
  HostUpEvent,
  ReconnectingEvent,
} from './health.js';
export { HostInfo, type HostConfig, type HostCredentials, type HostsInput } from './hosts.js';
export type { CallOptions, PoolOptions, ReconnectOptions } from './options.js';
export { Pool, type PoolClass, type PoolSettings } from './pool.js';
export { RbPromise } from './promise/rb-promise.js';
export { Ketama, type KetamaWeights } from './hash/ketama.js';
export { ConsistentHashingRouter } from './routers/consistent-hashing-router.js';
export { PartitionRouter } from './routers/partition-router.js';
export {
  BaseRouter,
  type HostInfoLike,
  type RouterClass,
  type RouterCluster,
} from './routers/router.js';
export { Script } from './script.js';
export type { HostStats, LatencyStats } from './stats.js';
export type {
  BatchTrace,
  CommandTrace,
  ConnectionTrace,
  HostTrace,
  MapOperation,
  MapTrace,
} from './telemetry/traces.js';
export type { Key } from './util/key.js';
