/** ioredis: one client for each host, keys routed by the cluster's router. */
import { Redis } from 'ioredis';
import { runLoops } from '../loops.mjs';
import { runPipelines, runPromises } from './sharded.mjs';

/** One pipeline for each host. */
export const ioredisPipeline = {
  name: 'ioredis pipelines',
  async open(environment) {
    const clients = await connect(environment);
    return {
      run: (workload) =>
        runPipelines(workload, environment.router, {
          pipelines: clients.map((client) => client.pipeline()),
          issue: workload.commands.ioredis,
          execute: async (pipeline) => (await pipeline.exec()).map(unwrap),
        }),
      close: () => disconnect(clients),
    };
  },
};

/** A promise for each command; ioredis makes pipelines of those of one tick. */
export const ioredisAuto = {
  name: 'ioredis auto-pipelining',
  async open(environment) {
    const clients = await connect(environment, { enableAutoPipelining: true });
    return {
      run: (workload) =>
        runPromises(workload, environment.router, { clients, issue: workload.commands.ioredis }),
      close: () => disconnect(clients),
    };
  },
};

/** Single commands, auto-pipelined. */
export const ioredisAutoLoops = { name: ioredisAuto.name, open: (it) => openLoops(it, true) };

/** Single commands. */
export const ioredisLoops = { name: 'ioredis', open: (it) => openLoops(it, false) };

async function openLoops(environment, enableAutoPipelining) {
  const clients = await connect(environment, { enableAutoPipelining });
  const { router } = environment;
  return {
    run: (workload) =>
      runLoops(workload, (key, i) =>
        workload.commands.ioredis(clients[router.getHostForKey(key)], key, i),
      ),
    close: () => disconnect(clients),
  };
}

function connect({ hosts }, options = {}) {
  return Promise.all(
    hosts.map(async ({ unixSocketPath, host, port, db }) => {
      const address = unixSocketPath === undefined ? { host, port } : { path: unixSocketPath };
      const client = new Redis({ ...address, ...options, db, lazyConnect: true });
      await client.connect();
      return client;
    }),
  );
}

function disconnect(clients) {
  for (const client of clients) client.disconnect();
}

function unwrap([error, reply]) {
  if (error) throw error;
  return reply;
}
