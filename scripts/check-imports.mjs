/**
 * Part of `npm run lint`: the imports of `src` go one way. Fails on an import that its layer does
 * not list, on a cycle, on a relative import without `.js`, and on a package that the file may not
 * name. `import type` is an import like any other.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const BASE = ['errors', 'util'];
/** One layer in four files. */
const HOSTS = ['hosts', 'host-config', 'host-url', 'options'];

/** Layer (a folder or a file of src) -> what it may import besides itself, lowest first. */
const LAYERS = {
  errors: ['util/foreign'],
  util: ['errors'],
  hash: BASE,
  promise: BASE,
  script: BASE,
  wire: BASE,
  commands: BASE,
  'host-config': [...BASE, ...HOSTS],
  'host-url': [...BASE, ...HOSTS],
  hosts: [...BASE, ...HOSTS],
  options: [...BASE, ...HOSTS],
  'host-connection': [...BASE, ...HOSTS, 'wire'],
  health: [...BASE, 'hosts', 'wire'],
  telemetry: ['util', 'hosts', 'wire'],
  stats: ['hosts', 'wire'],
  pool: [...BASE, ...HOSTS, 'wire', 'commands', 'host-connection', 'health', 'stats', 'telemetry'],
  routers: [...BASE, 'hash', 'commands/key-table', 'commands/refused'],
  clients: [
    ...BASE,
    ...HOSTS,
    'script',
    'commands',
    'wire',
    'host-connection',
    'promise',
    'routers',
    'telemetry',
  ],
  topology: [...BASE, ...HOSTS, 'commands', 'clients', 'routers', 'pool', 'health', 'stats'],
  cluster: [
    ...BASE,
    ...HOSTS,
    'commands',
    'clients',
    'routers',
    'pool',
    'health',
    'stats',
    'topology',
  ],
  testing: [...BASE, 'commands', 'cluster'],
  cli: [...BASE, 'hosts', 'commands', 'wire', 'hash', 'routers', 'pool', 'cluster'],
  opentelemetry: [...BASE, 'telemetry'],
  index: [
    ...BASE,
    ...HOSTS,
    'script',
    'commands',
    'promise',
    'clients',
    'cluster',
    'hash',
    'health',
    'pool',
    'routers',
    'stats',
    'telemetry',
  ],
};

/** Package -> the files that may name it. Of all others only Node's own modules are allowed. */
const PACKAGES = {
  '@redis/client': [
    'commands/upstream',
    'clients/local-client',
    'clients/local-clients',
    'util/load-module',
  ],
  // A peer, for those who have it.
  '@opentelemetry/api': [
    'opentelemetry/attributes',
    'opentelemetry/connection-metrics',
    'opentelemetry/index',
    'opentelemetry/map-spans',
    'opentelemetry/operations',
    'opentelemetry/options',
  ],
  '@ioredis/commands': ['commands/key-table', 'cli/destructive'],
  // Bundled into the command line.
  '@inquirer/confirm': ['cli/confirm'],
  'cli-progress': ['cli/progress'],
  commander: ['cli/program'],
  'hdr-histogram-js': ['cli/load', 'cli/bench-report'],
  picocolors: ['cli/output'],
};

const source = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(source, { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split(sep).join('/').slice(0, -'.ts'.length))
  .sort();
const graph = new Map(files.map((file) => [file, []]));
const problems = [];

for (const file of files) {
  for (const specifier of importsOf(file)) {
    const rule = specifier.startsWith('.')
      ? checkRelative(file, specifier)
      : checkPackage(file, specifier);
    if (rule !== undefined) problems.push(`src/${file}.ts: import of '${specifier}': ${rule}`);
  }
}
for (const cycle of findCycles()) {
  problems.push(`src/${cycle[0]}.ts: import cycle: ${[...cycle, cycle[0]].join(' -> ')}`);
}
for (const problem of problems) console.error(problem);
console.log(`check-imports: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function importsOf(file) {
  const text = readFileSync(join(source, `${file}.ts`), 'utf8');
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function checkRelative(file, specifier) {
  if (!specifier.endsWith('.js')) return 'a relative import ends in .js';
  const target = posix.join(posix.dirname(file), specifier.slice(0, -'.js'.length));
  if (target.startsWith('..') || !existsSync(join(source, `${target}.ts`))) {
    return 'names no file of src';
  }
  graph.get(file).push(target);
  if (target === 'index') return 'index.ts is the door for users; no file of src imports it';
  const layer = layerOf(file);
  const allowed = LAYERS[layer];
  if (allowed === undefined) return `the layer '${layer}' is not in the table of this script`;
  if (layerOf(target) === layer) return undefined;
  if (allowed.includes(layerOf(target)) || allowed.includes(target)) return undefined;
  return `'${layer}' may import only ${allowed.join(', ')}`;
}

function checkPackage(file, specifier) {
  if (specifier.startsWith('node:')) return undefined;
  const name = Object.keys(PACKAGES).find((it) => `${specifier}/`.startsWith(`${it}/`));
  if (name === undefined) return "only 'node:' modules and the listed packages are allowed";
  if (PACKAGES[name].includes(file)) return undefined;
  return `only ${PACKAGES[name].map((it) => `src/${it}.ts`).join(', ')} may name this package`;
}

function layerOf(file) {
  return file.split('/')[0];
}

function findCycles() {
  const cycles = [];
  const done = new Set();
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push(path.slice(start));
    if (start !== -1 || done.has(file)) return;
    for (const target of graph.get(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}
