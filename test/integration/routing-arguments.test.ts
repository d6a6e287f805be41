/** Arguments of wrong types: refused as misuse, before anything is sent. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Cluster } from '../../src/cluster.js';
import { RbPromise } from '../../src/promise/rb-promise.js';
import { commandsDuring, connectDirect, type DirectClient } from '../helpers/direct-client.js';
import { failureOf } from '../helpers/failures.js';
import { useServers } from '../helpers/servers.js';

const file = useServers({ servers: 1 });
let cluster: Cluster;
let direct: DirectClient;
beforeAll(async () => {
  cluster = await file.setup.makeCluster();
  direct = await connectDirect(file.servers[0]!);
});
afterAll(() => direct.destroy());

type Method = (...args: unknown[]) => PromiseLike<unknown>;
type AnyClient = Record<string, Method>;

/** Calls a method with these arguments on both clients; what each rejects with. */
async function misuse(name: string, args: readonly unknown[]): Promise<Record<string, unknown>[]> {
  const errors: Record<string, unknown>[] = [];
  const calls = await commandsDuring(direct, async () => {
    const routing = cluster.getRoutingClient() as unknown as AnyClient;
    errors.push(await failureOf(routing[name]!(...args)));
    const map = cluster.map((c) => void (c as unknown as AnyClient)[name]!(...args));
    errors.push(await failureOf(map));
  });
  expect(calls).toEqual({});
  return errors;
}

const wrong: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['an object', { toString: () => 'a' }],
  ['a boolean', true],
  ['NaN', NaN],
  ['a fraction', 1.5],
  ['Infinity', Infinity],
  ['a Date', new Date(0)],
  ['a symbol', Symbol('a')],
  ['a function', () => 'a'],
];

describe('a key', () => {
  it.each([...wrong, ['a lone surrogate', '\ud800'] as [string, unknown]])(
    'that is %s is refused',
    async (_, key) => {
      for (const [method, command, args] of [
        ['get', 'GET', [key]],
        ['set', 'SET', [key, 'v']],
        ['hGetAll', 'HGETALL', [key]],
        ['incrBy', 'INCRBY', [key, 5]],
        ['zAdd', 'ZADD', [key, { score: 1, value: 'a' }]],
      ] as const) {
        for (const error of await misuse(method, args)) {
          expect(error).toBeInstanceOf(TypeError);
          expect(error).toMatchObject({
            code: 'RB_INVALID_ARGUMENT',
            command,
            maybeExecuted: false,
          });
          expect(error['message']).toMatch(new RegExp(`Argument 1 of ${command}.*key`));
        }
      }
    },
  );
});

/** A list with a hole at this index. */
function holed(first: unknown, index: number, ...rest: unknown[]): unknown[] {
  const list = [first];
  for (const [i, member] of rest.entries()) list[index + 1 + i] = member;
  list.length = index + 1 + rest.length;
  return list;
}

