/** The faults' own proxy: a frozen connection must see that its client leaves. */

import { once } from 'node:events';
import { connect } from 'node:net';

import { expect, it } from 'vitest';

import { condition, startServer } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';
import { Front } from './front.js';

it('sees that the client leaves a frozen connection, whatever is on its way', async () => {
  const single = await startServer({ databases: 1 });
  const front = await Front.start({ path: single.server.socketPath! });
  const client = connect({ host: '127.0.0.1', port: front.port });
  try {
    await once(client, 'connect');
    await condition(() => front.links.length === 1);
    const link = front.links[0]!;
    await whileStopped([single.server], async () => {
      // More than the sockets between here and the server hold.
      client.write(Buffer.alloc(32 * 1024 * 1024));
      await condition(() => link.isWaiting);
      link.freeze();
      client.destroy();
      await condition(() => !link.isOpen);
    });
    expect(link.isOpen).toBe(false);
  } finally {
    client.destroy();
    front.close();
    await single.close();
  }
});
