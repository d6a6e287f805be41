import type { Fault } from '../fault.js';
import { brokeProtocol } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';
import { releaseReplies, replaceReply } from './replies.js';

/** Just over the limits, and far over them. */
const HEADS = [
  `$${512 * 1024 * 1024 + 1}`,
  `*${2 ** 27 + 1}`,
  `%${2 ** 26 + 1}`,
  '$9007199254740993',
  `*${'9'.repeat(40)}`,
  `=${512 * 1024 * 1024 + 1}`,
].map((head) => Buffer.from(`${head}\r\n`));

export const tooLong: Fault = {
  name: 'replies too long',
  promise:
    'a string of more than 512 MiB, or more than 2^27 elements, is refused with a ' +
    '`ProtocolError` before any of it is kept',
  pythonRb: PYTHON_RB.unlimited,
  trait: 'front',
  async strike(strike) {
    const broken = strike.watch(brokeProtocol);
    replaceReply(strike, (link) => link.send(HEADS[strike.index % HEADS.length]!));
    const isSeen = await broken.wait();
    releaseReplies(strike);
    return isSeen;
  },
};