describe('a value', () => {
  const values = wrong.filter(([, value]) => typeof value !== 'number');
  it.each(values)('that is %s is refused', async (_, value) => {
    for (const [method, command, index, args] of [
      ['set', 'SET', 2, ['k', value]],
      ['set', 'SET', 2, ['k', value, { NX: true }]],
      ['append', 'APPEND', 2, ['k', value]],
      ['getSet', 'GETSET', 2, ['k', value]],
      ['hGet', 'HGET', 2, ['k', value]],
      ['lPush', 'LPUSH', 3, ['k', ['a', value]]],
      ['sAdd', 'SADD', 2, ['k', value]],
      ['rPush', 'RPUSH', 2, ['k', [value]]],
    ] as const) {
      for (const error of await misuse(method, args)) {
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
        expect(error['message']).toContain(`Argument ${index} of ${command} must be`);
      }
    }
  });

  it.each([
    ['mSet', 'MSET', [{ a: '1', b: null }], /Argument 4 of MSET/],
    ['mSet', 'MSET', [['a', '1', undefined, '2']], /Argument 3 of MSET/],
    ['mSet', 'MSET', [['a']], /MSET needs a value for each key/],
    ['mSet', 'MSET', ['ab'], /Argument 1 of MSET.*a string/],
    ['mSet', 'MSET', [undefined], /Argument 1 of MSET.*undefined/],
    ['mSet', 'MSET', [{ a: NaN }], /Argument 2 of MSET/],
    ['mSet', 'MSET', [holed('a', 1, 'b', '2', 'c')], /MSET needs a value for each key/],
    ['mSet', 'MSET', [holed('a', 1, 'b', '2')], /Argument 2 of MSET.*undefined/],
    ['mSet', 'MSET', [[['a', '1'], holed('b', 1)]], /Argument 4 of MSET.*undefined/],
    ['mSet', 'MSET', [holed(['a', '1'], 1, ['b', '2'])], /MSET needs a value for each key/],
    ['mSet', 'MSET', [[['a'], ['b', 'c', 'd']]], /MSET needs a value for each key/],
    ['mSet', 'MSET', [['a', ['b', '2'], '1']], /MSET needs|Argument 2 of MSET/],
    ['mSet', 'MSET', [Buffer.from('ab')], /Argument 1 of MSET: .*a list or a record.*Uint8Array/],
    ['mSet', 'MSET', [new Map([['a', '1']])], /Argument 1 of MSET.*a Map/],
    ['mGet', 'MGET', [holed('a', 1, 'b')], /Argument 2 of MGET.*undefined/],
    ['mGet', 'MGET', [['a', null]], /Argument 2 of MGET.*null/],
    ['mGet', 'MGET', [], /Argument 1 of MGET.*undefined/],
  ])(
    'of an emulated %s is checked before any part of it is sent (%#)',
    async (name, command, args, message) => {
      const calls = await commandsDuring(direct, async () => {
        const map = cluster.map((c) => void (c as unknown as AnyClient)[name]!(...args));
        const error = await failureOf(map);
        expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
        expect(error['message']).toMatch(message);
      });
      expect(calls).toEqual({});
    },
  );
});

describe('a promise in place of a value', () => {
  it.each<[string, () => unknown]>([
    ['an RbPromise', () => RbPromise.resolved('v')],
    ['a Promise', () => Promise.resolve('v')],
  ])('is called by its name: %s', async (type, make) => {
    for (const [error] of [
      await misuse('append', ['k', make()]),
      await misuse('set', ['k', make()]),
    ]) {
      expect(error!['message']).toMatch(
        new RegExp(`^Argument 2 of [A-Z]+ must be .*, got ${type}$`),
      );
    }
  });
});

describe('missing arguments', () => {
  it.each([
    ['get', 'GET', []],
    ['set', 'SET', []],
    ['set', 'SET', ['k']],
    ['hSet', 'HSET', ['k']],
    ['hSet', 'HSET', ['k', 'f']],
    ['expire', 'EXPIRE', ['k']],
    ['incrBy', 'INCRBY', ['k']],
    ['zAdd', 'ZADD', ['k']],
    ['zRange', 'ZRANGE', ['k', 0]],
    ['lRange', 'LRANGE', ['k']],
    ['eval', 'EVAL', []],
    ['xAdd', 'XADD', ['k', '*']],
    ['geoAdd', 'GEOADD', ['k']],
    ['setEx', 'SETEX', ['k', 1]],
    ['restore', 'RESTORE', ['k', 0]],
  ])('of %s are refused (%#)', async (name, command, args) => {
    for (const error of await misuse(name, args)) {
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
      expect(error['message']).toContain(command);
      expect(error['message']).toMatch(/argument/i);
    }
  });
});

/** Options that call themselves something else. */
class Named {
  readonly EX = 60;
  get [Symbol.toStringTag](): string {
    return 'Named';
  }
}

