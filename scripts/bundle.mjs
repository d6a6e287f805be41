/**
 * The code of the package, as few bundles: loading hundreds of small files takes longer than running
 * them. Every entry loads the whole library, which therefore is in one chunk for all of them; only
 * the parts that are useful without it have one of their own, so that a program which uses nothing
 * else can leave the library out.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundledPackages } from './bundled-packages.mjs';
import { root } from './setup.mjs';

const source = join(root, 'src');
const ENTRY_POINTS = {
  index: './index.js',
  'testing/index': './testing/index.js',
  'opentelemetry/index': './opentelemetry/index.js',
  cli: './cli/main.js',
};
/** What is useful without the library: entries that are there to make chunks of them. */
const PARTS = {
  errors: 'part:./errors.js',
  ketama: 'part:./hash/ketama.js',
  promise: 'part:./promise/rb-promise.js',
};

/** Puts the bundles into a folder, and answers the files that went into them. */
export async function bundle(folder) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { ...ENTRY_POINTS, ...PARTS },
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.9',
    sourcemap: true,
    metafile: true,
    // Names stay readable, and lines short: stacks show the ones, and Node the line of an error.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    logLevel: 'warning',
    plugins: [wholeLibrary, bundledPackages],
  });
  for (const name of Object.keys(PARTS)) {
    for (const ending of ['.js', '.js.map']) rmSync(join(folder, `${name}${ending}`));
  }
  dropBareImports(folder);
  restoreClassNames(folder);
  slimSourceMaps(folder);
  return Object.keys(metafile.inputs);
}

/**
 * A bundler makes a chunk for each set of entries that need the same files, and each chunk takes half
 * a millisecond to load. So whatever is loaded by its name loads the whole library before itself.
 */
const wholeLibrary = {
  name: 'whole library',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^part:/ }, ({ path }) =>
      resolve(path.slice('part:'.length), { kind: 'import-statement', resolveDir: source }),
    );
    onResolve({ filter: /^\./ }, async ({ path, kind, resolveDir }) => {
      if (kind !== 'entry-point' && kind !== 'dynamic-import') return undefined;
      const from = kind === 'entry-point' ? source : resolveDir;
      const file = await resolve(path, { kind: 'import-statement', resolveDir: from });
      return { path: file.path, namespace: 'entry' };
    });
    onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      contents: entryOf(path),
      resolveDir: dirname(path),
    }));
    onResolve({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({ path, sideEffects: true }));
  },
};

function entryOf(path) {
  const [hashbang = ''] = /^#!.*\n/.exec(readFileSync(path, 'utf8')) ?? [];
  const library = JSON.stringify(join(source, 'index.ts'));
  return `${hashbang}import ${library};\nexport * from ${JSON.stringify(path)};\n`;
}

/** No chunk is there for what it does when it is loaded. Spaces keep the source maps' columns. */
function dropBareImports(folder) {
  for (const file of outputs(folder, '.js')) {
    const code = readFileSync(file, 'utf8');
    const bare = /\bimport"\.[^"]*\/chunk-\w+\.js";/g;
    writeFileSync(
      file,
      code.replace(bare, (text) => ' '.repeat(text.length)),
    );
  }
}

/**
 * A class that mentions itself comes out as `var A = class _A`, and users would meet `_A` when they
 * inspect its objects. The names are given back; a space keeps the source maps' columns.
 */
function restoreClassNames(folder) {
  for (const file of outputs(folder, '.js')) {
    const code = readFileSync(file, 'utf8');
    const names = [...code.matchAll(/\b(\w+) ?= ?class\s+_\1\b/g)].map(([, name]) => name);
    if (names.length === 0) continue;
    writeFileSync(file, code.replace(new RegExp(`\\b_(${names.join('|')})\\b`, 'g'), ' $1'));
  }
}

/**
 * Of other packages only the names of the sources are kept: their code is read in their own. Tools
 * look for a source without content in the package, so each has a line in its place.
 */
function slimSourceMaps(folder) {
  for (const file of outputs(folder, '.js.map')) {
    const map = JSON.parse(readFileSync(file, 'utf8'));
    map.sourcesContent = map.sourcesContent.map((content, index) =>
      /(^|\/)src\//.test(map.sources[index]) ? content : '// The code of another package.\n',
    );
    map.sources = map.sources.map(plainPath);
    writeFileSync(file, JSON.stringify(map));
  }
}

/** Plugins put the name of a namespace, which looks like a URL's protocol, before a path. */
function plainPath(source) {
  return source.replace(/^bundled:/, 'node_modules/').replace(/^(required )?builtin:/, 'node/');
}

function outputs(folder, ending) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending));
  return files.map((name) => join(folder, name));
}
