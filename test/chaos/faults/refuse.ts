import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const refuse: Fault = {
  name: 'connection refused',
  promise:
    'all that wait are rejected at once with `maybeExecuted: false`; then it pauses, from ' +
    '`minDelay` to `maxDelay`, and rejects at once meanwhile',
  pythonRb: PYTHON_RB.lost,
  trait: 'front',
  async strike(strike) {
    const { front } = strike.site;
    const refused = strike.watch(failedWith(/ECONNREFUSED/));
    front.refuse();
    strike.hit();
    front.cut();
    const isSeen = await refused.wait();
    await front.accept();
    return isSeen;
  },
};
