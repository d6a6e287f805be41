import type { Fault } from '../fault.js';
import { failedWith } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const expiredCertificate: Fault = {
  name: 'expired certificate',
  promise:
    'a `ConnectionError` whose `cause` is the reason of TLS, `maybeExecuted: false`; it pauses as ' +
    'after any failed attempt',
  pythonRb: PYTHON_RB.connect,
  trait: 'tls',
  async strike(strike) {
    const { front, certificates } = strike.site;
    const refused = strike.watch(failedWith(/CERT_HAS_EXPIRED/));
    front.context = certificates!.expired;
    strike.hit();
    front.cut();
    const isSeen = await refused.wait();
    front.context = certificates!.valid;
    return isSeen;
  },
};
