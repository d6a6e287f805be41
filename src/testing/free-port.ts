/** A free port, found without waiting for the event loop. */

import { spawnSync } from 'node:child_process';

import { ConnectionError } from '../errors.js';

const script = `
const server = require('node:net').createServer();
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(String(server.address().port));
  server.close();
});
`;

const given = new Set<number>();

/**
 * A port of 127.0.0.1 that nobody listens on, and that this process was not given before.
 *
 * Only a process of its own can ask the system for one while this one's code runs on.
 */
export function findFreePort(): number {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
      windowsHide: true,
    });
    const port = Number(stdout);
    if (port > 0 && !given.has(port)) {
      given.add(port);
      return port;
    }
  }
  throw new ConnectionError('no free port of 127.0.0.1 was found');
}
