import { whileStopped } from '../../helpers/stopped.js';
import type { Fault } from '../fault.js';
import { failedWith, timedOut } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const stop: Fault = {
  name: 'SIGSTOP and SIGCONT',
  promise:
    'commands time out, their late replies are dropped and reach nobody else; a connection ' +
    'that stays silent for `connectTimeout` is replaced',
  pythonRb: PYTHON_RB.silent,
  trait: 'process',
  async strike(strike) {
    const late = strike.watch(timedOut);
    const silent = strike.watch(failedWith(/was silent for|Could not connect/));
    strike.hit();
    // Every second time it lasts until the connection is given up as well.
    const effect = strike.index % 2 === 0 ? late : silent;
    return whileStopped([strike.site.server], () => effect.wait());
  },
};
