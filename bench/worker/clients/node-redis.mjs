/**
 * node-redis: one client for each host. Ways: `pipelines`, `lists`, `promises`, `promises-untimed`.
 * Unless told otherwise it watches the time of each single command, which costs; the other libraries
 * do not. So promises come both ways.
 */
import { readFileSync } from 'node:fs';
import { RESP_TYPES, createClient } from 'redis';
import { TIMEOUT_MS } from './limits.mjs';
import { lists, pipelines, promises } from './sharded.mjs';

const issue = ({ nodeRedis }) => nodeRedis;

export async function open({ hosts, way, replies }) {
  const connected = await connect(hosts, way === 'promises' ? TIMEOUT_MS : undefined);
  const clients = replies === 'buffers' ? connected.map(withBuffers) : connected;
  return {
    ...wayOf(way, clients),
    info: () => Promise.all(clients.map((client) => client.info())),
    close: () => disconnect(connected),
  };
}

function wayOf(way, clients) {
  if (way === 'lists') return lists(clients, issue);
  if (way !== 'pipelines') return promises(clients, issue);
  return pipelines(clients, {
    make: (client) => client.multi(),
    execute: (pipeline) => pipeline.execAsPipeline(),
    issue,
  });
}

/** One connected client for each host; without a timeout unless told. */
export function connect(hosts, timeout) {
  const settings = hosts.map((host) => ({ ...hostOptions(host), commandOptions: { timeout } }));
  const first = createClient(settings[0]);
  // Duplicates share the class of the first. Each class takes long to make, and clients of many
  // classes are slower to call.
  const others = settings.slice(1).map((options) => first.duplicate(options));
  return Promise.all([first, ...others].map(connectOne));
}

function connectOne(client) {
  // Failures reach the commands.
  client.on('error', () => {});
  return client.connect();
}

function hostOptions({ path, host, port, db, caFile }) {
  const address = path === undefined ? { host, port } : { path };
  const tls = caFile === undefined ? {} : { tls: true, ca: readFileSync(caFile) };
  return { socket: { ...address, ...tls, connectTimeout: TIMEOUT_MS }, database: db };
}

/** Ends connections at once. */
export function disconnect(clients) {
  for (const client of clients) client.destroy();
}

function withBuffers(client) {
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}
