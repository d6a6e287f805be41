/**
 * The esbuild plugin for what `src` uses of other packages. Modules that are listed here become part
 * of the bundle: as small as can be, since nobody reads them there, with only what is used of them,
 * and with each command's definition evaluated when it is first read. The clients of
 * `@redis/client` stay outside, and so does OpenTelemetry: they are the user's own copies.
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const EXTERNAL = /^(@redis\/client|@opentelemetry\/api)$/;
/** The modules, and what is used of them. */
const BUNDLED = {
  '@ioredis/commands': `{ exists, getKeyIndexes, hasFlag, list } from '@ioredis/commands'`,
  '@redis/client/dist/lib/RESP/decoder.js': `{ RESP_TYPES } from '@redis/client/dist/lib/RESP/decoder.js'`,
  '@redis/client/dist/lib/commands/index.js': `{ default } from '@redis/client/dist/lib/commands/index.js'`,
  // Its other histograms bring WebAssembly, and their encodings a compression.
  'hdr-histogram-js': `{ default as Int32Histogram } from 'hdr-histogram-js/dist/Int32Histogram.js'`,
};
const DEFINITIONS = /@redis[\\/]client[\\/]dist[\\/]lib[\\/]commands[\\/]index\.js$/;
const DECODER = /@redis[\\/]client[\\/]dist[\\/]lib[\\/]RESP[\\/]decoder\.js$/;
const COMMAND_TABLE = /@ioredis[\\/]commands[\\/]built[\\/]commands\.json$/;

/** The flags of commands that `src` asks for. */
const FLAGS = ['admin', 'blocking', 'module', 'movablekeys', 'readonly', 'write'];

export const bundledPackages = {
  name: 'bundled packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: EXTERNAL }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^[@\w]/ }, ({ path }) =>
      Object.hasOwn(BUNDLED, path) ? { path, namespace: 'bundled' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'bundled' }, async ({ path }) => ({
      contents: await bundled(path),
    }));
    importBuiltins(onResolve, onLoad);
  },
};

async function bundled(specifier) {
  const { outputFiles } = await build({
    stdin: { contents: `export ${BUNDLED[specifier]};`, resolveDir: root },
    write: false,
    bundle: true,
    // Not CommonJS: V8 would read each function once more, as a part of the module's own.
    format: 'esm',
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

/** Modules of which a part is used, with that part alone. */
const slimModules = {
  name: 'slim modules',
  setup({ onLoad }) {
    onLoad({ filter: DEFINITIONS }, ({ path }) => ({
      contents: lazyTable(path),
      resolveDir: dirname(path),
    }));
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

/** The table of command definitions, with each of them evaluated when it is first read. */
function lazyTable(path) {
  const require = createRequire(path);
  const files = filesOfDefinitions(path, require);
  const getters = Object.entries(require(path).default)
    .filter(([name]) => name !== name.toUpperCase())
    .map(([name, definition]) => {
      const file = files.get(definition);
      if (file === undefined) throw new Error(`No file of ${path} defines the command '${name}'.`);
      return `get ${JSON.stringify(name)}() { return require(${JSON.stringify(file)}).default; },`;
    });
  return `export default {\n${getters.join('\n')}\n};`;
}

/** Which of the files that a table of definitions requires has which definition. */
function filesOfDefinitions(path, require) {
  const files = readFileSync(path, 'utf8').matchAll(/require\("(\.\/[^"]+)"\)/g);
  return new Map([...files].map(([, file]) => [require(file).default, file]));
}

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
