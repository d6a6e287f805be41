import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { condition } from '../../helpers/condition.js';
import { whileStopped } from '../../helpers/stopped.js';
import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

/** More than the queue of connections that a server with this backlog did not accept yet. */
const FILLERS = 6;
const QUEUE = 2;

export const blackHole: Fault = {
  name: 'black-holed address',
  promise:
    'an attempt to connect ends after `connectTimeout`; all that wait for it are rejected with ' +
    '`maybeExecuted: false`',
  pythonRb: PYTHON_RB.connect,
  trait: 'port',
  async strike(strike) {
    const { server } = strike.site;
    const late = strike.watch(failedWith(/RB_TIMEOUT Could not connect/));
    strike.hit();
    return whileStopped([server], async () => {
      // The system drops every further attempt once the queue is full.
      const fillers = await fillQueue(server.port ?? 0);
      try {
        return await late.wait();
      } finally {
        for (const filler of fillers) filler.destroy();
      }
    });
  },
};

async function fillQueue(port: number): Promise<Socket[]> {
  let connected = 0;
  const fillers = Array.from({ length: FILLERS }, () => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    socket.on('connect', () => connected++);
    return socket;
  });
  await condition(() => connected >= QUEUE);
  return fillers;
}
