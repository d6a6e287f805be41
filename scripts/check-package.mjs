/**
 * `npm run test:exports`: looks at the package as a user gets it. Packs it, lets publint and attw
 * judge the tarball, installs that into an empty project, and there looks at its files, type-checks
 * consumers, asks what an editor shows, loads every entry point by `import` and, where Node can, by
 * `require`, and makes bundles of programs that use it.
 */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProject, install, pack } from './packed-package.mjs';
import { ensureBuild, ensurePackages, root, run, runTool } from './setup.mjs';

const ENTRY_POINTS = ['redis-blaster', 'redis-blaster/testing'];
/** Needs a package beside it. */
const TELEMETRY = 'redis-blaster/opentelemetry';
const RESOLUTIONS = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];
const consumers = join(root, 'test', 'types', 'consumer');

ensurePackages();
ensureBuild();

// Only now: they need packages.
const { problemsOfEditor } = await import('./editor.mjs');
const { problemsOfContents } = await import('./package-contents.mjs');
const { problemsOfTreeShaking } = await import('./tree-shaking.mjs');
const { problemsOfBundles } = await import('./user-bundles.mjs');

const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-package-'));
const project = join(folder, 'project');
let failures = 0;
try {
  const { tarball, files } = pack(folder);
  check('publint', runTool('publint/src/cli.js', [tarball, '--strict']));
  check('attw', runTool('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only']));
  createProject(project, [tarball, packageOf('@types/node')]);
  const installed = join(project, 'node_modules', 'redis-blaster');
  const paths = files.map(({ path }) => path);
  report(`contents, ${paths.length} files`, await problemsOfContents(paths, installed));
  for (const entry of ENTRY_POINTS) checkLoading(entry);
  report('tree-shaking', await problemsOfTreeShaking(project));
  report('bundles', await problemsOfBundles(project));
  install(project, [packageOf('@opentelemetry/api')]);
  checkLoading(TELEMETRY);
  for (const resolution of RESOLUTIONS) {
    checkTypes(resolution);
    report(`editor, ${resolution.moduleResolution}`, problemsOfEditor(project, resolution));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

function checkTypes({ module, moduleResolution }) {
  const sources = join(project, 'consumer');
  cpSync(consumers, sources, { recursive: true });
  // Beside the consumers of the test folder, the least one: every entry point can be named.
  const namings = [...ENTRY_POINTS, TELEMETRY].map(
    (entry, index) => `export * as entry${index} from '${entry}';`,
  );
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
  const config = join(project, 'tsconfig.json');
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
    run(process.execPath, [`--input-type=${inputType}`, '-e', code], { cwd: project });
  check(`import ${entry}`, load('module', `import * as api from '${entry}'; ${body}`));
  // Reported by Node itself: whether `require` takes ES modules.
  if (process.features.require_module) {
    check(`require ${entry}`, load('commonjs', `const api = require('${entry}'); ${body}`));
  } else {
    console.log(`skipped: require ${entry} (Node ${process.version} cannot require ES modules)`);
  }
}

function check(name, exitCode) {
  report(name, exitCode === 0 ? [] : [`exit code ${exitCode}`]);
}

function report(name, problems) {
  if (problems.length > 0) failures += 1;
  console.log(`${problems.length === 0 ? 'ok' : 'FAILED'}: ${name}`);
  for (const problem of problems) console.log(`  ${problem}`);
}

/** A package as it is installed here, by name and version. */
function packageOf(name) {
  const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return `${name}@${JSON.parse(manifest).version}`;
}
