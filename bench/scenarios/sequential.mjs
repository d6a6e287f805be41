/** One awaited GET after the other: what a single command takes. */
import { awaited } from '../contenders.mjs';
import { scenario as get } from './get.mjs';

export const scenario = {
  ...get,
  title: 'One awaited GET at a time',
  size: 5_000,
  smokeSize: 100,
  contenders: awaited,
  driver: 'loops',
  params: { loops: 1 },
};
