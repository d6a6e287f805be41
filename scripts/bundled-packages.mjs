/**
 * The esbuild plugin for what `src` uses of other packages. Modules that it names by their paths
 * become part of the bundle: as small as can be, since nobody reads them there, and with each
 * command's definition loaded when it is first read. The clients of `@redis/client` stay outside,
 * and so does OpenTelemetry: they are the user's own copies.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const EXTERNAL = /^(@redis\/client|@opentelemetry\/api)$/;
const BUNDLED = /^(@redis\/client\/dist\/.*|@ioredis\/commands)$/;
const DEFINITIONS = /@redis[\\/]client[\\/]dist[\\/]lib[\\/]commands[\\/]index\.js$/;

export const bundledPackages = {
  name: 'bundled packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: EXTERNAL }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: BUNDLED }, ({ path }) => ({ path, namespace: 'bundled' }));
    onLoad({ filter: /.*/, namespace: 'bundled' }, async ({ path }) => ({
      contents: await bundled(path),
      loader: 'js',
    }));
  },
};

async function bundled(specifier) {
  const { outputFiles } = await build({
    entryPoints: [createRequire(import.meta.url).resolve(specifier)],
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.9',
    minify: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [lazyDefinitions],
  });
  return outputFiles[0].text;
}

/** The table of command definitions, with each of them loaded when it is first read. */
const lazyDefinitions = {
  name: 'lazy definitions',
  setup({ onLoad }) {
    onLoad({ filter: DEFINITIONS }, ({ path }) => ({
      contents: lazyTable(path),
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
};

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
  return `exports.default = {\n${getters.join('\n')}\n};`;
}

/** Which of the files that a table of definitions requires has which definition. */
function filesOfDefinitions(path, require) {
  const files = readFileSync(path, 'utf8').matchAll(/require\("(\.\/[^"]+)"\)/g);
  return new Map([...files].map(([, file]) => [require(file).default, file]));
}

/** The licenses of the packages that became part of bundles, by the files that went into those. */
export function notices(inputs) {
  const parts = packagesOf(inputs).map((name) => `${titleOf(name)}\n\n${licenseOf(name)}`);
  const line = `\n${'-'.repeat(72)}\n\n`;
  return `This package contains code of the following packages.\n\n${parts.join(line)}`;
}

/** Files are `node_modules/name/...`, or `bundled:name/...` where the plugin above made them. */
function packagesOf(inputs) {
  const names = inputs.map(
    (file) => /^(?:node_modules\/|bundled:)((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1],
  );
  return [...new Set(names)].filter((name) => name !== undefined).sort();
}

function titleOf(name) {
  const { version, license } = JSON.parse(readFileSync(join(folderOf(name), 'package.json')));
  return `${name} ${version} (${license})`;
}

function licenseOf(name) {
  const file = readdirSync(folderOf(name)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) return 'The package ships no text of its license.\n';
  return readFileSync(join(folderOf(name), file), 'utf8');
}

function folderOf(name) {
  return join(root, 'node_modules', name);
}
