import { condition } from '../../helpers/condition.js';
import type { Fault, Strike } from '../fault.js';
import type { Link } from '../front.js';
import { PYTHON_RB } from './python-rb.js';

/** How many bytes come one by one at each strike. */
const BYTES = 60;

export const dribble: Fault = {
  name: 'replies dribbled byte by byte',
  promise: 'every reply is right, only later; commands that wait too long time out',
  pythonRb: PYTHON_RB.partial,
  trait: 'front',
  async strike(strike) {
    const { front } = strike.site;
    await condition(() => front.links.some(({ isOpen }) => isOpen));
    const dribbles = front.links.map((link) => new Dribble(strike, link));
    const isSeen = await strike.until(() => dribbles.some(({ left }) => left === 0));
    for (const each of dribbles) each.end();
    return isSeen;
  },
};

/** Sends what comes on a connection byte by byte for a while. */
class Dribble {
  readonly #strike: Strike;
  readonly #link: Link;
  #held = Buffer.alloc(0);
  #isOver = false;
  /** How many bytes are still to be sent so. */
  left = BYTES;
  readonly #sendByte = (): void => {
    if (this.#isOver || !this.#link.isOpen) return;
    if (this.#held.length > 0) {
      this.#strike.hit();
      this.#link.send(this.#held.subarray(0, 1));
      this.#held = this.#held.subarray(1);
      this.left--;
    }
    if (this.left > 0) setImmediate(this.#sendByte);
    else this.end();
  };

  constructor(strike: Strike, link: Link) {
    this.#strike = strike;
    this.#link = link;
    link.handler = (_, chunk) => {
      this.#held = Buffer.concat([this.#held, chunk]);
    };
    setImmediate(this.#sendByte);
  }

  /** Lets all that is held pass at once, and what follows as ever. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link.handler = undefined;
    this.#link.send(this.#held);
  }
}
