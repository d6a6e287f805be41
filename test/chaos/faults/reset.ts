import type { Fault } from '../fault.js';
import { lostConnection } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';
import { cutReplies, releaseReplies } from './replies.js';

export const reset: Fault = {
  name: 'reset mid-reply',
  promise:
    'nobody gets the half reply; what only reads is sent again, what writes is rejected with ' +
    '`maybeExecuted: true`',
  pythonRb: PYTHON_RB.lost,
  trait: 'front',
  async strike(strike) {
    const lost = strike.watch(lostConnection);
    cutReplies(strike, (link) => link.reset());
    const isSeen = await lost.wait();
    releaseReplies(strike);
    return isSeen;
  },
};
