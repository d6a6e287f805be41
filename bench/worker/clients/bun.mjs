/**
 * The client that is built into Bun, run by Bun: one for each host, auto-pipelined. Ways: `promises`,
 * `lists`.
 */
import { readFileSync } from 'node:fs';
import { TIMEOUT_MS } from './limits.mjs';
import { lists, promises } from './sharded.mjs';

const issue = ({ bun }) => bun;

export async function open({ hosts, way }) {
  const clients = await Promise.all(hosts.map(connect));
  return {
    ...(way === 'lists' ? lists(clients, issue) : promises(clients, issue)),
    info: () => Promise.all(clients.map((client) => client.send('INFO', []))),
    close() {
      for (const client of clients) client.close();
    },
  };
}

async function connect({ path, host, port, db, caFile }) {
  const scheme = caFile === undefined ? 'redis' : 'rediss';
  const url = path === undefined ? `${scheme}://${host}:${port}` : `redis+unix://${path}`;
  const tls = caFile === undefined ? {} : { tls: { ca: readFileSync(caFile, 'utf8') } };
  const options = { ...tls, connectionTimeout: TIMEOUT_MS };
  const client = new globalThis.Bun.RedisClient(url, options);
  await client.connect();
  await client.send('SELECT', [String(db)]);
  return client;
}
