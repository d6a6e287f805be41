import type { Fault } from '../fault.js';
import { brokeProtocol, timedOut } from '../fault.js';
import type { Link } from '../front.js';
import { PYTHON_RB } from './python-rb.js';
import { releaseReplies, replaceReply } from './replies.js';

/** Something without an end: how it begins, how it goes on, and how fast. */
interface Flood {
  readonly head: Buffer;
  readonly rest: Buffer;
  /** Between two pieces, in ms; 0 for as fast as it is taken. */
  readonly pause: number;
}

const LINE: Flood = { head: Buffer.from('+'), rest: Buffer.alloc(1024 * 1024, 'x'), pause: 0 };
/** These go on at a pace that leaves time for the other hosts. */
const ARRAY: Flood = {
  head: Buffer.from('*134217728\r\n'),
  rest: Buffer.from(':1\r\n'.repeat(1024)),
  pause: 2,
};
const PUSHES: Flood = {
  head: Buffer.alloc(0),
  rest: Buffer.from('>2\r\n+nobody\r\n+asked\r\n'.repeat(100)),
  pause: 2,
};
const FLOODS = [LINE, ARRAY, PUSHES];

export const endless: Fault = {
  name: 'endless replies',
  promise:
    'a line ends the connection at 64 MiB with a `ProtocolError`; an array may go on to 2^27 ' +
    'elements, and pushes for ever: meanwhile commands time out',
  pythonRb: PYTHON_RB.unlimited,
  trait: 'front',
  async strike(strike) {
    const flood = FLOODS[strike.index % FLOODS.length]!;
    const effect = strike.watch(flood === LINE ? brokeProtocol : timedOut);
    let isOver = false;
    replaceReply(strike, (link) => {
      link.send(flood.head);
      pour(link, flood, () => isOver);
    });
    const isSeen = await effect.wait();
    isOver = true;
    releaseReplies(strike);
    return isSeen;
  },
};

/** Sends the same again and again, until the client is gone or it is over. */
function pour(link: Link, flood: Flood, isOver: () => boolean): void {
  if (!link.isOpen || isOver()) return;
  const goOn = () => pour(link, flood, isOver);
  const takesMore = link.send(flood.rest);
  if (!takesMore) link.onceDrained(goOn);
  else if (flood.pause > 0) setTimeout(goOn, flood.pause);
  else setImmediate(goOn);
}
