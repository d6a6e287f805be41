/**
 * `npm run build`: compiles `src` into `dist`, as declarations by file and as code in few bundles,
 * since loading hundreds of small files takes longer than running them. The old `dist` stays as it
 * is until the new one is whole, so that a failing build takes it from nobody.
 */
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, root, runTool } from './setup.mjs';

ensurePackages();

// Only now: they need a package.
const { build } = await import('esbuild');
const { bundledPackages, notices } = await import('./bundled-packages.mjs');

const ENTRY_POINTS = {
  index: 'src/index.ts',
  'testing/index': 'src/testing/index.ts',
  'opentelemetry/index': 'src/opentelemetry/index.ts',
  cli: 'src/cli/main.ts',
};

const dist = join(root, 'dist');
const fresh = join(root, `.dist-${process.pid}`);
try {
  if (!declare()) throw new Error('The types do not hold.');
  const { metafile } = await bundle();
  restoreClassNames();
  slimSourceMaps();
  chmodSync(join(fresh, 'cli.js'), 0o755);
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
    // Names stay readable, and lines short: stacks show the ones, and Node the line of an error.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    // Packages in CommonJS, of which the command line is made, load Node's modules by `require`.
    banner: {
      js:
        "import { createRequire as createBannerRequire } from 'node:module';" +
        'const require = createBannerRequire(import.meta.url);',
    },
    logLevel: 'warning',
    plugins: [bundledPackages],
  });
}

/**
 * A class that mentions itself comes out as `var A = class _A`, and users would meet `_A` when they
 * inspect its objects. The names are given back; a space keeps the source maps' columns.
 */
function restoreClassNames() {
  for (const file of outputs('.js')) {
    const code = readFileSync(file, 'utf8');
    const names = [...code.matchAll(/\b(\w+) ?= ?class\s+_\1\b/g)].map(([, name]) => name);
    if (names.length === 0) continue;
    writeFileSync(file, code.replace(new RegExp(`\\b_(${names.join('|')})\\b`, 'g'), ' $1'));
  }
}

/** Of other packages only the names of the sources are kept: their code is read in their own. */
function slimSourceMaps() {
  for (const file of outputs('.js.map')) {
    const map = JSON.parse(readFileSync(file, 'utf8'));
    map.sourcesContent = map.sourcesContent.map((content, index) =>
      /(^|\/)src\//.test(map.sources[index]) ? content : null,
    );
    writeFileSync(file, JSON.stringify(map));
  }
}

function outputs(ending) {
  const files = readdirSync(fresh, { recursive: true }).filter((name) => name.endsWith(ending));
  return files.map((name) => join(fresh, name));
}
