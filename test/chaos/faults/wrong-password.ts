import { randomUUID } from 'node:crypto';

import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const wrongPassword: Fault = {
  name: 'wrong password',
  promise:
    'a `ConnectionError` whose `cause` is the answer, `maybeExecuted: false`, without the ' +
    'password; it pauses as after any failed attempt',
  pythonRb: PYTHON_RB.connect,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      const refused = strike.watch(failedWith(/WRONGPASS/));
      await control.send('CONFIG', 'SET', 'requirepass', randomUUID());
      strike.hit();
      await control.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const isSeen = await refused.wait();
      await control.send('CONFIG', 'SET', 'requirepass', strike.site.password);
      return isSeen;
    }),
};
