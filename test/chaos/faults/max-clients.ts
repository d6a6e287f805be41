import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const maxClients: Fault = {
  name: 'maxclients',
  promise:
    'the attempt fails: a `ConnectionError`, with the answer of the server if it came through, ' +
    '`maybeExecuted: false`; it pauses as after any failed attempt',
  pythonRb: PYTHON_RB.connect,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      // The server may be gone again before it has said why.
      const refused = strike.watch(failedWith(/max number of clients|Could not connect/));
      await control.send('CONFIG', 'SET', 'maxclients', '1');
      strike.hit();
      await control.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const isSeen = await refused.wait();
      await control.send('CONFIG', 'SET', 'maxclients', '10000');
      return isSeen;
    }),
};
