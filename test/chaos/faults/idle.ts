import { condition } from '../../helpers/condition.js';
import type { Control } from '../control.js';
import type { Fault, Strike } from '../fault.js';
import { failedWith, lostConnection } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

/** How often the server's own idle timeout is waited for: it takes more than a second. */
const REAL_TIMEOUT_EVERY = 50;

export const idle: Fault = {
  name: 'server closing idle connections',
  promise:
    'a connection that was closed while idle is opened again by the next command, without a ' +
    'failure; with commands in flight it is a lost connection',
  pythonRb: PYTHON_RB.lost,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      const isDue = strike.index % REAL_TIMEOUT_EVERY === 0;
      if (isDue && !(await survivesTimeout(strike, control))) return false;
      const lost = strike.watch(lostConnection);
      // So that a write is under way that cannot have its answer.
      await control.send('CLIENT', 'PAUSE', '10000', 'WRITE');
      await condition(async () => (await writesHeldBack(control)) > 0);
      strike.hit();
      await control.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await control.send('CLIENT', 'UNPAUSE');
      return lost.wait();
    }),
};

/** Lets the server close what has been idle for a second; what comes next must not fail. */
async function survivesTimeout(strike: Strike, control: Control): Promise<boolean> {
  const { site } = strike;
  await site.rest();
  const before = await connections(control);
  await control.send('CONFIG', 'SET', 'timeout', '1');
  const isLeftAlone = async () =>
    (await connections(control)).filter((id) => before.includes(id)).length === 1;
  await condition(isLeftAlone, 10_000);
  await control.send('CONFIG', 'SET', 'timeout', '0');
  const failed = strike.watch(failedWith(/./));
  site.isOpen = true;
  return (await strike.recovered(1)) > 0 && !failed.isSeen;
}

/** How many connections wait for the end of a pause. */
function writesHeldBack(control: Control): Promise<number> {
  return control.stat('clients', /blocked_clients:(\d+)/);
}

/** The ids of all connections, of which this is one. Some clients connect again at once. */
async function connections(control: Control): Promise<string[]> {
  const list = String(await control.send('CLIENT', 'LIST', 'TYPE', 'normal'));
  return list.match(/^id=\d+/gm) ?? [];
}
