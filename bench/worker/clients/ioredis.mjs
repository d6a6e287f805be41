/** ioredis: one client for each host. Ways: `pipelines`, `lists`, `auto-pipelining`, `plain`. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { TIMEOUT_MS } from './limits.mjs';
import { lists, pipelines, promises } from './sharded.mjs';

const issue = ({ ioredis }) => ioredis;

export async function open({ hosts, way }) {
  const clients = await connect(hosts, {
    enableAutoPipelining: way === 'auto-pipelining',
    connectTimeout: TIMEOUT_MS,
  });
  return {
    ...wayOf(way, clients),
    info: () => Promise.all(clients.map((client) => client.info())),
    close() {
      for (const client of clients) client.disconnect();
    },
  };
}

function wayOf(way, clients) {
  if (way === 'lists') return lists(clients, issue);
  if (way !== 'pipelines') return promises(clients, issue);
  return pipelines(clients, { make: (client) => client.pipeline(), execute, issue });
}

async function execute(pipeline) {
  return (await pipeline.exec()).map(unwrap);
}

function unwrap([error, reply]) {
  if (error) throw error;
  return reply;
}

function connect(hosts, options) {
  return Promise.all(
    hosts.map(async ({ path, host, port, db, caFile }) => {
      const address = path === undefined ? { host, port } : { path };
      const tls = caFile === undefined ? {} : { tls: { ca: readFileSync(caFile) } };
      const client = new Redis({ ...address, ...tls, ...options, db, lazyConnect: true });
      // Failures reach the commands.
      client.on('error', () => {});
      await client.connect();
      return client;
    }),
  );
}
