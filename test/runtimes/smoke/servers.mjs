/** Servers of `redis-blaster/testing` that are started with more arguments than its own. */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestSetup } from 'redis-blaster/testing';

/** A folder for this run, inside the suite's, which is a copy and removed as a whole. */
export const folder = mkdtempSync(fileURLToPath(new URL('run-', import.meta.url)));

let executables = 0;

/** Runs `fn` with one server that has these arguments, and ends it. */
export async function withServer(serverArguments, fn) {
  const setup = new TestSetup({
    servers: 1,
    databasesEach: 1,
    serverExecutable: executableWith(serverArguments),
  });
  try {
    await setup.waitForServers(5000);
    return await fn(setup.servers[0], setup);
  } finally {
    await setup.close();
  }
}

/** A program that starts the server with further arguments; of two of a kind the last one counts. */
function executableWith(serverArguments) {
  const path = join(folder, `server-${executables++}`);
  const quoted = serverArguments.map((argument) => `'${argument.replaceAll("'", "'\\''")}'`);
  const server = '"$(command -v redis-server || command -v valkey-server)"';
  writeFileSync(path, `#!/bin/sh\nexec ${server} "$@" ${quoted.join(' ')}\n`, { mode: 0o700 });
  return path;
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
