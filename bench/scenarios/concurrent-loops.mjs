/** Loops side by side, as the requests of a web server: each awaits its GET before the next. */
import { awaited } from '../contenders.mjs';
import { scenario as get } from './get.mjs';

const LOOPS = 64;

export const scenario = {
  ...get,
  title: `${LOOPS} concurrent loops of awaited GETs`,
  size: 64_000,
  smokeSize: 640,
  contenders: awaited,
  driver: 'loops',
  params: { loops: LOOPS },
};
