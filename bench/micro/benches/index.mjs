/**
 * All benches. Each is `{ name, setUp }`, and `setUp()` answers what one run of it is:
 *
 * - `run()`: does the work `operations` times; `isAsync` if it answers a promise
 * - `operations`: what the figures are divided by
 * - `prepare()`: where there is one, makes what the next run uses up, outside of the time
 * - `check()`: throws, or rejects, if the work is not done right; called once before any time is taken
 */
import { commandBenches } from './commands.mjs';
import { decoderBenches } from './decoder.mjs';
import { encoderBenches } from './encoder.mjs';
import { promiseBenches } from './promises.mjs';
import { routerBenches } from './routers.mjs';
import { settlingBenches } from './settling.mjs';

/** The benches over the library's inside, as inside.mjs names it. */
export function allBenches(inside) {
  return [
    ...encoderBenches(inside),
    ...decoderBenches(inside),
    ...routerBenches(inside),
    ...promiseBenches(inside),
    ...commandBenches(inside),
    ...settlingBenches(inside),
  ];
}
