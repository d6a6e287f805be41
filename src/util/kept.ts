/**
 * One object of each kind that comes and goes. V8 forgets the shape of objects of which none is alive
 * when it collects garbage, and with it all code that is optimized for them: what comes next would run
 * unoptimized at first.
 */

import { executionAsyncResource } from 'node:async_hooks';

const samples: object[] = [];

/** Keeps an object alive for as long as the process runs. */
export function keepAlive(sample: object): void {
  samples.push(sample);
}

/** Of Node's own objects those that it queues callbacks with, which show themselves only in these. */
const keepOwnResource = (): void => {
  keepAlive(executionAsyncResource());
};
process.nextTick(keepOwnResource);
queueMicrotask(keepOwnResource);
