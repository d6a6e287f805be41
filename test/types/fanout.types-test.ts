/** Checked by tsc alone: fan-outs, their targets, and lists of commands. */

import { RESP_TYPES } from '@redis/client';

import type { Cluster } from '../../src/cluster.js';
import type { ListedCommand } from '../../src/clients/command-list.js';
import { FanoutError } from '../../src/errors.js';
import type { Pool } from '../../src/pool.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import type { Key } from '../../src/util/key.js';
import { exactly } from './exact.types-test.js';

declare const cluster: Cluster;

type Text = string | null;

export async function fanouts(): Promise<void> {
  exactly<Map<number, string>>()(await cluster.all((c) => c.info()));
  exactly<Map<number, Text>>()(await cluster.fanout((c) => c.get('k'), { hosts: 'all' }));
  exactly<Map<number, number>>()(await cluster.fanout(async (c) => c.dbSize(), { hosts: [0] }));
  await cluster.fanout((c) => c.ping(), { hosts: new Set([0]), timeout: 5, maxConcurrency: 8 });
  exactly<[Map<number, Text>, Map<number, number>]>()(
    await cluster.all((c) => RbPromise.all([c.get('k'), c.incr('n')])),
  );
  exactly<Map<number, number>>()(
    await cluster.all((c) =>
      c.incr('n').catch((error: unknown) => {
        if (error instanceof FanoutError) return new Map<number, number>();
        throw error;
      }),
    ),
  );
  exactly<RbPromise<Map<number, unknown>>>()(
    cluster.getRoutingClient().getFanoutClient('all').executeCommand('PING'),
  );
}

export async function targets(): Promise<void> {
  await cluster.fanout(async (c) => {
    exactly<RbPromise<Map<number, Text>>>()(c.target([0, 1]).get('k'));
    exactly<RbPromise<Map<number, Text>>>()(c.target('all').get('k'));
    exactly<RbPromise<Text>>()(c.targetKey('k').get('k'));
    exactly<RbPromise<number>>()(c.targetKey(17).incr('k'));
    exactly<RbPromise<number>>()(c.targetKey(17n).incr('k'));
    exactly<RbPromise<number>>()(c.targetKey(new Uint8Array(1)).incr('k'));
    exactly<RbPromise<unknown>>()(c.targetKey('k').executeCommand('GET', 'k', 1, 2n));
    const mapped = c.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    exactly<RbPromise<Map<number, Buffer | null>>>()(mapped.target([0]).get('k'));
    exactly<RbPromise<Buffer | null>>()(mapped.targetKey('k').get('k'));
    exactly<RbPromise<Buffer | null>>()(
      c
        .targetKey('k')
        .withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
        .get('k'),
    );
  });
}

export async function lists(): Promise<void> {
  const script = new Script('return 1');
  const results = await cluster.executeCommands({
    foo: [['SET', 'a', 1], [script, ['k'], [1, 2n, 'x', Buffer.alloc(1)]], [script]],
    bar: [['PING']],
  });
  exactly<RbPromise<unknown>[]>()(results.foo);
  exactly<RbPromise<unknown>[]>()(results.bar);
  const byKey = new Map<Key, ListedCommand[]>([[17, [['PING'], [script, new Set(['k'])]]]]);
  exactly<Map<Key, RbPromise<unknown>[]>>()(await cluster.executeCommands(byKey));
  await cluster.executeCommands({}, { timeout: 1, autoBatch: false, maxConcurrency: 1 });
}

export function others(): void {
  exactly<Pool>()(cluster.getPoolForHost(0));
  exactly<ReturnType<typeof cluster.getLocalClientForKey>>()(cluster.getLocalClient(0));
  exactly<Promise<Text>>()(cluster.getLocalClient(0).get('k'));
  exactly<Map<number, Key[]>>()(cluster.groupByHost(new Set<Key>(['a', 1])));
  exactly<boolean>()(cluster.removeHost(0));
  exactly<Promise<void>>()(cluster.disconnectPools());
}

export function refused(): void {
  // @ts-expect-error a text is no list of hosts
  void cluster.fanout((c) => c.ping(), { hosts: '0' });
  // @ts-expect-error ids are numbers
  void cluster.fanout((c) => c.ping(), { hosts: ['0'] });
  // @ts-expect-error all takes no hosts
  void cluster.all((c) => c.ping(), { hosts: [0] });
  // @ts-expect-error a boolean is no key
  void cluster.fanout((c) => c.targetKey(true).ping());
  // @ts-expect-error the values of several hosts are a Map
  const one: Promise<Text> = cluster.all((c) => c.get('k'));
  void one;
  // @ts-expect-error a command begins with its name
  void cluster.executeCommands({ foo: [[5, 'a']] });
  // @ts-expect-error the keys of a script are a list
  void cluster.executeCommands({ foo: [[new Script(''), 1]] });
  // @ts-expect-error a host needs an id
  cluster.addHost({ port: 1 });
}
