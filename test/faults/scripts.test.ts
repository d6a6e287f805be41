/** Typed scripts where the server forgets them, or where the connection is lost under them. */

import { defineScript } from '@redis/client';
import type { CommandParser } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { CancelledError, TimeoutError } from '../../src/errors.js';
import type { RbPromise } from '../../src/promise/rb-promise.js';
import { connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 1 });

const script = (SCRIPT: string, IS_READ_ONLY: boolean) =>
  defineScript({
    NUMBER_OF_KEYS: 1,
    IS_READ_ONLY,
    SCRIPT,
    parseCommand(parser: CommandParser, key: string) {
      parser.pushKey(key);
    },
    transformReply: (reply: number | null) => reply,
  });
const open = (unixSocketPath: string) =>
  new Cluster({
    hosts: { 0: { unixSocketPath } },
    scripts: {
      run: script("return redis.call('INCR', KEYS[1])", false),
      look: script("return redis.call('STRLEN', KEYS[1])", true),
    },
  });

let proxy: FaultProxy;
let direct: DirectClient;
let cluster: ReturnType<typeof open>;
beforeEach(async () => {
  proxy = await FaultProxy.start({ target: { path: file.servers[0]?.socketPath ?? '' } });
  direct = await connectDirect(file.servers[0]!);
  cluster = open(proxy.socketPath);
  await cluster.getRoutingClient().exists('k');
});
afterEach(async () => {
  await cluster.disconnectPools();
  await direct.flushAll();
  await direct.scriptFlush();
  direct.destroy();
  await proxy.close();
});

/** Calls `fn` when a chunk with this text is about to go the way; what `fn` answers goes on. */
function when(text: string, fn: (chunk: Buffer) => Buffer): Promise<void> {
  return new Promise((resolve) => {
    proxy.garble((_, chunk) => {
      if (!chunk.includes(text)) return chunk;
      proxy.garble(undefined);
      resolve();
      return fn(chunk);
    });
  });
}
const vanish = () => Buffer.alloc(0);

describe('a typed script', () => {
  it('that is forgotten all the time runs exactly once for each call', async () => {
    let isOver = false;
    const flushing = (async () => {
      while (!isOver) await direct.scriptFlush();
    })();
    const client = cluster.getRoutingClient();
    for (let i = 1; i <= 40; i++) expect(await client.run('n')).toBe(i);
    await cluster.map((c) => {
      for (let i = 0; i < 40; i++) c.run('n').done();
    });
    isOver = true;
    await flushing;
    expect(await direct.get('n')).toBe('80');
  });

  it('whose EVALSHA is lost on its way is not sent again', async () => {
    await cluster.getRoutingClient().run('n');
    const lost = when('EVALSHA', vanish).then(() => {
      proxy.cut();
    });
    const error = await failureOf(cluster.getRoutingClient().run('n'));
    await lost;
    expect(error).toMatchObject({ code: 'RB_CONNECTION', command: 'EVALSHA', maybeExecuted: true });
    expect(await direct.get('n')).toBe('1');
  });

  it('whose EVAL is lost on its way is not sent again', async () => {
    const lost = when('$4\r\nEVAL\r\n', vanish).then(() => {
      proxy.cut();
    });
    const error = await failureOf(cluster.getRoutingClient().run('n'));
    await lost;
    expect(error).toMatchObject({ code: 'RB_CONNECTION', maybeExecuted: true, hostId: 0 });
    expect(await direct.exists('n')).toBe(0);
    expect(await cluster.getRoutingClient().run('n')).toBe(1);
  });

  it('that only reads is sent again, and evaluated there', async () => {
    await direct.set('text', 'four');
    expect(await cluster.getRoutingClient().look('text')).toBe(4);
    const lost = when('EVALSHA_RO', vanish).then(async () => {
      await direct.scriptFlush();
      proxy.cut();
    });
    expect(await cluster.getRoutingClient().look('text')).toBe(4);
    await lost;
  });

  it('whose NOSCRIPT arrives after the deadline is not evaluated', async () => {
    proxy.pause('toClient');
    let late: RbPromise<number | null> | undefined;
    const call = cluster.map((c) => (late = c.run('n')), { timeout: 50 });
    expect(await failureOf(call)).toBeInstanceOf(TimeoutError);
    expect(late?.reason).toBeInstanceOf(TimeoutError);
    proxy.resume();
    expect(await cluster.getRoutingClient().exists('n')).toBe(0);
  });

  it('whose NOSCRIPT arrives after a cancel is not evaluated', async () => {
    proxy.pause('toClient');
    const client = cluster.getRoutingClient().getMappingClient();
    const gone = client.run('n');
    await proxy.waitFor(() => proxy.bytesToServer > 100);
    client.cancel();
    expect(gone.reason).toBeInstanceOf(CancelledError);
    proxy.resume();
    expect(await cluster.getRoutingClient().exists('n')).toBe(0);
  });

  it('settles when everything is disconnected between NOSCRIPT and EVAL', async () => {
    const ended = when('NOSCRIPT', (chunk) => {
      setImmediate(() => void cluster.disconnectPools());
      return chunk;
    });
    await cluster
      .getRoutingClient()
      .run('n')
      .catch(() => 0);
    await ended;
    expect(Number((await direct.get('n')) ?? 0)).toBeLessThanOrEqual(1);
  });
});
