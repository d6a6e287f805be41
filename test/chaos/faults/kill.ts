import type { Fault } from '../fault.js';
import { lostConnection } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const kill: Fault = {
  name: 'kill -9 and restart under load',
  promise:
    'what was sent and only reads is sent again; a write that was sent is rejected with ' +
    '`maybeExecuted: true`; the host is used again as soon as it answers',
  pythonRb: PYTHON_RB.lost,
  trait: 'process',
  async strike(strike) {
    const { server } = strike.site;
    const lost = strike.watch(lostConnection);
    strike.hit();
    await server.stop('SIGKILL');
    server.start();
    await server.waitUntilReady(20_000);
    await strike.site.untilServing();
    return lost.wait();
  },
};
