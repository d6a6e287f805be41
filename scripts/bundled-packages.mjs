/**
 * The esbuild plugin for what `src` uses of other packages. Modules that are listed here become part
 * of the bundle: as small as can be, since nobody reads them there, with only what is used of them,
 * and with the definitions of commands evaluated when the first of them is read. The clients of
 * `@redis/client` stay outside, and so does OpenTelemetry: they are the user's own copies.
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const DEFINITIONS = '@redis/client/dist/lib/commands/index.js';
const EXTERNAL = /^(@redis\/client|@opentelemetry\/api)$/;
/** The modules, and what is used of them. */
const BUNDLED = {
  '@ioredis/commands': `{ exists, getKeyIndexes, hasFlag, list } from '@ioredis/commands'`,
  '@redis/client/dist/lib/RESP/decoder.js': `{ RESP_TYPES } from '@redis/client/dist/lib/RESP/decoder.js'`,
  // Its other histograms bring WebAssembly, and their encodings a compression.
  'hdr-histogram-js': `{ default as Int32Histogram } from 'hdr-histogram-js/dist/Int32Histogram.js'`,
};
const DECODER = /@redis[\\/]client[\\/]dist[\\/]lib[\\/]RESP[\\/]decoder\.js$/;
const COMMAND_TABLE = /@ioredis[\\/]commands[\\/]built[\\/]commands\.json$/;

/** The flags of commands that `src` asks for. */
const FLAGS = ['admin', 'blocking', 'module', 'movablekeys', 'readonly', 'write'];

export const bundledPackages = {
  name: 'bundled packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: EXTERNAL }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^[@\w]/ }, ({ path }) =>
      path === DEFINITIONS || Object.hasOwn(BUNDLED, path)
        ? { path, namespace: 'bundled' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'bundled' }, async ({ path }) => ({
      contents: path === DEFINITIONS ? await lazyDefinitions() : await bundled(path),
    }));
    importBuiltins(onResolve, onLoad);
  },
};

// Not CommonJS: V8 would read each function once more, as a part of the module's own.
const bundled = (specifier) => compact(`export ${BUNDLED[specifier]};`, 'esm');

async function compact(contents, format) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    write: false,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20.9',
    minify: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [slimModules],
  });
  return outputFiles[0].text;
}

/**
 * The table of command definitions. All of them are in one function, which V8 only skims when the
 * library is imported: with hundreds of functions of their own they would make an import touch half
 * as much memory again, and take a quarter longer.
 */
async function lazyDefinitions() {
  const files = filesOfDefinitions();
  const cases = [...files].map(
    ([name, file]) =>
      `case ${JSON.stringify(name)}: return require(${JSON.stringify(file)}).default;`,
  );
  const code = await compact(
    `module.exports = (name) => { switch (name) { ${cases.join('\n')} } };`,
    'cjs',
  );
  return `function evaluate() {
const module = {};
${code}
return module.exports;
}
let definitionOf;
const table = Object.create(null);
for (const name of ${JSON.stringify([...files.keys()].join(' '))}.split(' ')) table[name] = undefined;
const get = (table, name) =>
  name in table ? (definitionOf ??= evaluate())(name) : undefined;
export default new Proxy(table, { get });`;
}

/** Which file has which definition, by camelCase name. */
function filesOfDefinitions() {
  const require = createRequire(join(root, 'package.json'));
  const path = require.resolve(DEFINITIONS);
  const requireHere = createRequire(path);
  const requires = readFileSync(path, 'utf8').matchAll(/require\("\.\/([^"]+)"\)/g);
  const files = new Map([...requires].map(([, file]) => [requireHere(`./${file}`).default, file]));
  const isCamelCase = ([name]) => name !== name.toUpperCase();
  const named = Object.entries(require(path).default).filter(isCamelCase);
  return new Map(
    named.map(([name, definition]) => {
      const file = files.get(definition);
      if (file === undefined) throw new Error(`No file of ${path} defines the command '${name}'.`);
      return [name, join(dirname(path), file)];
    }),
  );
}

/** Modules of which a part is used, with that part alone. */
const slimModules = {
  name: 'slim modules',
  setup({ onLoad }) {
    onLoad({ filter: DECODER }, ({ path }) => ({
      contents: `export const RESP_TYPES = ${JSON.stringify(createRequire(path)(path).RESP_TYPES)};`,
    }));
    onLoad({ filter: COMMAND_TABLE }, ({ path }) => ({
      // V8 reads text faster than code.
      contents: `module.exports = JSON.parse(${JSON.stringify(slimTable(path))});`,
      loader: 'js',
    }));
  },
};

/** The table of all commands as text, without what nobody asks for. */
function slimTable(path) {
  const commands = JSON.parse(readFileSync(path, 'utf8'));
  return JSON.stringify(mapValues(commands, slimCommand));
}

function slimCommand({ flags, subcommands = {}, ...entry }) {
  const withKeys = Object.entries(subcommands).filter(([, { step }]) => step > 0);
  return {
    flags: flags.filter((flag) => FLAGS.includes(flag)),
    ...keyPositions(entry),
    ...(withKeys.length > 0 && {
      subcommands: mapValues(Object.fromEntries(withKeys), keyPositions),
    }),
  };
}

/** Where the keys are, of a command that has any. */
function keyPositions({ keyStart, keyStop, step }) {
  return step > 0 ? { keyStart, keyStop, step } : {};
}

function mapValues(record, map) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** Packages in CommonJS load Node's own modules by `require`; what imports them is put between. */
function importBuiltins(onResolve, onLoad) {
  onResolve({ filter: /.*/ }, ({ path, kind, namespace }) => {
    if (kind !== 'require-call' || !isBuiltin(path)) return undefined;
    return { path, namespace: namespace === 'required builtin' ? 'builtin' : 'required builtin' };
  });
  onLoad({ filter: /.*/, namespace: 'required builtin' }, ({ path }) => ({
    contents: `module.exports = require('${path}').default;`,
  }));
  onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
    contents: `export { default } from '${path}';`,
  }));
}
