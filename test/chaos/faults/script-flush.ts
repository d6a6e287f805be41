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
      const before = await misses(control);
      strike.hit();
      await control.send('SCRIPT', 'FLUSH', 'SYNC');
      return strike.until(async () => (await misses(control)) > before);
    }),
};

/** How often the server was asked for a script that it had forgotten. */
function misses(control: Control): Promise<number> {
  return control.stat('errorstats', /errorstat_NOSCRIPT:count=(\d+)/);
}
