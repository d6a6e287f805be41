/** The typed commands that a user adds: scripts, functions and modules, on every kind of client. */

import { defineScript } from '@redis/client';
import type { CommandParser } from '@redis/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Cluster, type ClusterOptions } from '../../src/cluster.js';
import { FanoutClient, KeyTargetClient } from '../../src/clients/fanout-client.js';
import { MappingClient } from '../../src/clients/mapping-client.js';
import { RoutingClient } from '../../src/clients/routing-client.js';
import { SessionClient } from '../../src/clients/session-client.js';
import { CLIENT_MEMBERS } from '../../src/commands/added-commands.js';
import { COMMAND_NAMES } from '../../src/commands/upstream.js';
import { BadHostSetup, FanoutError } from '../../src/errors.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { Script } from '../../src/script.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { keysOn } from '../helpers/keys.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1, databasesEach: 2 });

const scripts = {
  /** Adds, counts its runs, and answers a number that the reply transform doubles. */
  addTwice: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: "redis.call('INCR', 'runs'); return redis.call('INCRBY', KEYS[1], ARGV[1])",
    parseCommand(parser: CommandParser, key: string, by: number) {
      parser.pushKey(key);
      parser.push(String(by));
    },
    transformReply: (reply: number) => ({ doubled: reply * 2 }),
  }),
  peek: defineScript({
    NUMBER_OF_KEYS: 1,
    IS_READ_ONLY: true,
    SCRIPT: "return redis.call('GET', KEYS[1])",
    parseCommand(parser: CommandParser, key: string) {
      parser.pushKey(key);
    },
    transformReply: (reply: unknown) => reply as string | null,
  }),
  anyKeys: defineScript({
    SCRIPT: 'return #KEYS',
    parseCommand(parser: CommandParser, keys: string[]) {
      parser.pushKeysLength(keys);
    },
    transformReply: (reply: unknown) => reply as number,
  }),
  failing: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: "redis.call('INCR', 'runs'); return redis.call('HGET', KEYS[1], 'f')",
    parseCommand(parser: CommandParser, key: string) {
      parser.pushKey(key);
    },
    transformReply: (reply: unknown) => reply,
  }),
  broken: defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: 'this is no Lua',
    parseCommand(parser: CommandParser, key: string) {
      parser.pushKey(key);
    },
    transformReply: (reply: unknown) => reply,
  }),
};
const modules = {
  mymod: {
    hello: {
      parseCommand(parser: CommandParser, key: string) {
        parser.push('GET');
        parser.pushKey(key);
      },
      transformReply: (reply: unknown) => `hello ${String(reply)}`,
    },
    both: {
      parseCommand(parser: CommandParser, one: string, other: string) {
        parser.push('EXISTS');
        parser.pushKeys([one, other]);
      },
      transformReply: { 2: (reply: number) => reply, 3: (reply: number) => reply + 100 },
    },
  },
} as const;
const functions = {
  mylib: {
    bump: {
      NUMBER_OF_KEYS: 1,
      parseCommand(parser: CommandParser, key: string, by: number) {
        parser.pushKey(key);
        parser.push(String(by));
      },
      transformReply: (reply: number) => -reply,
    },
    look: {
      NUMBER_OF_KEYS: 1,
      IS_READ_ONLY: true,
      parseCommand(parser: CommandParser, key: string) {
        parser.pushKey(key);
      },
      transformReply: undefined as unknown as () => string | null,
    },
  },
} as const;
const LIBRARY = `#!lua name=mylib
redis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='look',
  callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`;

const open = () =>
  new Cluster({
    hosts: [0, 1].map((db) => ({
      hostId: db,
      db,
      unixSocketPath: file.servers[0]?.socketPath,
    })),
    scripts,
    modules,
    functions,
  });

let cluster: ReturnType<typeof open>;
let direct: DirectClient;
beforeAll(async () => {
  cluster = open();
  direct = await connectDirect(file.servers[0]!);
  await direct.functionLoad(LIBRARY);
});
beforeEach(async () => {
  await direct.flushAll();
  await direct.scriptFlush();
});
afterAll(async () => {
  await cluster.disconnectPools();
  direct.destroy();
});

