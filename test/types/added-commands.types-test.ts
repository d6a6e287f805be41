/** Checked by tsc alone: scripts, functions and modules of a cluster, on each kind of client. */

import { defineScript, RESP_TYPES } from '@redis/client';
import type { CommandParser } from '@redis/client';
import type { BlobStringReply, NumberReply } from '@redis/client/dist/lib/RESP/types.js';

import { Cluster } from '../../src/cluster.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { exactly } from './exact.types-test.js';

const parseCommand = (parser: CommandParser, key: string, by: number) => {
  parser.pushKey(key);
  parser.push(String(by));
};

const cluster = new Cluster({
  hosts: { 0: {} },
  scripts: {
    add: defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: '',
      parseCommand,
      transformReply: undefined as unknown as () => NumberReply,
    }),
    shaped: defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: '',
      parseCommand,
      transformReply: (reply: number) => ({ reply }),
    }),
  },
  functions: {
    lib: {
      bump: {
        NUMBER_OF_KEYS: 1,
        parseCommand,
        transformReply: undefined as unknown as () => NumberReply,
      },
    },
  },
  modules: {
    mod: {
      text: { parseCommand, transformReply: undefined as unknown as () => BlobStringReply },
    },
  },
});

export async function typed(): Promise<void> {
  const client = cluster.getRoutingClient();
  exactly<Promise<number>>()(client.add('k', 1));
  exactly<Promise<{ reply: number }>>()(client.shaped('k', 1));
  exactly<Promise<number>>()(client.lib.bump('k', 1));
  exactly<Promise<string>>()(client.mod.text('k', 1));
  await cluster.map((c) => {
    exactly<RbPromise<number>>()(c.add('k', 1));
    exactly<RbPromise<{ reply: number }>>()(c.shaped('k', 1));
    exactly<RbPromise<number>>()(c.lib.bump('k', 1));
    exactly<RbPromise<string>>()(c.mod.text('k', 1));
  });
  await cluster.all((c) => {
    exactly<RbPromise<Map<number, number>>>()(c.add('k', 1));
    exactly<RbPromise<Map<number, number>>>()(c.target([0]).lib.bump('k', 1));
    exactly<RbPromise<Map<number, string>>>()(c.mod.text('k', 1));
    exactly<RbPromise<number>>()(c.targetKey('k').add('k', 1));
    exactly<RbPromise<string>>()(c.targetKey('k').mod.text('k', 1));
  });
  exactly<Promise<number>>()(cluster.getLocalClient(0).add('k', 1));
  exactly<Promise<number>>()(cluster.getLocalClient(0).lib.bump('k', 1));
  const local = cluster.getLocalClient(0);
  exactly<Promise<unknown>>()(local.executeCommand('GET', Buffer.from('k')));
  exactly<Promise<unknown>>()(local.duplicate().executeCommand('PING'));
  exactly<Promise<number>>()(local.duplicate().add('k', 1));
  const types = { [RESP_TYPES.NUMBER]: String };
  exactly<Promise<`${number}`>>()(local.withTypeMapping(types).add('k', 1));
  exactly<Promise<unknown>>()(local.withTypeMapping(types).executeCommand('INCR', 'k'));
}

export async function mapped(): Promise<void> {
  const types = { [RESP_TYPES.NUMBER]: String, [RESP_TYPES.BLOB_STRING]: Buffer };
  const client = cluster.getRoutingClient().withTypeMapping(types);
  exactly<Promise<`${number}`>>()(client.add('k', 1));
  exactly<Promise<Buffer>>()(client.mod.text('k', 1));
  await client.map((c) => {
    exactly<RbPromise<`${number}`>>()(c.lib.bump('k', 1));
  });
  await client.all((c) => {
    exactly<RbPromise<Map<number, Buffer>>>()(c.mod.text('k', 1));
    exactly<RbPromise<`${number}`>>()(c.targetKey('k').add('k', 1));
  });
  await cluster.map((c) => {
    exactly<RbPromise<`${number}`>>()(c.withTypeMapping(types).add('k', 1));
  });
}

export function refused(): void {
  const client = cluster.getRoutingClient();
  // @ts-expect-error the second argument is a number
  void client.add('k', 'x');
  // @ts-expect-error an argument is missing
  void client.lib.bump('k');
  // @ts-expect-error there is no such command
  exactly<unknown>()(client.mod['nothing']);
  // @ts-expect-error another cluster has no such script
  exactly<unknown>()(new Cluster({ hosts: {} }).getRoutingClient()['add']);
}
