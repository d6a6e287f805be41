import type { Fault } from '../fault.js';
import { brokeProtocol } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';
import { releaseReplies, replaceReply } from './replies.js';

/** Replies that break the protocol, each in its way. A change that keeps to it nobody can notice. */
const GARBAGE = [
  '!garbage\r\n',
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  '\0\0\0\0\0\0\0\0\r\n',
  '$4\r\nfive5\r\n',
  '$abc\r\n',
  '$-7\r\n',
  ':12x4\r\n',
  ':\r\n',
  '*-3\r\n',
  '+half a line\rend\r\n',
  '_?\r\n',
  '#maybe\r\n',
  ',one.two\r\n',
  '=2\r\nab\r\n',
  '\x7fELF\r\n',
  '*1\r\n>1\r\n+push inside a reply\r\n',
];

export const garble: Fault = {
  name: 'replies garbled',
  promise:
    'the first breach of the protocol ends the connection with a `ProtocolError`; reads are sent ' +
    'again, writes are rejected with `maybeExecuted: true`',
  pythonRb: PYTHON_RB.broken,
  trait: 'front',
  async strike(strike) {
    const broken = strike.watch(brokeProtocol);
    const garbage = Buffer.from(GARBAGE[strike.index % GARBAGE.length]!, 'latin1');
    replaceReply(strike, (link) => link.send(garbage));
    const isSeen = await broken.wait();
    releaseReplies(strike);
    return isSeen;
  },
};
