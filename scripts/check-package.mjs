/**
 * `npm run test:exports`: looks at the package as a user gets it. Packs it, lets publint and
 * attw judge the tarball, installs that into an empty project, and there type-checks consumers
 * and loads every entry point by `import` and, where Node can, by `require`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild, ensurePackages, root, run, runTool } from './setup.mjs';

const ENTRY_POINTS = ['redis-blaster', 'redis-blaster/testing'];
const RESOLUTIONS = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];
const consumers = join(root, 'test', 'types', 'consumer');

ensurePackages();
ensureBuild();

const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-package-'));
let failures = 0;
try {
  const tarball = pack();
  check('publint', runTool('publint/src/cli.js', [tarball, '--strict']));
  check('attw', runTool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only']));
  installInto(folder, tarball);
  for (const resolution of RESOLUTIONS) checkTypes(resolution);
  for (const entry of ENTRY_POINTS) checkLoading(entry);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

function pack() {
  const { status, stdout, stderr } = npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    root,
  );
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  // An object by package name since npm 12, an array before.
  const [{ filename }] = Object.values(JSON.parse(stdout));
  return join(folder, filename);
}

function installInto(project, tarball) {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const types = versionOf('@types/node');
  const { status, stderr } = npm(
    ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, `@types/node@${types}`],
    project,
  );
  if (status !== 0) throw new Error(`npm install of the tarball failed:\n${stderr}`);
}

function checkTypes({ module, moduleResolution }) {
  const sources = join(folder, 'consumer');
  cpSync(consumers, sources, { recursive: true });
  // Beside the consumers of the test folder, the least one: every entry point can be named.
  const namings = ENTRY_POINTS.map((entry, index) => `export * as entry${index} from '${entry}';`);
  writeFileSync(join(sources, 'entry-points.ts'), `${namings.join('\n')}\n`);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    module,
    moduleResolution,
    strict: true,
    noEmit: true,
    // Our own declarations must hold too, also where users do not skip them.
    skipLibCheck: false,
  };
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions, include: ['consumer'] }));
  const count = readdirSync(sources).length;
  check(
    `types, ${moduleResolution}, ${count} files`,
    runTool('typescript/bin/tsc', ['-p', config]),
  );
}

function checkLoading(entry) {
  const print = "console.log('  ' + Object.keys(api).sort().join(', '))";
  const failIfEmpty = "if (Object.keys(api).length === 0) throw new Error('exports nothing')";
  const body = `${failIfEmpty}; ${print};`;
  const load = (inputType, code) =>
    run(process.execPath, [`--input-type=${inputType}`, '-e', code], { cwd: folder });
  check(`import ${entry}`, load('module', `import * as api from '${entry}'; ${body}`));
  // Reported by Node itself: whether `require` takes ES modules.
  if (process.features.require_module) {
    check(`require ${entry}`, load('commonjs', `const api = require('${entry}'); ${body}`));
  } else {
    console.log(`skipped: require ${entry} (Node ${process.version} cannot require ES modules)`);
  }
}

function check(name, exitCode) {
  if (exitCode !== 0) failures += 1;
  console.log(`${exitCode === 0 ? 'ok' : 'FAILED'}: ${name}`);
}

function npm(args, cwd) {
  const onWindows = process.platform === 'win32';
  return spawnSync('npm', args, { cwd, encoding: 'utf8', shell: onWindows });
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}
