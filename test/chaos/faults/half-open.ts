import { condition } from '../../helpers/condition.js';
import type { Fault } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const halfOpen: Fault = {
  name: 'half-open socket',
  promise:
    'commands time out; when nothing at all has come for `connectTimeout` after that, the ' +
    'connection is replaced',
  pythonRb: PYTHON_RB.silent,
  trait: 'front',
  async strike(strike) {
    const { front } = strike.site;
    await condition(() => front.links.some(({ isOpen }) => isOpen));
    const { links } = front;
    strike.hit();
    for (const link of links) link.freeze();
    const isSeen = await strike.untilGivenUp(links);
    for (const link of links) link.reset();
    return isSeen;
  },
};
