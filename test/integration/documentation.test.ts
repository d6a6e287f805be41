/** Runs the code that the documentation shows, and checks the types of what is in TypeScript. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { addressOf } from '../helpers/cli.js';
import { codeBlocks, root, usePrograms } from '../helpers/programs.js';
import { useServers } from '../helpers/servers.js';

const programs = usePrograms();

/**
 * Runs a program as if it stood in a file of the project, so that it finds the package. Some pages
 * use what Node calls experimental.
 */
function runProgram(code: string): Promise<string[]> {
  return programs.run('--no-warnings', '--input-type=module', '-e', code);
}

const printed = [
  'apple: 3',
  'pear: 1',
  'plum: 2',
  'fig: 1',
  expect.stringMatching(/^keys on each host: Map\(4\) \{ 0 => \d, 1 => \d, 2 => \d, 3 => \d \}$/),
];

describe('the first page', () => {
  it.each(['README.md', 'docs/getting-started.md'])(
    'has a program that runs with nothing but the package and redis-server: %s',
    async (page) => {
      expect(await runProgram(codeBlocks(page, 'js')[0]!)).toEqual(printed);
    },
  );
});

describe('the program of the README for servers of one’s own', () => {
  const file = useServers({ servers: 2, databasesEach: 1 });

  it('runs as it is on servers that listen there', async () => {
    const [code = ''] = codeBlocks('README.md', 'javascript');
    const here = code.replace(/\{ port: 700(\d) \}/g, (_, number) =>
      JSON.stringify(addressOf(file.servers[Number(number) - 1]!)),
    );
    expect(here).not.toBe(code);
    expect(await runProgram(here)).toEqual(['hello']);
  });
});

/** What the pieces of code of a page may use without saying where it comes from. */
const NAMES = [
  'Cluster',
  'ConsistentHashingRouter',
  'Ketama',
  'PartitionRouter',
  'RbPromise',
  'ReplyError',
  'RESP_TYPES',
  'Script',
  'UnroutableCommand',
  'defineScript',
];

/** One program of all blocks of a page, each with a cluster of its own over the same servers. */
function programOf(blocks: readonly string[]): string {
  return `
    import * as library from 'redis-blaster';
    import { makeTestCluster, TestSetup } from 'redis-blaster/testing';
    const { ${NAMES.join(', ')} } = library;
    const setup = new TestSetup({ servers: 2, databasesEach: 2 });
    const { hosts } = await setup.makeCluster();
    async function run(block) {
      const cluster = new Cluster({ hosts: new Map([...hosts].map(([id, host]) => [id, configOf(host)])) });
      await cluster.all((client) => client.flushDb());
      const keys = ['user:1', 'user:2', 'user:3'];
      await block({ cluster, client: cluster.getRoutingClient(), keys });
      await cluster.disconnectPools();
    }
    function configOf({ host, port, unixSocketPath, db }) {
      return { host, port, unixSocketPath, db };
    }
    ${blocks.map(wrapped).join('\n')}
    await setup.close();
    process.exit();
  `;
}

const IMPORT = /^import [^;]*;$/gm;

function wrapped(block: string): string {
  const code = block.replaceAll(
    /^import (\{[^}]*\}) from ([^;]*);$/gm,
    'const $1 = await import($2);',
  );
  return `await run(async ({ cluster, client, keys }) => {{ ${code} }});`;
}

const pages = ['.', 'docs', 'docs/guide', 'docs/recipes'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file)),
);
const withPrograms = pages.filter((page) => codeBlocks(page, 'js').length > 0);
const withTypes = pages.filter((page) => codeBlocks(page, 'ts').length > 0);

describe('the documentation', () => {
  it('has code on many pages', () => {
    expect(withPrograms).toContain('docs/guide/mapping.md');
    expect(withPrograms).toContain('docs/from-ioredis.md');
    expect(withTypes).toContain('docs/guide/editor.md');
  });

  it.each(withPrograms)('shows code that runs: %s', async (page) => {
    await runProgram(programOf(codeBlocks(page, 'js')));
  });

  it('shows TypeScript whose types hold', () => {
    const files = new Map(
      withTypes.flatMap((page) =>
        codeBlocks(page, 'ts').map((block, index): [string, string] => [
          join(root, `${page.replaceAll(/\W/g, '-')}-${index}.ts`),
          moduleOf(block),
        ]),
      ),
    );
    expect(typeErrors(files)).toEqual([]);
  }, 120_000);
});

/** A module of one block, in which the names of its page stand for something. */
function moduleOf(block: string): string {
  const own = (block.match(IMPORT) ?? []).join('\n');
  const others = NAMES.filter((name) => !new RegExp(`\\b${name}\\b`).test(own));
  return `
    import type * as library from 'redis-blaster';
    import { ${others.join(', ')} } from 'redis-blaster';
    ${own}
    declare const cluster: library.Cluster;
    declare const client: library.RoutingClient;
    declare const keys: string[];
    export async function block(): Promise<void> { { ${block.replace(IMPORT, '')} } }
  `;
}

function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const { options } = readTsconfig();
  const own = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  const host = ts.createCompilerHost(own);
  const program = ts.createProgram([...files.keys()], own, {
    ...host,
    fileExists: (path) => files.has(path) || existsSync(path),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    getSourceFile: (path, target) => {
      const text = files.get(path);
      if (text === undefined) return host.getSourceFile(path, target);
      return ts.createSourceFile(path, text, target);
    },
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const where = file === undefined ? '' : file.fileName.slice(root.length);
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

function readTsconfig(): ts.ParsedCommandLine {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  return ts.parseJsonConfigFileContent(config, ts.sys, root);
}