describe('an argument that a definition would ignore', () => {
  it.each<[name: string, command: string, args: unknown[], message: RegExp]>([
    ['set', 'SET', ['k', 'v', 'EX', 60], /^SET takes at most 3 arguments, got 4: .* one object$/],
    [
      'set',
      'SET',
      ['k', 'v', 'NX'],
      /^SET ignores argument 3: it must be .* options, got a string$/,
    ],
    ['set', 'SET', ['k', 'v', 60], /^SET ignores argument 3: .* got a number$/],
    ['set', 'SET', ['k', 'v', ['NX']], /^SET ignores argument 3: .* got an array$/],
    ['set', 'SET', [Buffer.from('k'), 1, true], /^SET ignores argument 3: .* got a boolean$/],
    [
      'get',
      'GET',
      ['k', 'l'],
      /^GET takes at most 1 argument, got 2: several values go into one array/,
    ],
    ['del', 'DEL', ['k', 'l'], /^DEL takes at most 1 argument, got 2/],
    ['sAdd', 'SADD', ['k', 'a', 'b'], /^SADD takes at most 2 arguments, got 3/],
    ['hSet', 'HSET', ['k', 'a', 1, 'b', 2], /^HSET takes at most 3 arguments, got 5/],
    ['hScan', 'HSCAN', ['k', '0', 'MATCH', 'a*'], /^HSCAN takes at most 3 arguments, got 4/],
    ['xRange', 'XRANGE', ['k', '-', '+', 'COUNT'], /^XRANGE ignores argument 4: .* got a string$/],
    ['zRange', 'ZRANGE', ['k', 0, 1, ['REV']], /^ZRANGE ignores argument 4: .* got an array$/],
    ['xRange', 'XRANGE', ['k', '-', '+', 'COUNT', 1], /^XRANGE ignores argument 5: several values/],
    ['lmPop', 'LMPOP', ['k', 'LEFT', 'COUNT', 2], /^LMPOP ignores argument 4/],
    ['eval', 'EVAL', ['return 1', { keys: ['k'] }, ['v']], /^EVAL ignores argument 3/],
    ['hSet', 'HSET', ['k', { a: 1 }, { b: 2 }], /^HSET ignores argument 3/],
    ['hSet', 'HSET', ['k', { a: 1 }, 'EX'], /^HSET ignores argument 3/],
  ])('is refused: %s', async (name, command, args, message) => {
    for (const error of await misuse(name, args)) {
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
      expect(error['message']).toMatch(message);
    }
  });

  it.each<[name: string, command: string, args: unknown[], message: RegExp]>([
    [
      'set',
      'SET',
      ['k', 'v', { ex: 60 }],
      /^SET ignores the option 'ex' \(did you mean 'EX'\?\); /,
    ],
    ['set', 'SET', ['k', 'v', { EX: 60, nx: true }], /^SET .* 'nx' .*; the options are .*\bNX\b/],
    [
      'set',
      'SET',
      ['k', 'v', { ttl: undefined }],
      /^SET ignores the option 'ttl'; the options are /,
    ],
    ['getEx', 'GETEX', ['k', { ex: 60 }], /'ex' \(did you mean 'EX'\?\)/],
    ['hScan', 'HSCAN', ['k', '0', { match: 'a*' }], /'match' .*; the options are MATCH, COUNT$/],
    ['zAdd', 'ZADD', ['k', [{ score: 1, value: 'a' }], { nx: true }], /'nx' .*condition, NX, XX/],
    ['xAdd', 'XADD', ['k', '*', { a: '1' }, { trim: {} }], /'trim' \(did you mean 'TRIM'\?\)/],
    ['xRange', 'XRANGE', ['k', '-', '+', { count: 1 }], /'count' .*; the options are COUNT$/],
    ['sort', 'SORT', ['k', { by: 'w' }], /'by' \(did you mean 'BY'\?\)/],
    ['geoSearch', 'GEOSEARCH', ['k', 'a', { radius: 1, unit: 'm' }, { sort: 'ASC' }], /'sort'/],
    ['eval', 'EVAL', ['return 1', { keys: ['k'], args: [] }], /'args'; .* keys, arguments$/],
    ['set', 'SET', ['k', 'v', { EX: 60, PX: 1 }], /'PX' beside the others/],
    ['set', 'SET', ['k', 'v', { matchValue: 'w' }], /'matchValue'/],
    ['bitCount', 'BITCOUNT', ['k', { start: 0, end: 0, moDe: 'BIT' }], /'moDe'/],
  ])('is refused by name where it is an option: %s', async (name, command, args, message) => {
    for (const error of await misuse(name, args)) {
      expect(error).toMatchObject({ code: 'RB_UNKNOWN_OPTION', command, maybeExecuted: false });
      expect(error['message']).toMatch(message);
    }
  });

  it.each([
    ['mGet', 'MGET', [['k'], 'l']],
    ['mSet', 'MSET', [{ k: 'v' }, { EX: 60 }]],
  ])('is refused by an emulated %s', async (name, command, args) => {
    const calls = await commandsDuring(direct, async () => {
      const map = cluster.map((c) => void (c as unknown as AnyClient)[name]!(...args));
      const error = await failureOf(map);
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command, maybeExecuted: false });
      expect(error['message']).toMatch(/^M[GS]ET takes at most 1 argument, got 2/);
    });
    expect(calls).toEqual({});
  });

  it.each<[name: string, args: unknown[], options: object]>([
    ['set', ['k', 'v'], { EX: 60, XX: false, NX: true }],
    ['set', ['k', 'v'], { EX: 60, PX: undefined }],
    ['set', ['k', 'v'], Object.create({ inherited: 1 }, { GET: { value: true } }) as object],
    ['zAdd', ['z', { score: 1, value: 'a', row: 7 }], { NX: true, XX: false, CH: true }],
    ['hSet', ['h'], { any: 1, name: 2 }],
    ['hSet', ['h'], { others: 1 }],
    ['xAdd', ['x', '*'], { any: '1' }],
    ['xAdd', ['x', '*', { a: '1' }], { TRIM: { strategy: 'MAXLEN', threshold: 5 } }],
    ['bitCount', ['k'], { start: 0, end: 1 }],
    ['eval', ['return KEYS[1]'], { keys: ['k'] }],
    ['set', ['k', 'v'], { EX: 60, KEEPTTL: false }],
    ['set', ['k', 'v'], new Named()],
    ['getEx', ['k'], { PERSIST: true }],
  ])('is none that it asks for: %s (%#)', async (name, args, options) => {
    const routing = cluster.getRoutingClient() as unknown as AnyClient;
    await routing['del']!('k');
    // As often as needed to use what was learnt of the first.
    for (let i = 0; i < 3; i++) await routing[name]!(...args, options);
    for (const nothing of [undefined, null]) {
      if (name === 'set') expect(await routing[name]!(...args, nothing)).toBe('OK');
    }
  });
});

