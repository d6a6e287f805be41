import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const outOfMemory: Fault = {
  name: 'OOM',
  promise: 'each write is a `ReplyError` of kind OOM by itself; reads go on; nothing is sent again',
  pythonRb: PYTHON_RB.answer,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      const refused = strike.watch(failedWith(/RB_REPLY OOM /));
      strike.hit();
      await control.send('CONFIG', 'SET', 'maxmemory', '1');
      const isSeen = await refused.wait();
      await control.send('CONFIG', 'SET', 'maxmemory', '0');
      return isSeen;
    }),
};
