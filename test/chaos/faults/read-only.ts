import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

/** Nobody listens there. */
const DEAD_MASTER = ['127.0.0.1', '1'] as const;

export const readOnly: Fault = {
  name: 'READONLY',
  promise:
    'each write is a `ReplyError` of kind READONLY; reads go on, or are MASTERDOWN where stale ' +
    'data is not served; nothing is sent again',
  pythonRb: PYTHON_RB.answer,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      const servesStale = strike.index % 2 === 0;
      const refused = strike.watch(
        failedWith(servesStale ? /RB_REPLY READONLY / : /RB_REPLY MASTERDOWN /),
      );
      await control.send('CONFIG', 'SET', 'replica-serve-stale-data', servesStale ? 'yes' : 'no');
      strike.hit();
      await control.send('REPLICAOF', ...DEAD_MASTER);
      const isSeen = await refused.wait();
      await control.send('REPLICAOF', 'NO', 'ONE');
      return isSeen;
    }),
};
