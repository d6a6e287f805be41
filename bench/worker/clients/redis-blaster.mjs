/**
 * redis-blaster, as it is unless told otherwise. Ways: `map`, `map-of-all` (which joins its
 * promises itself), `plain-map` (commands as they are), `routing` (a native promise for each command).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TIMEOUT_MS } from './limits.mjs';

export async function open({ hosts, way, replies, dist }) {
  const { Cluster, RbPromise, RESP_TYPES } = await import(
    pathToFileURL(join(dist, 'index.js')).href
  );
  const cluster = new Cluster({
    hosts: new Map(hosts.map(hostConfig).entries()),
    poolOptions: { connectTimeout: TIMEOUT_MS },
  });
  // What the first run would pay is paid here, as the other libraries do when they connect.
  await cluster.all((client) => client.ping());
  const mapping = replies === 'buffers' ? { [RESP_TYPES.BLOB_STRING]: Buffer } : undefined;
  const clients =
    way === 'routing'
      ? routing(cluster)
      : maps(cluster, { autoBatch: way !== 'plain-map' }, mapping);
  if (way === 'map-of-all') clients.all = joined(cluster, RbPromise);
  return {
    ...clients,
    info: async () => [...(await cluster.all((client) => client.info())).values()],
    close: () => cluster.disconnectPools(),
  };
}

/** Issues the commands from `start` to `end`: their promises. */
function issue(client, { keys, commands }, start, end) {
  const { blaster } = commands;
  const issued = new Array(end - start);
  for (let i = start; i < end; i++) issued[i - start] = blaster(client, keys[i], i);
  return issued;
}

/** The values, in the places of their promises: another array would take new memory in each run. */
function valuesOf(promises) {
  for (let i = 0; i < promises.length; i++) promises[i] = promises[i].value;
  return promises;
}

/** All commands in one map, and their values in order, put together in the map. */
function joined(cluster, RbPromise) {
  return (workload, start, end) =>
    cluster.map((client) => RbPromise.all(issue(client, workload, start, end)));
}

function maps(cluster, options, mapping) {
  const issueMapped = (client, workload, start, end) => {
    const mapped = mapping === undefined ? client : client.withTypeMapping(mapping);
    return issue(mapped, workload, start, end);
  };

  /** All commands in one map, and their replies in order. */
  const all = async (workload, start, end) =>
    valuesOf(await cluster.map((client) => issueMapped(client, workload, start, end), options));

  /** The same; `onHost` is told when a host has answered all of its part. */
  const perHost = async (workload, start, end, onHost) => {
    const router = cluster.getRouter();
    const left = new Map();
    const tell = (host) => () => {
      const count = left.get(host) - 1;
      left.set(host, count);
      if (count === 0) onHost(host);
    };
    const issued = await cluster.map((client) => {
      const promises = issueMapped(client, workload, start, end);
      for (const [j, promise] of promises.entries()) {
        const host = router.getHostForKey(workload.keys[start + j]);
        left.set(host, (left.get(host) ?? 0) + 1);
        promise.done(tell(host));
      }
      return promises;
    }, options);
    return valuesOf(issued);
  };

  /** A map that is given up when its commands are on their way. */
  const abandon = async (workload, start, end) => {
    const giving = new AbortController();
    const reason = new Error('given up');
    const { signal } = giving;
    const call = cluster.map((client) => issueMapped(client, workload, start, end), {
      ...options,
      signal,
    });
    setImmediate(() => giving.abort(reason));
    await call.catch((error) => {
      if (error !== reason) throw error;
    });
  };

  return { all, perHost, abandon };
}

function routing(cluster) {
  const client = cluster.getRoutingClient();
  return {
    all: (workload, start, end) => Promise.all(issue(client, workload, start, end)),
    one: ({ keys, commands }, i) => commands.blaster(client, keys[i], i),
  };
}

function hostConfig({ path, host, port, db, caFile }) {
  if (path !== undefined) return { unixSocketPath: path, db };
  const tls = caFile === undefined ? {} : { ssl: true, sslOptions: { ca: readFileSync(caFile) } };
  return { host, port, db, ...tls };
}