describe('a typed script', () => {
  it('runs on a routing client, by the host of its key', async () => {
    const client = cluster.getRoutingClient();
    const keys = [...keysOn(cluster, 0, 2), ...keysOn(cluster, 1, 2)];
    const calls = await commandsDuring(direct, async () => {
      for (const key of keys) expect(await client.addTwice(key, 21)).toEqual({ doubled: 42 });
      expect(await client.peek(keys[0]!)).toBe('21');
    });
    // The first run is repaired by one EVAL, after which the server knows the script.
    expect(calls).toMatchObject({ evalsha: 4, eval: 1, evalsha_ro: 1, eval_ro: 1 });
    expect(client.addTwice('a', 1)).toBeInstanceOf(Promise);
    expect(await cluster.all((c) => c.get('runs'))).toEqual(
      new Map([
        [0, expect.any(String)],
        [1, expect.any(String)],
      ]),
    );
  });

  it('that is unknown in many calls of one tick runs once for each', async () => {
    const client = cluster.getRoutingClient();
    const key = keysOn(cluster, 0, 1)[0]!;
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.addTwice(key, 1)));
    const doubled = replies.map((reply) => reply.doubled).sort((a, b) => a - b);
    expect(doubled).toEqual(Array.from({ length: 50 }, (_, i) => 2 * (i + 1)));
    expect(await direct.get('runs')).toBe('50');
  });

  it('runs in a map, in a fan-out, and at the host of a key', async () => {
    const [key = ''] = keysOn(cluster, 1, 1);
    const mapped = await cluster.map((c) => {
      const promise = c.addTwice(key, 5);
      expect(promise).toBeInstanceOf(RbPromise);
      return promise;
    });
    expect(mapped).toEqual({ doubled: 10 });
    const fanned = await cluster.all((c) => c.addTwice(key, 1));
    expect(fanned).toEqual(
      new Map([
        [0, { doubled: 2 }],
        [1, { doubled: 12 }],
      ]),
    );
    await direct.scriptFlush();
    const targeted = await cluster.fanout((c) =>
      RbPromise.all([c.targetKey(key).addTwice(key, 1), c.target([0]).peek(key)]),
    );
    expect(targeted).toEqual([{ doubled: 14 }, new Map([[0, '1']])]);
    // Each host ran it once for each call.
    expect(await cluster.all((c) => c.get('runs'))).toEqual(
      new Map([
        [0, '1'],
        [1, '3'],
      ]),
    );
  });

  it('runs on a local client', async () => {
    const local = cluster.getLocalClient(1);
    expect(await local.addTwice('k', 4)).toEqual({ doubled: 8 });
    expect(await local.peek('k')).toBe('4');
    expect(await local.multi().addTwice('k', 1).exec()).toEqual([{ doubled: 10 }]);
  });

  it('whose keys its own arguments count is routed by its one key', async () => {
    const client = cluster.getRoutingClient();
    expect(await client.anyKeys(['a'])).toBe(1);
    expect(await failureOf(client.anyKeys(['a', 'b']))).toMatchObject({ code: 'RB_UNROUTABLE' });
    expect(await failureOf(client.anyKeys([]))).toMatchObject({ code: 'RB_UNROUTABLE' });
    expect(await cluster.all((c) => c.anyKeys(['a', 'b', 'c']))).toEqual(
      new Map([
        [0, 3],
        [1, 3],
      ]),
    );
  });

  it('that fails rejects, and ran once', async () => {
    const [key = ''] = keysOn(cluster, 0, 1);
    await cluster.getRoutingClient().set(key, 'text');
    const error = await failureOf(cluster.getRoutingClient().failing(key));
    expect(error).toMatchObject({ code: 'RB_REPLY', hostId: 0 });
    expect(error['message']).toContain('WRONGTYPE');
    expect(await direct.get('runs')).toBe('1');
    const compiled = await failureOf(cluster.map((c) => c.broken(key)));
    expect(compiled['message']).toMatch(/compiling script/);
    const fanned = await failureOf(cluster.all((c) => c.broken(key)));
    expect(fanned).toBeInstanceOf(FanoutError);
    expect((fanned as unknown as FanoutError).errors.size).toBe(2);
  });

  it('of wrong arguments rejects before anything is sent', async () => {
    const calls = await commandsDuring(direct, async () => {
      const bad = cluster.getRoutingClient().addTwice(5.5 as never, 1);
      expect(await failureOf(bad)).toMatchObject({ name: 'TypeError' });
    });
    expect(calls).toEqual({});
  });

  it('may have keys that are bytes', async () => {
    const bytes = Buffer.from([0, 255, 254]);
    const client = cluster.getRoutingClient();
    expect(await client.addTwice(bytes as never, 3)).toEqual({ doubled: 6 });
    expect(await client.executeCommand('GET', bytes)).toBe('3');
  });
});

