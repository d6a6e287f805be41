/**
 * `npm run test:exports`: looks at the package as a user gets it. Packs it, lets publint and attw
 * judge the tarball, installs that into an empty project, and there type-checks consumers in every
 * way in which modules are resolved, loads every entry point by `import` and, where Node can, by
 * `require`, looks at what a bundler keeps, and at what is in the package.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProject, install, pack } from './packed-package.mjs';
import { ensureBuild, ensurePackages, root, run, runTool } from './setup.mjs';

/** The ways in which the compiler resolves modules. */
const RESOLUTIONS = {
  node16: { module: 'node16' },
  nodenext: { module: 'nodenext', allowJs: true, checkJs: true },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  preserve: { module: 'preserve' },
};

/** CommonJS in TypeScript, which may require ES modules where Node can, and JavaScript. */
const FOR_NODENEXT = {
  'requires.cts': `
import api = require('redis-blaster');
import testing = require('redis-blaster/testing');

const cluster: api.Cluster = new api.Cluster({ hosts: {} });
export const reply: Promise<string | null> = cluster.getRoutingClient().get('key');
export const setup = new testing.TestSetup({ servers: 1 });
`,
  'javascript.mjs': `
import { Cluster, RbPromise } from 'redis-blaster';

/** @type {Record<number, import('redis-blaster').HostConfig>} */
const hosts = { 0: { port: 6379 } };
const cluster = new Cluster({ hosts, poolOptions: { retries: 0 } });

/**
 * @param {string[]} keys
 * @returns {Promise<(string | null)[]>}
 */
export function read(keys) {
  return cluster.map((client) => RbPromise.all(keys.map((key) => client.get(key))));
}

// @ts-expect-error There is no such option.
new Cluster({ hosts: {}, port: 6379 });
`,
};

ensurePackages();
ensureBuild();

// Only now: they need packages.
const { problemsOfContents } = await import('./package-contents.mjs');
const { problemsOfTreeShaking } = await import('./tree-shaking.mjs');

const manifest = readJson(join(root, 'package.json'));
const entryPoints = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => path.replace(/^\./, manifest.name));
/** What users may have beside the package; the other entry points are no good without. */
const peers = Object.keys(manifest.peerDependencies ?? {});
const WITHOUT_PEERS = ['redis-blaster', 'redis-blaster/testing'];
const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-package-'));
const project = join(folder, 'project');
let failures = 0;
try {
  const { tarball, size, files } = pack(folder);
  check('publint', runTool('publint/src/cli.js', [tarball, '--strict']));
  check('attw', runTool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only']));
  createProject(project, [tarball, versioned('@types/node')]);
  await checkContents(size, files);
  checkProblems('tree shaking', await problemsOfTreeShaking(project));
  const [[first, options], ...others] = Object.entries(RESOLUTIONS);
  checkTypes(first, options, WITHOUT_PEERS);
  for (const entry of WITHOUT_PEERS) checkLoading(entry);
  if (peers.length > 0) install(project, peers.map(versioned));
  for (const [name, further] of others) checkTypes(name, further, entryPoints);
  for (const entry of entryPoints) if (!WITHOUT_PEERS.includes(entry)) checkLoading(entry);
  for (const command of Object.keys(manifest.bin ?? {})) checkCommand(command);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function checkContents(size, files) {
  const installed = join(project, 'node_modules', manifest.name);
  const paths = files.map(({ path }) => path);
  const unpacked = files.reduce((sum, file) => sum + file.size, 0);
  const sizes = `${files.length} files, ${kilobytes(size)} packed, ${kilobytes(unpacked)} unpacked`;
  checkProblems(`contents, ${sizes}`, await problemsOfContents(paths, installed));
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

function checkTypes(name, options, entries) {
  const sources = join(project, name);
  cpSync(join(root, 'test', 'types', 'consumer'), sources, { recursive: true });
  // Beside the consumers of the test folder, the least one: every entry point can be named.
  const namings = entries.map((entry, index) => `export * as entry${index} from '${entry}';`);
  writeFileSync(join(sources, 'entry-points.ts'), `${namings.join('\n')}\n`);
  if (name === 'nodenext') {
    for (const [file, text] of Object.entries(FOR_NODENEXT))
      writeFileSync(join(sources, file), text);
  }
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    noEmit: true,
    // Our own declarations must hold too, also where users do not skip them.
    skipLibCheck: false,
    ...options,
  };
  writeFileSync(join(sources, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  check(`types, ${name}`, runTool('typescript/bin/tsc', ['-p', sources]));
}

function checkLoading(entry) {
  const print = "console.log('  ' + Object.keys(api).sort().join(', '))";
  const failIfEmpty = "if (Object.keys(api).length === 0) throw new Error('exports nothing')";
  const body = `${failIfEmpty}; ${print};`;
  const load = (inputType, code) =>
    run(process.execPath, [`--input-type=${inputType}`, '-e', code], { cwd: project });
  check(`import ${entry}`, load('module', `import * as api from '${entry}'; ${body}`));
  // Reported by Node itself: whether `require` takes ES modules.
  if (process.features.require_module) {
    check(`require ${entry}`, load('commonjs', `const api = require('${entry}'); ${body}`));
  } else {
    console.log(`skipped: require ${entry} (Node ${process.version} cannot require ES modules)`);
  }
}

function checkCommand(name) {
  const script = join(project, 'node_modules', manifest.name, manifest.bin[name]);
  check(`${name} --help`, run(process.execPath, [script, '--help'], { stdio: 'ignore' }));
}

function checkProblems(name, problems) {
  for (const problem of problems) console.error(`  ${problem}`);
  check(name, problems.length);
}

function check(name, exitCode) {
  if (exitCode !== 0) failures += 1;
  console.log(`${exitCode === 0 ? 'ok' : 'FAILED'}: ${name}`);
}

/** A package as npm is told of it, in the version that is installed here. */
function versioned(name) {
  return `${name}@${readJson(join(root, 'node_modules', name, 'package.json')).version}`;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
