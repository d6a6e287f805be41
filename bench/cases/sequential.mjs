/** One awaited GET after the other: what a single command takes. */
import { prepareLoops } from '../loops.mjs';
import { single } from '../contenders/index.mjs';

export const benchmark = {
  title: 'One awaited GET at a time',
  size: 5_000,
  smokeSize: 100,
  contenders: single,
  prepare: (size, reference) => prepareLoops(size, reference, 1),
};
