/**
 * The documentation site. `node scripts/docs.mjs dev` serves it while you write, `build` makes it in
 * `docs/.vitepress/dist`, `check` makes it and looks at every link.
 *
 * Its tools are packages of `docs/` alone; they are installed when they are missing. The API reference
 * in `docs/api` is made anew each time, from the doc comments.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, root, run } from './setup.mjs';

const docs = join(root, 'docs');
const site = join(docs, '.vitepress', 'dist');
const [action, ...options] = process.argv.slice(2);

const ACTIONS = { dev, build, check };
if (!Object.hasOwn(ACTIONS, action)) {
  console.error(
    `Usage: node scripts/docs.mjs ${Object.keys(ACTIONS).join('|')} [options of VitePress]`,
  );
  process.exit(2);
}
ensurePackages();
ensureTools();
await makeReference();
process.exitCode = await ACTIONS[action]();

function dev() {
  return runTool('vitepress/bin/vitepress.js', ['dev', docs, ...options]);
}

function build() {
  return runTool('vitepress/bin/vitepress.js', ['build', docs, ...options]);
}

async function check() {
  const status = build();
  if (status !== 0) return status;
  const { problemsOf } = await import('../docs/tools/check-site.mjs');
  const problems = problemsOf(site, process.env.DOCS_BASE);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'All links hold.' : `${problems.length} links do not hold.`);
  return problems.length === 0 ? 0 : 1;
}

/** Installs what `docs/package-lock.json` names, unless it is there. */
function ensureTools() {
  const installed = join(docs, 'node_modules', '.installed-lock');
  const wanted = readFileSync(join(docs, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  console.error('docs: installing the tools of the documentation (npm ci)');
  const arguments_ = ['ci', '--no-audit', '--no-fund', '--prefer-offline'];
  const status = run('npm', arguments_, { cwd: docs, shell: process.platform === 'win32' });
  if (status !== 0) process.exit(1);
  writeFileSync(installed, wanted);
}

async function makeReference() {
  rmSync(join(docs, 'api'), { recursive: true, force: true });
  const status = runTool('typedoc/bin/typedoc', ['--logLevel', 'Error'], { cwd: docs });
  if (status !== 0) process.exit(status);
  const { commandsPage } = await import('../docs/tools/commands-page.mjs');
  writeFileSync(join(docs, 'api', 'commands.md'), await commandsPage(root));
}

function runTool(script, arguments_, spawnOptions) {
  const path = join(docs, 'node_modules', script);
  return run(process.execPath, [path, ...arguments_], spawnOptions);
}
