/** Many small batches, each awaited before the next: a page that needs fifty keys. */
import { scenario as get } from './get.mjs';

const BURST = 50;

export const scenario = {
  ...get,
  title: `GET in bursts of ${BURST}; latencies are of bursts`,
  size: 1_000 * BURST,
  smokeSize: 10 * BURST,
  params: { chunk: BURST },
};
