import type { Fault } from '../fault.js';
import { lostConnection } from '../fault.js';
import type { Link } from '../front.js';
import { PYTHON_RB } from './python-rb.js';
import { cutReplies, releaseReplies } from './replies.js';

export const cut: Fault = {
  name: 'replies cut',
  promise: 'as after a reset where the server ends; as in a half-open socket where it falls silent',
  pythonRb: PYTHON_RB.partial,
  trait: 'front',
  async strike(strike) {
    const isSilent = strike.index % 4 === 3;
    const lost = strike.watch(lostConnection);
    const struck: Link[] = [];
    cutReplies(strike, (link) => {
      struck.push(link);
      if (isSilent) link.freeze();
      else link.end();
    });
    await strike.until(() => struck.length > 0);
    const isSeen = isSilent ? await strike.untilGivenUp(struck) : await lost.wait();
    releaseReplies(strike);
    return isSeen;
  },
};
