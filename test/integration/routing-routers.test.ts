/** Routers of one's own, and what they may get wrong. */

import { describe, expect, it } from 'vitest';

import { Cluster } from '../../src/cluster.js';
import { BadHostSetup, MisuseError, ReplyError, UnroutableCommand } from '../../src/errors.js';
import { ConsistentHashingRouter } from '../../src/routers/consistent-hashing-router.js';
import { PartitionRouter } from '../../src/routers/partition-router.js';
import { BaseRouter, type RouterCluster } from '../../src/routers/router.js';
import type { Key } from '../../src/util/key.js';
import { commandsDuring, connectDirect } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers();

/** Keys that end with a digit live on that host. */
class ByDigit extends BaseRouter {
  override getHostForKey(key: Key): number {
    return Number(/\d$/.exec(String(key))?.[0] ?? 0);
  }
}

/** A router that knows no host, and says so with this error. */
function throwing(error: Error) {
  return class extends BaseRouter {
    override getHostForKey(): never {
      throw error;
    }
  };
}

describe('a router that overrides getHostForKey', () => {
  it('decides for typed, raw, merged and keyed commands alike', async () => {
    const cluster = await file.setup.makeCluster({ router: ByDigit });
    const direct = await connectDirect(file.servers[1]!, { database: 1 });
    const client = cluster.getRoutingClient();
    await client.set('on5', '1');
    await client.executeCommand('INCR', 'on5');
    await cluster.map((c) => {
      c.set('a5', '5');
      c.set('b5', '5');
      c.executeCommand('SET', 'c5', '5');
    });
    expect(await direct.mGet(['on5', 'a5', 'b5', 'c5'])).toEqual(['2', '5', '5', '5']);
    expect(cluster.groupByHost(['a5', 'x', 'b5', 'z7'])).toEqual(
      new Map([
        [5, ['a5', 'b5']],
        [0, ['x']],
        [7, ['z7']],
      ]),
    );
    const calls = await commandsDuring(direct, () =>
      cluster.map((c) => {
        c.get('a5');
        c.get('b5');
      }),
    );
    expect(calls).toEqual({ mget: 1 });
    await direct.del(['on5', 'a5', 'b5', 'c5']);
    direct.destroy();
    await cluster.disconnectPools();
  });

  it('whose answer names no host rejects that command alone, and says so', async () => {
    const cluster = await file.setup.makeCluster({ router: ByDigit });
    const client = cluster.getRoutingClient();
    for (const promise of [
      client.get('a9'),
      client.executeCommand('GET', 'a9'),
      client.incr('a9'),
    ]) {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(BadHostSetup);
      expect(error).toMatchObject({ code: 'RB_BAD_HOST_SETUP', maybeExecuted: false });
      expect(error['message']).toMatch(/host with the id 9.*ids are 0, 1/);
    }
    const error = await failureOf(
      cluster.map((c) => {
        const other = c.set('a1', 'value');
        c.get('a9');
        c.hGet('b9', 'f');
        other.done(() => c.del('a1'));
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP', failed: 2, total: 4 });
    expect(error['errors']).toMatchObject([
      { code: 'RB_BAD_HOST_SETUP', command: 'GET' },
      { code: 'RB_BAD_HOST_SETUP', command: 'HGET' },
    ]);
    await cluster.disconnectPools();
  });

  it.each([undefined, null, '0', 0.5, NaN, -1, {}])('may not answer %s', async (answer) => {
    class Odd extends BaseRouter {
      override getHostForKey(): number {
        return answer as number;
      }
    }
    const cluster = new Cluster({ hosts: { 0: {} }, router: Odd });
    await expect(cluster.getRoutingClient().get('a')).rejects.toBeInstanceOf(BadHostSetup);
    await expect(cluster.map((c) => c.get('a'))).rejects.toBeInstanceOf(BadHostSetup);
  });

  it('that throws what a server has answered it throws that as it is', async () => {
    const cluster = await file.setup.makeCluster();
    const answer = await failureOf(cluster.getPoolForHost(0).executeCommand('GET'));
    expect(answer).toBeInstanceOf(ReplyError);
    const fields = { ...answer };
    const router = throwing(answer as unknown as ReplyError);
    const other = await file.setup.makeCluster({ router });
    expect(await failureOf(other.getRoutingClient().incr('key'))).toBe(answer);
    expect(await failureOf(other.map((c) => c.incr('key')))).toBe(answer);
    expect({ ...answer }).toEqual(fields);
    await cluster.disconnectPools();
  });

  it('that throws rejects that command alone, with the very error', async () => {
    const reason = new Error('not today');
    class Moody extends PartitionRouter {
      override getHostForKey(key: Key): number {
        if (key === 'bad') throw reason;
        return super.getHostForKey(key);
      }
    }
    const cluster = await file.setup.makeCluster({ router: Moody });
    const client = cluster.getRoutingClient();
    const answers = await Promise.allSettled([
      client.set('good', '1'),
      client.get('bad'),
      client.executeCommand('GET', 'bad'),
      client.get('good'),
    ]);
    expect(
      answers.map((answer): unknown => ('value' in answer ? answer.value : answer.reason)),
    ).toEqual(['OK', reason, reason, '1']);
    let value: unknown;
    const error = await failureOf(
      cluster.map((c) => {
        c.get('bad');
        c.get('good').done((good) => (value = good));
      }),
    );
    expect(error).toBe(reason);
    expect(value).toBe('1');
    await client.del('good');
    await cluster.disconnectPools();
  });
});

describe('a router that looks at commands', () => {
  it('that throws a frozen error rejects with that very one', async () => {
    const thrown = Object.freeze(new UnroutableCommand('Not here'));
    const cluster = await file.setup.makeCluster({ router: throwing(thrown) });
    const client = cluster.getRoutingClient();
    for (const command of [client.get('a'), client.incr('a'), client.executeCommand('GET', 'a')]) {
      expect(await failureOf(command)).toBe(thrown);
    }
    expect(await failureOf(cluster.map((c) => void c.incr('a')))).toBe(thrown);
    await cluster.disconnectPools();
  });

  it('that throws one error again and again rejects each command with its own name', async () => {
    class OwnError extends UnroutableCommand {
      readonly hint: string;
      constructor(readonly tenant: number) {
        super(`Not here: ${tenant}`);
        this.hint = 'there';
      }
    }
    for (const thrown of [new OwnError(7), new MisuseError('RB_INVALID_ARGUMENT', 'Not here: 7')]) {
      const cluster = await file.setup.makeCluster({ router: throwing(thrown) });
      const client = cluster.getRoutingClient();
      const errors = [
        await failureOf(client.get('a')),
        await failureOf(client.incr('a')),
        await failureOf(client.executeCommand('INCR', 'a')),
      ];
      expect(errors.map(({ command }) => command)).toEqual(['GET', 'INCR', 'INCR']);
      for (const error of errors) {
        expect(error).toBeInstanceOf(thrown.constructor);
        const { message, stack, code } = thrown;
        expect(error).toMatchObject({ message, stack, code, maybeExecuted: false });
        if (thrown instanceof OwnError) expect(error).toMatchObject({ tenant: 7, hint: 'there' });
      }
      expect(errors[0]).toBe(thrown);
      expect(errors[2]).toBe(errors[1]);
      await cluster.disconnectPools();
    }
  });

  it('overrides getHostForCommand, for typed, raw and plain GET and SET alike', async () => {
    const seen: [string, unknown[]][] = [];
    class ByCommand extends PartitionRouter {
      override getHostForCommand(command: string, args: readonly Key[]): number {
        seen.push([command, [...args]]);
        return command.toUpperCase() === 'GET' ? 1 : 0;
      }
    }
    const cluster = await file.setup.makeCluster({ router: ByCommand });
    const client = cluster.getRoutingClient();
    await client.set('k', 'zero');
    expect(await client.get('k')).toBe(null);
    expect(await client.strLen('k')).toBe(4);
    await client.executeCommand('APPEND', 'k', 1);
    await cluster.map((c) => {
      c.set('k', 'again');
      c.get('k');
      c.hSet('h', 'f', 'v');
    });
    expect(seen).toEqual([
      ['SET', ['k', 'zero']],
      ['GET', ['k']],
      ['STRLEN', ['k']],
      ['APPEND', ['k', 1]],
      ['SET', ['k', 'again']],
      ['GET', ['k']],
      ['HSET', ['h', 'f', 'v']],
    ]);
    await Promise.all([client.del('k'), client.del('h')]);
    await cluster.disconnectPools();
  });

  it('does not end the merging of neighbours', async () => {
    class ByCommand extends PartitionRouter {
      override getHostForCommand(): number {
        return 2;
      }
    }
    const cluster = await file.setup.makeCluster({ router: ByCommand });
    // So that what connections begin with is not counted.
    await cluster.all((c) => c.ping());
    const direct = await connectDirect(file.servers[0]!);
    const calls = await commandsDuring(direct, () =>
      cluster.map((c) => {
        for (const key of ['a', 'b', 'c']) c.set(key, key);
        for (const key of ['a', 'b', 'c']) c.get(key);
        c.del('a');
        c.del('b');
        c.del('c');
      }),
    );
    expect(calls).toEqual({ del: 3, mget: 1, mset: 1 });
    direct.destroy();
    await cluster.disconnectPools();
  });

  it('overrides getKey: here the part in braces decides', async () => {
    class Tagged extends PartitionRouter {
      override getKey(command: string, args: readonly Key[]): Key {
        const key = super.getKey(command, args);
        return /\{(.+?)\}/.exec(String(key))?.[1] ?? key;
      }
    }
    const cluster = await file.setup.makeCluster({ router: Tagged });
    const hostId = cluster.getRouter().getHostForKey('tag');
    const direct = await connectDirect(file.servers[Math.floor(hostId / 4)]!, {
      database: hostId % 4,
    });
    const keys = Array.from({ length: 8 }, (_, i) => `{tag}:${i}`);
    await cluster.map((c) => {
      for (const key of keys) c.set(key, key);
      c.incr('{tag}:n');
    });
    expect(await direct.mGet(keys)).toEqual(keys);
    expect(await cluster.getRoutingClient().get('{tag}:n')).toBe('1');
    await direct.del([...keys, '{tag}:n']);
    direct.destroy();
    await cluster.disconnectPools();
  });

  it('still refuses typed commands that name several keys', async () => {
    class Anywhere extends PartitionRouter {
      override getHostForCommand(): number {
        return 0;
      }
    }
    const cluster = await file.setup.makeCluster({ router: Anywhere });
    await expect(cluster.getRoutingClient().del(['a', 'b'])).rejects.toBeInstanceOf(
      UnroutableCommand,
    );
    await cluster.disconnectPools();
  });
});

describe('a router class', () => {
  it('gets the cluster and the routerOptions', async () => {
    const made: [RouterCluster, unknown][] = [];
    class Recorded extends PartitionRouter {
      constructor(cluster: RouterCluster, options?: unknown) {
        super(cluster);
        made.push([cluster, options]);
      }
    }
    const routerOptions = { some: 'option' };
    const cluster = new Cluster({ hosts: { 0: {} }, router: Recorded, routerOptions });
    expect(made).toEqual([]);
    expect(cluster.getRouter().cluster).toBe(cluster);
    expect(made).toHaveLength(1);
    expect(made[0]?.[0]).toBe(cluster);
    expect(made[0]?.[1]).toBe(routerOptions);
  });

  it('refuses options that it does not have', () => {
    const cluster = new Cluster({ hosts: { 0: {} }, routerOptions: { weights: [] } });
    expect(() => cluster.getRouter()).toThrow(/'weights'/);
  });

  it('may be the consistent-hashing one', async () => {
    const cluster = await file.setup.makeCluster({ router: ConsistentHashingRouter });
    expect(cluster.getRouter()).toBeInstanceOf(ConsistentHashingRouter);
    const keys = Array.from({ length: 100 }, (_, i) => `ring${i}`);
    const values = await cluster.map((c) => {
      for (const key of keys) c.set(key, key);
      return c.mGet(keys);
    });
    expect(values).toEqual(keys);
    await cluster.map((c) => keys.map((key) => c.del(key)));
    await cluster.disconnectPools();
  });

  it('with ids that are not gapless is a matter of the router alone', async () => {
    const unixSocketPath = file.servers[0]?.socketPath;
    class Only extends BaseRouter {
      override getHostForKey(): number {
        return 7;
      }
    }
    const cluster = new Cluster({ hosts: { 3: {}, 7: { unixSocketPath } }, router: Only });
    expect(await cluster.getRoutingClient().exists('a')).toBe(0);
    await cluster.disconnectPools();
  });
});