describe('a function of the server', () => {
  it('is called on every kind of client, below the name of its library', async () => {
    const [key = ''] = keysOn(cluster, 0, 1);
    const client = cluster.getRoutingClient();
    const calls = await commandsDuring(direct, async () => {
      expect(await client.mylib.bump(key, 2)).toBe(-2);
      expect(await cluster.map((c) => c.mylib.bump(key, 2))).toBe(-4);
      expect((await cluster.all((c) => c.mylib.bump(key, 2))).get(0)).toBe(-6);
      expect(await cluster.fanout((c) => c.targetKey(key).mylib.bump(key, 2))).toBe(-8);
      expect(await cluster.getLocalClient(0).mylib.bump(key, 2)).toBe(-10);
      expect(await client.mylib.look(key)).toBe('10');
    });
    expect(calls).toMatchObject({ fcall: 6, fcall_ro: 1 });
  });
});

describe('a command of a module', () => {
  it('is sent on every kind of client, with its reply transformed', async () => {
    const [key = ''] = keysOn(cluster, 1, 1);
    const client = cluster.getRoutingClient();
    await client.set(key, 'you');
    expect(await client.mymod.hello(key)).toBe('hello you');
    expect(await cluster.map((c) => c.mymod.hello(key))).toBe('hello you');
    expect(await cluster.all((c) => c.mymod.hello(key))).toEqual(
      new Map([
        [0, 'hello null'],
        [1, 'hello you'],
      ]),
    );
    expect(await cluster.fanout((c) => c.targetKey(key).mymod.hello(key))).toBe('hello you');
    expect(await cluster.getLocalClient(1).mymod.hello(key)).toBe('hello you');
  });

  it('has the transform of the protocol, and the rule of the one key', async () => {
    expect((await cluster.all((c) => c.mymod.both('a', 'b'))).get(0)).toBe(100);
    const error = await failureOf(cluster.getRoutingClient().mymod.both('a', 'b'));
    expect(error).toMatchObject({ code: 'RB_UNROUTABLE' });
  });
});

describe('added commands', () => {
  it('are kept by withTypeMapping and by clients that are made by hand', async () => {
    const { RESP_TYPES } = await import('@redis/client');
    const asBuffers = { [RESP_TYPES.BLOB_STRING]: Buffer };
    const client = new RoutingClient(cluster) as ReturnType<typeof cluster.getRoutingClient>;
    await client.addTwice('k', 7);
    const mapped = client.withTypeMapping(asBuffers);
    expect(await mapped.peek('k')).toEqual(Buffer.from('7'));
    expect(await mapped.mylib.look('k')).toEqual(Buffer.from('7'));
    expect(await mapped.map((c) => c.peek('k'))).toEqual(Buffer.from('7'));
    await cluster.map((c) => {
      const inner = c.withTypeMapping(asBuffers);
      return RbPromise.all([inner.peek('k'), inner.mymod.hello('k'), inner.addTwice('k', 1)]);
    });
    await cluster.fanout(async (c) => {
      const inner = c.withTypeMapping(asBuffers);
      expect(await inner.targetKey('k').peek('k')).toEqual(Buffer.from('8'));
      expect(await c.targetKey('k').withTypeMapping(asBuffers).mylib.look('k')).toEqual(
        Buffer.from('8'),
      );
    });
  });

  it('are those of one cluster alone', async () => {
    const plain = await file.setup.makeCluster();
    expect('addTwice' in plain.getRoutingClient()).toBe(false);
    expect('mylib' in plain.getRoutingClient()).toBe(false);
    expect(cluster.getRoutingClient().mylib).toBe(cluster.getRoutingClient().mylib);
    await plain.disconnectPools();
  });
});

const echo = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: 'return ARGV[1]',
  parseCommand(parser: CommandParser, key: string, text: string) {
    parser.pushKey(key);
    parser.push(text.trim().toLowerCase());
  },
  transformReply: (reply: unknown) => reply as string,
});

describe('a script whose definition makes text of what it is given', () => {
  it('may send any, also what looks as if nothing was given', async () => {
    const cluster = await file.setup.makeCluster({ scripts: { echo } });
    const client = cluster.getRoutingClient();
    expect(await client.echo('k', ' Undefined ')).toBe('undefined');
    // A command of the library's own is refused for what makes the same text of no text.
    const failure = await failureOf(client.hSet('k', 'f', undefined as unknown as string));
    expect(failure).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
    await cluster.disconnectPools();
  });
});

