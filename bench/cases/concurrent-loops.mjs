/** Loops side by side, as the requests of a web server: each awaits its GET before the next. */
import { prepareLoops } from '../loops.mjs';
import { single } from '../contenders/index.mjs';

const LOOPS = 64;

export const benchmark = {
  title: `${LOOPS} concurrent loops of awaited GETs`,
  size: 64_000,
  smokeSize: 640,
  contenders: single,
  prepare: (size, reference) => prepareLoops(size, reference, LOOPS),
};
