import type { Fault } from '../fault.js';
import { brokeProtocol } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';
import { releaseReplies, replaceReply } from './replies.js';

/** Arrays, maps and sets inside each other, more than 512 of them. */
const NESTS = ['*1\r\n', '*2\r\n', '%1\r\n+key\r\n', '~1\r\n'].map((level) =>
  Buffer.from(level.repeat(600)),
);

export const tooDeep: Fault = {
  name: 'replies too deep',
  promise: 'more than 512 levels end the connection with a `ProtocolError`',
  pythonRb: PYTHON_RB.broken,
  trait: 'front',
  async strike(strike) {
    const broken = strike.watch(brokeProtocol);
    replaceReply(strike, (link) => link.send(NESTS[strike.index % NESTS.length]!));
    const isSeen = await broken.wait();
    releaseReplies(strike);
    return isSeen;
  },
};