describe('what is ignored', () => {
  const ignored: [command: string, name: string, args: unknown[]][] = [
    ['HSET', 'hSet', ['h', { a: '1' }, { b: '2' }]],
    ['SET', 'set', ['k', 'v', { matchValue: 'w' }]],
    ['BITCOUNT', 'bitCount', ['k', { start: 0, end: 0, moDe: 'BIT' }]],
  ];

  it('does not depend on the calls before', async () => {
    const client = cluster.getRoutingClient() as unknown as AnyClient;
    await client['hSet']!('h', 'field', 'value');
    await failureOf(client['set']!('k', 'v', { condition: 'IFEQ', matchValue: 'w' }));
    await client['bitCount']!('k', false);
    for (const [command, name, args] of ignored) {
      for (const error of await misuse(name, args)) expect(error).toMatchObject({ command });
    }
  });

  it('is nothing that takes another form than options', async () => {
    const client = cluster.getRoutingClient();
    await client.sAdd('s', ['a', 'b', 'c']);
    for (let i = 0; i < 2; i++) expect(await client.sInterCard('s', 2)).toBe(2);
    expect(await client.sInterCard('s', { LIMIT: 1 })).toBe(1);
    await client.expireAt('s', new Date(Date.now() + 60_000));
    expect(await client.ttl('s')).toBeGreaterThan(0);
  });
});

describe('an argument of a raw command', () => {
  const values = wrong.filter(([, value]) => value !== 1.5);
  it.each(values)('that is %s is refused', async (_, value) => {
    for (const error of await misuse('executeCommand', ['SET', 'k', value])) {
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        code: 'RB_INVALID_ARGUMENT',
        command: 'SET',
        maybeExecuted: false,
      });
      expect(error['message']).toMatch(/Argument 2 of SET must be/);
    }
  });

  it.each([...values, ['a fraction', 1.5] as [string, unknown]])(
    'that stands for the key and is %s is refused',
    async (_, value) => {
      for (const error of await misuse('executeCommand', ['GET', value])) {
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', command: 'GET' });
      }
    },
  );

  it.each([[undefined], [null], [5], [['GET']], [Symbol('GET')], [Buffer.from('GET')]])(
    'a name that is %s is refused',
    async (name) => {
      for (const error of await misuse('executeCommand', [name, 'k'])) {
        expect(error).toBeInstanceOf(TypeError);
        expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
        expect(error['message']).toMatch(/name of a command must be a string/);
      }
    },
  );
});

