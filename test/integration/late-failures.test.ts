/** What fails in a map after it has ended, where no join looks any more. */

import { beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import type { MappingClient } from '../../src/clients/mapping-client.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { atEndOfTick } from '../../src/util/timers.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1 });
let cluster: Cluster;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
});

interface Warning extends Error {
  readonly code?: string;
  readonly detail?: string;
}

/** The warnings of the library while `fn` runs, and of what it has left behind. */
async function warningsDuring(fn: () => unknown): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const listener = (warning: Warning): void => {
    if (warning.name === 'RedisBlasterWarning') warnings.push(warning);
  };
  process.on('warning', listener);
  await fn();
  // They come in a tick behind the end of the one in which the failure was.
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => atEndOfTick(resolve));
  process.off('warning', listener);
  return warnings;
}

/** The client of a map that has ended well. */
async function endedClient(): Promise<MappingClient> {
  let client: MappingClient | undefined;
  await cluster.map((c) => {
    client = c;
    c.set('k', 'v');
  });
  return client!;
}

describe('a command that is issued when its map has ended', () => {
  it('is told of in a warning that leads to it', async () => {
    const client = await endedClient();
    const [warning, ...others] = await warningsDuring(function leftBehind() {
      client.set('k', 'secret');
    });
    expect(others).toEqual([]);
    expect(warning).toMatchObject({ code: 'RB_LATE_FAILURE' });
    expect(warning!.message).toBe(
      'After a map or fan-out had ended, a failure in it was handled by nobody ' +
        '(SET: This client belongs to a call that has ended). Is an await missing in its callback?',
    );
    expect(warning!.detail).toMatch(/ClosedError: [^]*leftBehind/);
    expect(warning!.detail).not.toContain('secret');
  });

  it('is told of once for each map', async () => {
    const [client, other] = [await endedClient(), await endedClient()];
    const warnings = await warningsDuring(async () => {
      client.get('a');
      client.get('b');
      await new Promise<void>((resolve) => atEndOfTick(resolve));
      client.get('c');
      other.get('d');
    });
    expect(warnings).toHaveLength(2);
  });

  it('is told of in a fan-out, too', async () => {
    let late: (() => void) | undefined;
    await cluster.fanout((c) => {
      late = () => void c.target('all').get('k');
    });
    expect(await warningsDuring(late!)).toHaveLength(1);
  });

  it.each<[string, (client: MappingClient) => unknown]>([
    ['it is awaited', async (c) => await failureOf(c.get('k'))],
    ['it is caught', (c) => void c.get('k').catch(() => undefined)],
    [
      'it is caught a microtask later',
      async (c) => {
        const promise = c.get('k');
        await Promise.resolve();
        promise.done(undefined, () => undefined);
      },
    ],
    [
      'it is a member of what is awaited',
      async (c) => await failureOf(RbPromise.all([c.get('k')])),
    ],
  ])('is not told of where %s', async (_, use) => {
    const client = await endedClient();
    expect(await warningsDuring(() => use(client))).toEqual([]);
  });

  it('is not told of where the map has failed: its caller knows', async () => {
    const reason = new Error('given up');
    let client: MappingClient | undefined;
    const map = cluster.map((c) => {
      client = c;
      throw reason;
    });
    expect(await failureOf(map)).toBe(reason);
    expect(await warningsDuring(() => void client!.get('k'))).toEqual([]);
  });
});

describe('a promise that was derived in a map', () => {
  it('is told of when it is rejected after the end', async () => {
    const later = new RbPromise<never>();
    await cluster.map((c) => void c.get('k').then(() => later));
    const warnings = await warningsDuring(() => later.reject('no error'));
    expect(warnings).toMatchObject([{ code: 'RB_LATE_FAILURE' }]);
    expect(warnings[0]!.message).toContain('handled by nobody (a string)');
    expect(warnings[0]!.detail).toBeUndefined();
  });

  it('is not told of where somebody handles it', async () => {
    const later = new RbPromise<never>();
    let handled: unknown;
    await cluster.map(
      (c) =>
        void c
          .get('k')
          .then(() => later)
          .catch((reason: unknown) => (handled = reason)),
    );
    expect(await warningsDuring(() => later.reject('late'))).toEqual([]);
    expect(handled).toBe('late');
  });
});
