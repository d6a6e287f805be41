import { condition } from '../../helpers/condition.js';
import type { Control } from '../control.js';
import type { Fault } from '../fault.js';
import { PYTHON_RB } from './python-rb.js';

/** In microseconds, for each key that is loaded. */
const DELAY = '300';
/** How many commands a strike has refused before the server is let go on. */
const REFUSALS = 20;

export const loading: Fault = {
  name: 'LOADING',
  promise:
    'what was refused did not run: it is sent again in its order, at most `retries` times, then ' +
    'the connection is given up and all that wait are rejected with `maybeExecuted: false`',
  pythonRb: PYTHON_RB.answer,
  trait: 'any',
  strike: (strike) =>
    strike.site.withControl((control) =>
      strike.site.withControl(async (loader) => {
        await control.send('CONFIG', 'SET', 'key-load-delay', DELAY);
        const before = await refusals(control);
        strike.hit();
        let isLoaded = false;
        const reload = loader.send('DEBUG', 'RELOAD').then(() => (isLoaded = true));
        await condition(async () => isLoaded || (await refusals(control)) >= before + REFUSALS);
        await control.send('CONFIG', 'SET', 'key-load-delay', '0');
        await reload;
        return (await refusals(control)) > before;
      }),
    ),
};

/** How many commands the server has refused because it loads. */
function refusals(control: Control): Promise<number> {
  return control.stat('errorstats', /errorstat_LOADING:count=(\d+)/);
}
