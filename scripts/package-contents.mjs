/**
 * What is in the package: nothing but what users need, no trace of the machine that built it, and
 * the licenses of all that it holds of others.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, normalize, posix, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { entryDeclarations, unreachableDeclarations } from './declarations.mjs';
import { root } from './setup.mjs';

const NOTICES = 'dist/THIRD-PARTY-NOTICES.txt';
const REQUIRED = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', NOTICES];
const ALLOWED = [
  /^(CHANGELOG\.md|LICENSE|README\.md|package\.json|rb\.config\.schema\.json)$/,
  /^dist\/THIRD-PARTY-NOTICES\.txt$/,
  /^dist\/([\w-]+\/)*[\w.-]+\.(js|js\.map|d\.ts)$/,
];
/** A package in the paths of what a bundle was made of. */
const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** What is wrong with the files of the package, which is installed in a folder. */
export async function problemsOfContents(paths, folder) {
  const manifest = JSON.parse(read(folder, 'package.json'));
  const maps = paths.filter((path) => path.endsWith('.map'));
  return [
    ...REQUIRED.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths.filter((path) => !isAllowed(path)).map((path) => `${path} is no user's business`),
    ...(await unreachable(paths, folder, manifest)).map((path) => `no entry leads to ${path}`),
    ...paths.filter((path) => read(folder, path).includes(normalize(root))).map(builtBy),
    ...maps.flatMap((path) => problemsOfMap(path, JSON.parse(read(folder, path)))),
    ...maps.flatMap((path) => problemsOfSources(path, JSON.parse(read(folder, path)), paths)),
    ...withoutNotice(maps, folder).map((name) => `${NOTICES} has no ${name}`),
  ];
}

function read(folder, path) {
  return readFileSync(join(folder, path), 'utf8');
}

function isAllowed(path) {
  return ALLOWED.some((pattern) => pattern.test(path));
}

function builtBy(path) {
  return `${path} tells where it was built`;
}

/** Code and declarations that nothing imports. */
async function unreachable(paths, folder, manifest) {
  const entries = entryDeclarations(manifest).map((path) => join(folder, path));
  const declarations = unreachableDeclarations(join(folder, 'dist'), entries);
  const loaded = await loadedFiles(folder, manifest);
  const code = paths.filter((path) => path.endsWith('.js') && !loaded.has(path));
  return [...declarations.map((path) => relative(folder, path)), ...code];
}

async function loadedFiles(folder, { exports, bin = {} }) {
  const modules = Object.values(exports).map((target) => target.default);
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: [...modules, ...Object.values(bin)].filter((path) => path?.endsWith('.js')),
    outdir: 'unused',
    write: false,
    metafile: true,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  return new Set(Object.keys(metafile.inputs));
}

function problemsOfMap(path, { sources, sourceRoot = '' }) {
  const isForeign = (source) => isAbsolute(source) || /^(file:|[a-z]:[\\/])/i.test(source);
  return [sourceRoot, ...sources]
    .filter(isForeign)
    .map((source) => `${path} has the path ${source}, which is of one machine`);
}

/** Sources that no tool could show, and would warn of. */
function problemsOfSources(path, { sources, sourcesContent = [], sourceRoot = '' }, paths) {
  const isShown = (source, index) =>
    typeof sourcesContent[index] === 'string' ||
    paths.includes(posix.join(posix.dirname(path), sourceRoot, source));
  return [
    ...sources
      .filter((source) => /^[\w ]+:/.test(source))
      .map((it) => `${path} names no file: ${it}`),
    ...sources
      .filter((source, index) => !isShown(source, index))
      .map((source) => `${path} has neither the content nor the file of ${source}`),
  ];
}

/** Packages that parts of the bundles come from, and of which the notices do not tell. */
function withoutNotice(maps, folder) {
  const sources = maps.flatMap((path) => JSON.parse(read(folder, path)).sources);
  const names = new Set(sources.map((source) => PACKAGE.exec(source)?.[1]).filter(Boolean));
  const notices = existsSync(resolve(folder, NOTICES)) ? read(folder, NOTICES) : '';
  return [...names].filter((name) => !notices.includes(`\n${name} `));
}
