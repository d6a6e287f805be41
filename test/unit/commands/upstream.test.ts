/** The shape of `@redis/client` that this library builds on; it fails loudly when that moves. */

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

import { describe, expect, it } from 'vitest';

import { COMMAND_NAMES, definitionOf, transformOf } from '../../../src/commands/upstream.js';

type Table = Record<string, { parseCommand: unknown; transformReply: unknown }>;

const path = '@redis/client/dist/lib/commands/index.js';
const required = createRequire(import.meta.url)(path) as { default: Table };

describe('the table of definitions', () => {
  it('is the default export of the module, under both import shapes', () => {
    // As Node imports a CommonJS module: its exports are the default.
    const code = `import table from '${path}';
      const names = Object.keys(table.default);
      console.log(JSON.stringify([Object.keys(table), 'get' in table, names.length]));`;
    const root = new URL('../../..', import.meta.url);
    const node = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root });
    const [exported, isTable, count] = JSON.parse(String(node)) as [string[], boolean, number];
    expect(exported).toContain('default');
    expect(isTable).toBe(false);
    expect(count).toBe(Object.keys(required.default).length);
    // As bundlers import it: the default export is the table itself, which names no `default`.
    expect(required.default).toHaveProperty('get');
    expect(required.default).not.toHaveProperty('default');
  });

  it('holds 408 definitions in camelCase, each of them again in upper case', () => {
    const names = Object.keys(required.default);
    const upper = names.filter((name) => name === name.toUpperCase());
    const camel = names.filter((name) => name !== name.toUpperCase());
    expect(camel).toHaveLength(408);
    expect([...COMMAND_NAMES].sort()).toEqual(camel.sort());
    expect(upper.length).toBeGreaterThanOrEqual(408);
    const definitions = new Set(upper.map((name) => required.default[name]));
    expect(camel.filter((name) => !definitions.has(required.default[name]))).toEqual([]);
  });

  it('names no method that a client has for something else', () => {
    const ours = [
      ...['executeCommand', 'withTypeMapping', 'join', 'cancel', 'map', 'fanout', 'all'],
      ...['target', 'targetKey', 'getMappingClient', 'getFanoutClient', 'constructor', 'then'],
    ];
    expect(ours.filter((name) => COMMAND_NAMES.includes(name))).toEqual([]);
  });

  it('has the commands that differ by kind of client', () => {
    for (const name of ['get', 'set', 'mGet', 'mSet', 'hGetAll', 'zRangeWithScores', 'xRead']) {
      expect(COMMAND_NAMES.includes(name)).toBe(true);
    }
    // Not commands of the table, but methods of a connection of one's own.
    for (const name of ['multi', 'watch', 'subscribe', 'select', 'quit', 'monitor', 'reset']) {
      expect(COMMAND_NAMES.includes(name)).toBe(false);
    }
  });
});

const definitions = COMMAND_NAMES.map((name) => [name, definitionOf(name)] as const);

describe('a definition', () => {
  it('has parseCommand, and transformReply as a function, one for each protocol, or none', () => {
    const shapes = { function: 0, pair: 0, none: 0 };
    for (const [name, definition] of definitions) {
      expect([name, typeof definition.parseCommand]).toEqual([name, 'function']);
      const transform: unknown = definition.transformReply;
      if (typeof transform === 'function') shapes.function++;
      else if (transform === undefined) shapes.none++;
      else {
        expect([name, Object.keys(transform as object)]).toEqual([name, ['2', '3']]);
        const pair = transform as Record<2 | 3, unknown>;
        for (const RESP of [2, 3] as const) {
          expect([name, RESP, ['function', 'undefined'].includes(typeof pair[RESP])]).toEqual([
            name,
            RESP,
            true,
          ]);
        }
        shapes.pair++;
      }
    }
    expect(shapes).toEqual({ function: 35, pair: 54, none: 319 });
  });

  it('takes no more than reply, preserve and type mapping in its transform', () => {
    const lengths = definitions.flatMap(([, definition]) =>
      ([2, 3] as const).map((RESP) => transformOf(definition, RESP)?.length ?? 0),
    );
    expect(Math.max(...lengths)).toBe(3);
  });

  it('keeps something for its transform in a few cases only', () => {
    const preserving = definitions.filter(([, definition]) => {
      const parser = recordingParser();
      call(definition, parser);
      return parser.set.has('preserve');
    });
    const names = preserving.map(([name]) => name);
    expect(names.every((name) => name.startsWith('geo') && name.endsWith('With'))).toBe(true);
  });

  it('uses only the members of the parser that ours has', () => {
    const used = new Set<string>();
    for (const [, definition] of definitions) {
      const parser = recordingParser();
      call(definition, parser);
      for (const name of [...parser.used, ...parser.set]) used.add(name);
    }
    expect([...used].sort()).toEqual([
      'preserve',
      'push',
      'pushKey',
      'pushKeys',
      'pushKeysLength',
      'pushVariadic',
      'pushVariadicNumber',
      'pushVariadicWithLength',
    ]);
  });

  it('pushes its name first', () => {
    const unnamed: string[] = [];
    for (const [name, definition] of definitions) {
      const parser = recordingParser();
      call(definition, parser);
      const [first] = parser.pushed;
      if (typeof first !== 'string' || !/^[A-Z][A-Z_.-]*$/.test(first)) unnamed.push(name);
    }
    expect(unnamed).toEqual([]);
  });
});

/** A parser that notes which of its members are used. */
function recordingParser() {
  const used = new Set<string>();
  const set = new Set<string>();
  const pushed: unknown[] = [];
  const parser = new Proxy(
    {},
    {
      get: (_, name) => {
        used.add(String(name));
        return (...args: unknown[]) => void pushed.push(...args);
      },
      set: (_, name) => {
        set.add(String(name));
        return true;
      },
    },
  );
  return { parser, used, set, pushed };
}

/** Calls a definition with arguments that serve most of them; how far it comes is enough. */
function call(
  definition: { parseCommand: unknown },
  { parser }: ReturnType<typeof recordingParser>,
): void {
  const parse = definition.parseCommand as (...args: unknown[]) => void;
  const place = { longitude: 1, latitude: 2, radius: 1, unit: 'm', member: 'm' };
  for (const args of [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    ['a', place, place, ['WITHDIST'], {}],
    ['a', place, 1, 'm', ['WITHDIST'], {}],
    ['a', 'm', 1, 'm', ['WITHDIST'], {}],
    ['a', ['b'], ['c'], ['d']],
  ]) {
    try {
      parse(parser, ...args);
    } catch {
      // Other arguments will do.
    }
  }
}
