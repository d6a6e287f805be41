/** The servers of a table, and the hosts that the contenders get: databases of the servers. */
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect, disconnect } from '../worker/clients/node-redis.mjs';
import { makeCertificate } from './certificates.mjs';

const MOST_SERVERS = 4;
const TCP_HOST = '127.0.0.1';

/** The servers here cannot do what a scenario needs. */
export class UnavailableError extends Error {}

/**
 * Starts servers.
 *
 * @param dist - The build whose `TestSetup` starts them.
 * @param hosts - How many hosts.
 * @param transport - `unix`, `tcp` or `tls`: what the contenders use.
 * @param needsTcp - Whether some contenders cannot use unix sockets.
 * @param lastHostAlone - Whether the last host is a server of its own.
 * @throws UnavailableError where the transport is not to be had.
 */
export async function startServers({ dist, hosts, transport, needsTcp, lastHostAlone }) {
  const { TestSetup } = await import(pathToFileURL(join(dist, 'testing', 'index.js')).href);
  const { places, ...amounts } = layOut(hosts, lastHostAlone);
  const setup = new TestSetup(amounts);
  try {
    await setup.waitForServers();
    const local = setup.servers.map(({ socketPath, port }) =>
      socketPath === undefined ? { host: TCP_HOST, port } : { path: socketPath },
    );
    const chosen = transport === 'unix' ? local : await listenOn(transport, local);
    const forTcpOnly = transport === 'unix' && needsTcp ? await listenOn('tcp', local) : chosen;
    const hostsAt = (addresses) => places.map(({ server, db }) => ({ ...addresses[server], db }));
    return {
      /** Where the contenders find the hosts. */
      hosts: hostsAt(chosen),
      /** The same for those who cannot use unix sockets. */
      tcpHosts: hostsAt(forTcpOnly),
      /** The same for the one who fills the servers and reads them back. */
      localHosts: hostsAt(local),
      ...processControl(setup),
      close: () => setup.close(),
    };
  } catch (error) {
    await setup.close();
    throw error;
  }
}

/**
 * On which server and in which database each host is. The first hosts are where they would be if
 * there were no others, so that a contender can be given only those.
 */
function layOut(hosts, lastHostAlone) {
  const shared = lastHostAlone ? hosts - 1 : hosts;
  const servers = Math.min(MOST_SERVERS, shared);
  const places = Array.from({ length: shared }, (_, i) => ({
    server: i % servers,
    db: Math.floor(i / servers),
  }));
  const databasesEach = Math.ceil(shared / servers);
  if (!lastHostAlone) return { places, servers, databasesEach };
  return { places: [...places, { server: servers, db: 0 }], servers: servers + 1, databasesEach };
}

/** Stops processes as SIGSTOP does: they keep their connections, and say nothing. */
function processControl({ servers }) {
  const signal = (some, name) => {
    // A server leads a process group.
    for (const { pid } of some) process.kill(-pid, name);
  };
  return {
    stopLastHost: () => signal(servers.slice(-1), 'SIGSTOP'),
    stopAll: () => signal(servers, 'SIGSTOP'),
    resume: () => signal(servers, 'SIGCONT'),
  };
}

/** Makes the servers listen on ports of 127.0.0.1, and answers their new addresses. */
async function listenOn(transport, local) {
  const ports = await findFreePorts(local.length);
  try {
    const trusted = transport === 'tls' ? certificateBeside(local[0]) : undefined;
    const clients = await connect(local.map((address) => ({ ...address, db: 0 })));
    try {
      const options = (port) => (trusted ? tlsOptions(trusted, port) : ['port', port]);
      const commands = ports.map((port) => ['CONFIG', 'SET', 'bind', TCP_HOST, ...options(port)]);
      await Promise.all(clients.map((client, i) => client.sendCommand(commands[i])));
    } finally {
      disconnect(clients);
    }
    const more = trusted === undefined ? {} : { caFile: trusted.authority };
    return ports.map((port) => ({ host: TCP_HOST, port: Number(port), ...more }));
  } catch (error) {
    throw new UnavailableError(`there is no ${transport} here: ${error.message}`, { cause: error });
  }
}

function tlsOptions({ key, certificate, authority }, port) {
  const files = ['tls-cert-file', certificate, 'tls-key-file', key, 'tls-ca-cert-file', authority];
  return [...files, 'tls-auth-clients', 'no', 'tls-port', port];
}

/** A certificate in the folder of a server, which is removed with the server. */
function certificateBeside({ path }) {
  if (path === undefined) throw new Error('the servers have no folder that is known');
  return makeCertificate(dirname(path));
}

async function findFreePorts(count) {
  const listeners = Array.from({ length: count }, () => createServer());
  const ports = [];
  for (const listener of listeners) {
    await new Promise((resolve) => listener.listen(0, TCP_HOST, resolve));
    ports.push(String(listener.address().port));
  }
  await Promise.all(listeners.map((listener) => new Promise((done) => listener.close(done))));
  return ports;
}
