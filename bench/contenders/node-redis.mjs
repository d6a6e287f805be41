/**
 * node-redis: one client for each host, keys routed by the cluster's router. Unless told otherwise
 * it watches the time of each single command, which costs; the other libraries do not. So single
 * commands come both ways.
 */
import { runLoops } from '../loops.mjs';
import { connect, disconnect } from '../reference.mjs';
import { runPipelines, runPromises } from './sharded.mjs';

/** Longer than node-redis' own 5 s, which a busy machine may exceed; the work is the same. */
const TIMEOUT_MS = 60_000;

/** One pipeline for each host. */
export const nodeRedisPipeline = {
  name: 'node-redis pipelines',
  async open(environment) {
    const clients = await connect(environment.hosts);
    return {
      run: (workload) =>
        runPipelines(workload, environment.router, {
          pipelines: clients.map((client) => client.multi()),
          issue: workload.commands.nodeRedis,
          execute: (pipeline) => pipeline.execAsPipeline(),
        }),
      close: () => disconnect(clients),
    };
  },
};

/** A promise for each command; node-redis sends those of one tick together. */
export const nodeRedisPromises = {
  name: 'node-redis Promise.all',
  open: (environment) => openPromises(environment, TIMEOUT_MS),
};

/** The same without a timeout. */
export const nodeRedisPromisesUntimed = {
  name: 'node-redis Promise.all, no timeout',
  open: (environment) => openPromises(environment, undefined),
};

/** Single commands. */
export const nodeRedisLoops = {
  name: 'node-redis',
  open: (environment) => openLoops(environment, TIMEOUT_MS),
};

/** The same without a timeout. */
export const nodeRedisLoopsUntimed = {
  name: 'node-redis, no timeout',
  open: (environment) => openLoops(environment, undefined),
};

async function openPromises({ hosts, router }, timeout) {
  const clients = await connect(hosts, timeout);
  return {
    run: (workload) =>
      runPromises(workload, router, { clients, issue: workload.commands.nodeRedis }),
    close: () => disconnect(clients),
  };
}

async function openLoops({ hosts, router }, timeout) {
  const clients = await connect(hosts, timeout);
  return {
    run: (workload) =>
      runLoops(workload, (key, i) =>
        workload.commands.nodeRedis(clients[router.getHostForKey(key)], key, i),
      ),
    close: () => disconnect(clients),
  };
}
