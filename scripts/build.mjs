/**
 * `npm run build`: compiles `src` into `dist`, as declarations by file and as code in few bundles,
 * since loading hundreds of small files takes longer than running them. The old `dist` stays as it
 * is until the new one is whole, so that a failing build takes it from nobody.
 */
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensurePackages, root, runTool } from './setup.mjs';

ensurePackages();

// Only now: it is a package.
const { build } = await import('esbuild');

const ENTRY_POINTS = {
  index: 'src/index.ts',
  'testing/index': 'src/testing/index.ts',
};

/**
 * The clients of `@redis/client` are the user's own copy, loaded when one is asked for; of its
 * modules only what `src` names by their paths becomes part of the bundle.
 */
const bundledPackages = {
  name: 'bundled packages',
  setup({ onResolve }) {
    onResolve({ filter: /^@redis\/client$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** The table of command definitions, with each of them loaded when it is first read. */
const lazyDefinitions = {
  name: 'lazy definitions',
  setup({ onLoad }) {
    onLoad(
      { filter: /@redis[\\/]client[\\/]dist[\\/]lib[\\/]commands[\\/]index\.js$/ },
      ({ path }) => ({
        contents: lazyTable(path),
        loader: 'js',
        resolveDir: dirname(path),
      }),
    );
  },
};

const dist = join(root, 'dist');
const fresh = join(root, `.dist-${process.pid}`);
try {
  if (!declare()) throw new Error('The types do not hold.');
  const { metafile } = await bundle();
  writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), notices(Object.keys(metafile.inputs)));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // esbuild has printed its own.
  if (error.errors === undefined) console.error(error.message);
  process.exitCode = 1;
}

function declare() {
  const options = ['--declaration', '--emitDeclarationOnly', '--noEmitOnError'];
  const config = join(root, 'tsconfig.build.json');
  return runTool('typescript/bin/tsc', ['-p', config, '--outDir', fresh, ...options]) === 0;
}

function bundle() {
  return build({
    absWorkingDir: root,
    entryPoints: ENTRY_POINTS,
    outdir: fresh,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.9',
    sourcemap: true,
    metafile: true,
    // Names stay readable; what is left out is only read by machines.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    plugins: [bundledPackages, lazyDefinitions],
  });
}

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

/** The licenses of the packages that became part of the bundles. */
function notices(inputs) {
  const folders = inputs.map((file) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const packages = [...new Set(folders)].filter((folder) => folder !== undefined).sort();
  const parts = packages.map((folder) => `${nameIn(folder)}\n\n${licenseIn(folder)}`);
  return `This package contains code of the following packages.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}

function nameIn(folder) {
  const { name, version, license } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  );
  return `${name} ${version} (${license})`;
}

function licenseIn(folder) {
  const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e(\.|$)/i.test(name));
  if (file === undefined) return 'The package ships no text of its license.\n';
  return readFileSync(join(root, folder, file), 'utf8');
}
