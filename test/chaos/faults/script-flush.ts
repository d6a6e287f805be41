import type { Control } from '../control.js';
import type { Fault } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

export const scriptFlush: Fault = {
  name: 'SCRIPT FLUSH',
  promise:
    'nobody sees a NOSCRIPT: a typed script is evaluated, a listed one is loaded again before ' +
    'anything behind it runs',
  pythonRb: PYTHON_RB.script,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl(async (control) => {
      const before = await noticed(control);
      strike.hit();
      await control.send('SCRIPT', 'FLUSH', 'SYNC');
      return strike.until(async () => (await noticed(control)) > before);
    }),
};

/** How often the server was asked for a script that it had forgotten, or was told one again. */
async function noticed(control: Control): Promise<number> {
  const asked = await control.stat('errorstats', /errorstat_NOSCRIPT:count=(\d+)/);
  return asked + (await control.stat('commandstats', /cmdstat_script\|load:calls=(\d+)/));
}
