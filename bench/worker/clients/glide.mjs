/** valkey-glide: one client for each host. Ways: `batch` (not atomic), `promises`. */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Batch, Decoder, GlideClient } from '@valkey/valkey-glide';
import { TIMEOUT_MS } from './limits.mjs';
import { pipelines, promises } from './sharded.mjs';

/** More than any scenario has under way; the default would refuse. */
const MOST_REQUESTS = 2_000_000;
const issue = ({ glide }) => glide;

// The library talks to its own threads over a socket, whose file it leaves behind.
process.once('exit', () => {
  const own = `glide-socket-${process.pid}-`;
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(own)) rmSync(join(tmpdir(), name), { force: true });
  }
});

// Ctrl-C reaches the whole group of processes.
process.once('SIGINT', () => process.exit());

export async function open({ hosts, way, replies }) {
  const clients = await connect(hosts, replies === 'buffers' ? Decoder.Bytes : Decoder.String);
  return {
    ...(way === 'batch'
      ? pipelines(clients, {
          make: () => new Batch(false),
          execute: (batch, client) => client.exec(batch, true),
          issue,
        })
      : promises(clients, issue)),
    info: () => Promise.all(clients.map((client) => client.info())),
    close() {
      for (const client of clients) client.close();
    },
  };
}

function connect(hosts, defaultDecoder) {
  return Promise.all(
    hosts.map(({ host, port, db, caFile }) =>
      GlideClient.createClient({
        addresses: [{ host, port }],
        databaseId: db,
        requestTimeout: TIMEOUT_MS,
        inflightRequestsLimit: MOST_REQUESTS,
        defaultDecoder,
        useTLS: caFile !== undefined,
        advancedConfiguration: { connectionTimeout: TIMEOUT_MS, ...trust(caFile) },
      }),
    ),
  );
}

function trust(caFile) {
  if (caFile === undefined) return {};
  return { tlsAdvancedConfiguration: { rootCertificates: readFileSync(caFile) } };
}