describe('the names of added commands', () => {
  /** All names that clients have, beside those of commands. */
  const members = (): Set<string> => {
    const classes = [RoutingClient, MappingClient, FanoutClient, KeyTargetClient, SessionClient];
    const names = classes.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
    return new Set(names.filter((name) => !COMMAND_NAMES.includes(name)));
  };

  it('may not be those of what the clients have beside commands', () => {
    expect(members()).toEqual(CLIENT_MEMBERS);
    for (const name of CLIENT_MEMBERS) {
      const options = { hosts: [], scripts: { [name]: echo } };
      expect(() => new Cluster(options)).toThrow(BadHostSetup);
      expect(() => new Cluster(options)).toThrow(`scripts: ${name} is taken`);
      expect(() => new Cluster({ hosts: [], functions: { [name]: {} } })).toThrow(BadHostSetup);
    }
  });

  it('may not make clients look like promises', () => {
    const options = { hosts: [], scripts: { then: echo } };
    expect(() => new Cluster(options)).toThrow(BadHostSetup);
    expect(() => new Cluster(options)).toThrow('scripts: then is taken: an await');
  });

  it('may not hide each other', () => {
    const group = { method: echo };
    for (const [options, message] of [
      [{ scripts: { twice: echo }, modules: { twice: group } }, 'modules: twice is taken'],
      [{ scripts: { twice: echo }, functions: { twice: group } }, 'functions: twice is taken'],
      [{ modules: { twice: group }, functions: { twice: group } }, 'functions: twice is taken'],
    ] as const) {
      expect(() => new Cluster({ hosts: [], ...options })).toThrow(BadHostSetup);
      expect(() => new Cluster({ hosts: [], ...options })).toThrow(message);
    }
  });

  it('may be those of the commands that mGet and mSet are made of', async () => {
    const named = { get: echo, set: echo };
    for (const options of [{ scripts: named }, { modules: { get: named, set: named } }]) {
      const cluster = await file.setup.makeCluster(options);
      await cluster.map((c) => c.mSet({ named: 'value' }));
      expect(await cluster.map((c) => c.mGet(['named', 'other']))).toEqual(['value', null]);
      await cluster.all((c) => c.flushDb());
      await cluster.disconnectPools();
    }
  });

  it('lead to definitions', () => {
    const bad = [
      [
        { scripts: { mine: { ...echo, SHA1: undefined } } },
        'scripts: mine must be what defineScript',
      ],
      [{ scripts: { mine: { SHA1: echo.SHA1 } } }, 'scripts: mine must be what defineScript'],
      [
        { functions: { lib: { mine: {} } } },
        'functions: lib.mine must have a function parseCommand',
      ],
      [{ functions: { lib: null } }, 'functions: lib must be an object of definitions, not null'],
      [{ modules: { mod: { mine: null } } }, 'modules: mod.mine must have a function parseCommand'],
    ] as const;
    for (const [options, problem] of bad) {
      const all = { hosts: [], ...options } as unknown as ClusterOptions;
      expect(() => new Cluster(all)).toThrow(BadHostSetup);
      expect(() => new Cluster(all)).toThrow(problem);
    }
  });

  it('may be any others', async () => {
    const cluster = await file.setup.makeCluster({
      scripts: { session: echo, mapping: echo, issue: echo, refuse: echo, runTyped: echo },
    });
    const client = cluster.getRoutingClient();
    expect(await client.issue('k', '1')).toBe('1');
    expect(await cluster.map((c) => c.session('k', '2'))).toBe('2');
    expect(await cluster.map((c) => c.refuse('k', '3'))).toBe('3');
    expect(await cluster.fanout((c) => c.targetKey('k').mapping('k', '4'))).toBe('4');
    expect(await cluster.all((c) => c.runTyped('k', '5'))).toEqual(
      new Map([
        [0, '5'],
        [1, '5'],
      ]),
    );
    expect(await cluster.map((c) => c.incr('named'))).toBe(1);
    expect(await failureOf(cluster.map((c) => c.ping()))).toMatchObject({ code: 'RB_UNROUTABLE' });
    await cluster.all((c) => c.flushDb());
    await cluster.disconnectPools();
  });
});

describe('a script that answers NOSCRIPT itself', () => {
  const source = "redis.call('INCR', 'own'); return redis.error_reply('NOSCRIPT of its own')";
  const own = defineScript({
    NUMBER_OF_KEYS: 1,
    SCRIPT: source,
    parseCommand(parser: CommandParser, key: string) {
      parser.pushKey(key);
    },
    transformReply: (reply: unknown) => reply,
  });

  it('is run once', async () => {
    const strange = await file.setup.makeCluster({ scripts: { own } });
    await strange.all((c) => c.scriptFlush());
    const failure = await failureOf(strange.getRoutingClient().own('k'));
    expect(failure).toMatchObject({ code: 'RB_REPLY', kind: 'NOSCRIPT' });
    expect(await failureOf(strange.map((c) => c.own('k')))).toMatchObject({ kind: 'NOSCRIPT' });
    const lists = { k: [[new Script(source), ['k'], []] as const] };
    expect(await failureOf(strange.executeCommands(lists))).toMatchObject({ code: 'RB_MAP' });
    const runs = await strange.fanout((c) => c.targetKey('k').get('own'), { hosts: 'all' });
    expect(runs).toBe('3');
    await strange.disconnectPools();
  });
});
