/** A router, and what those who ask it for each command know of it beforehand. */

import { asPartitionRouter, type PartitionRouter } from './partition-router.js';
import { type BaseRouter, routesByKey } from './router.js';

export interface Routing {
  readonly router: BaseRouter;
  /** Whether it decides by the key alone. */
  readonly routesByKey: boolean;
  /** The router if it is the default one, unchanged. */
  readonly partitionRouter: PartitionRouter | undefined;
}

/** To be made once for each router. */
export function routingOf(router: BaseRouter): Routing {
  return {
    router,
    routesByKey: routesByKey(router),
    partitionRouter: asPartitionRouter(router),
  };
}
