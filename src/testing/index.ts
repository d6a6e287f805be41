/**
 * Real servers for tests: what is published as `redis-blaster/testing`.
 *
 * @module redis-blaster/testing
 */

export { makeTestCluster } from './make-test-cluster.js';
export type { TestClusterOptions } from './make-test-cluster.js';
export type { TestSetupOptions } from './options.js';
export type { RedisServer } from './redis-server.js';
export { TestSetup } from './test-setup.js';
export type { SetupClusterOptions } from './test-setup.js';
