/** valkey-glide: one client for each host. Ways: `batch` (not atomic), `promises`. */
import { readFileSync } from 'node:fs';
import { Batch, Decoder, GlideClient } from '@valkey/valkey-glide';
import { TIMEOUT_MS } from './limits.mjs';
import { pipelines, promises } from './sharded.mjs';

/** More than any scenario has under way; the default would refuse. */
const MOST_REQUESTS = 2_000_000;
const issue = ({ glide }) => glide;

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
