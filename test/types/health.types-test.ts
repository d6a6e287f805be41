/** Checked by tsc alone: what a cluster tells of its hosts. */

import type { Cluster } from '../../src/cluster.js';
import type { HostHealth, HostState } from '../../src/health.js';
import { exactly } from './exact.types-test.js';

declare const cluster: Cluster;

export function health(): void {
  const all = cluster.health();
  exactly<ReadonlyMap<number, HostHealth>>()(all);
  const host = all.get(0)!;
  exactly<HostState>()(host.state);
  exactly<'idle' | 'connecting' | 'up' | 'down'>()(host.state);
  exactly<Date>()(host.since);
  exactly<Error | undefined>()(host.lastError);
  exactly<number>()(host.pendingCommands + host.pendingBytes + host.connections + host.reconnects);
  // @ts-expect-error -- it is a picture of a moment
  host.state = 'up';
}

export function events(): void {
  const same = cluster
    .on('hostDown', ({ hostId, address, error }) => {
      exactly<number>()(hostId);
      exactly<string>()(address);
      exactly<Error>()(error);
    })
    .once('hostUp', ({ downtime }) => {
      exactly<number | undefined>()(downtime);
    })
    .on('reconnecting', ({ attempt, delay }) => {
      exactly<number>()(attempt);
      exactly<number>()(delay);
    });
  exactly<Cluster>()(same);
  const listener = (event: { readonly hostId: number }): void => {
    exactly<number>()(event.hostId);
  };
  // A listener that needs less fits them all.
  cluster.on('hostUp', listener).off('hostUp', listener).on('hostDown', listener);
  // @ts-expect-error -- no such event
  cluster.on('hostdown', listener);
  // @ts-expect-error -- no such field
  cluster.on('hostUp', ({ error }) => exactly<unknown>()(error));
  // @ts-expect-error -- events are the cluster's to emit
  cluster.emitLater('hostUp', { hostId: 0, address: '' });
}