describe('no command method ever throws', () => {
  it('whatever it is called with', async () => {
    const routing = cluster.getRoutingClient() as unknown as AnyClient;
    const names = [
      ...['get', 'set', 'del', 'hSet', 'zAdd', 'xRead', 'sort', 'eval', 'geoSearchWith'],
      ...['mGet', 'mSet', 'ping', 'clientKill', 'migrate', 'lmPop', 'executeCommand'],
    ];
    const hostile = {
      get keys(): never {
        throw new RangeError('hostile');
      },
      toString(): never {
        throw new RangeError('hostile');
      },
    };
    for (const name of names) {
      for (const args of [[], [undefined], [null, null], [hostile], ['k', hostile], [[], []]]) {
        const promise = routing[name]!(...args);
        expect(promise).toBeInstanceOf(Promise);
        await promise.then(undefined, () => {});
      }
    }
    const error = await failureOf(
      cluster.map((c) => {
        const client = c as unknown as AnyClient;
        for (const name of names) for (const args of [[], [hostile]]) void client[name]!(...args);
      }),
    );
    expect(error).toMatchObject({ code: 'RB_MAP' });
  });

  it('and a refused command leaves nothing behind for the next one', async () => {
    const client = cluster.getRoutingClient();
    const bad = client as unknown as AnyClient;
    const answers = await Promise.allSettled([
      client.set('left', '1'),
      bad['set']!('left', '2', { EX: null }),
      bad['lPush']!('left', ['a', 5]),
      client.get('left'),
      client.del('left'),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : 'no'))).toEqual([
      'OK',
      'no',
      'no',
      '1',
      1,
    ]);
  });
});

describe('what a definition would turn into text', () => {
  it.each([
    ['set', ['k', NaN]],
    ['incrBy', ['k', NaN]],
    ['expire', ['k', {}]],
    ['zAdd', ['k', { score: NaN, value: 'a' }]],
    ['lRange', ['k', 0, {}]],
  ])('is refused: %s %j', async (method, args) => {
    for (const error of await misuse(method, args)) {
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', maybeExecuted: false });
      expect(error['message']).toContain(method.toUpperCase());
    }
  });

  it('is taken where the caller gave that very text', async () => {
    const client = cluster.getRoutingClient();
    for (const text of ['NaN', '[object Object]', 'undefined']) {
      await client.set(text, text);
      await client.hSet(`h:${text}`, { [text]: text });
      await client.rPush(`l:${text}`, [text, 'b']);
      expect(await client.get(text)).toBe(text);
      expect(await client.hGetAll(`h:${text}`)).toEqual({ [text]: text });
      expect(await client.lRange(`l:${text}`, 0, -1)).toEqual([text, 'b']);
      expect(await cluster.map((c) => c.get(text))).toBe(text);
    }
  });

  it('is taken where a getter of a class answers that very text', async () => {
    class Member {
      readonly #value: string;
      readonly score = 1;
      constructor(value: string) {
        this.#value = value;
      }
      get first(): string {
        throw new Error('a getter that fails is no answer');
      }
      get value(): string {
        return this.#value;
      }
      /** Each of the members that this makes is another one. */
      get next(): Member {
        return new Member(this.#value);
      }
    }
    class Inheriting extends Member {}
    const client = cluster.getRoutingClient();
    for (const text of ['NaN', '[object Object]', 'undefined']) {
      await client.zAdd('members', [new Inheriting('other'), new Inheriting(text)]);
      expect(await client.zScore('members', text)).toBe(1);
    }
  });

  it('is refused also where what is given fails to be read, or holds itself', async () => {
    class Member {
      readonly value = 'a';
      readonly score = NaN;
      get other(): never {
        throw new Error('foreign');
      }
    }
    const holdsItself: Record<string, unknown> = { value: 'a', score: NaN };
    holdsItself['self'] = { again: [holdsItself] };
    for (const member of [new Member(), holdsItself]) {
      for (const error of await misuse('zAdd', ['k', member])) {
        expect(error).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
        expect(error['message']).toContain('Argument 2 of ZADD came out as "NaN"');
      }
    }
  });
});

describe('what a definition throws', () => {
  it.each<[string, unknown[], RegExp]>([
    ['zAdd', ['k', null], /^ZADD cannot .* \(a string, null\) after/],
    ['xAdd', ['k', 'swordfish', null], /^XADD cannot .* \(a string, a string, null\) after/],
  ])('is told with the types of what was given: %s %j', async (name, args, message) => {
    for (const error of await misuse(name, args)) {
      expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', maybeExecuted: false });
      expect(error['message']).toMatch(message);
      expect(error['message']).not.toContain('swordfish');
    }
  });

  it('is told also of what cannot be looked at, and of no more than eight', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const error of await misuse('zAdd', ['k', proxy, ...Array<string>(9).fill('more')])) {
      expect(error).toMatchObject({ name: 'TypeError', code: 'RB_INVALID_ARGUMENT' });
      expect(error['message']).toMatch(/\(a string, an object(, a string){6}, …\) after number/);
    }
  });
});
