/**
 * Whether a program that uses the package runs from a bundle, by each bundler that is here and in
 * each format that Node has, in a folder with nothing beside it but what the guide tells to ship.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import webpack from 'webpack';

const SHIPPED = '@redis/client';
const BUNDLERS = { esbuild: bundleByEsbuild, webpack: bundleByWebpack };
const FORMATS = { cjs: 'bundle.cjs', esm: 'bundle.mjs' };

/** Needs no server, but what is loaded when it is first used: crypto, TLS and `@redis/client`. */
const PROGRAM = `
import { Cluster, defineScript, Ketama } from 'redis-blaster';

async function main() {
  const cluster = new Cluster({ hosts: ['rediss://127.0.0.1:1', 'redis://127.0.0.1:1'] });
  const outcome = await cluster.all((client) => client.ping()).catch((error) => error.name);
  const local = typeof cluster.getLocalClient(1).multi;
  await cluster.disconnectPools();
  const { SHA1 } = defineScript({ NUMBER_OF_KEYS: 0, SCRIPT: 'return 1', parseCommand() {} });
  console.log(new Ketama(['a']).getNode('key'), SHA1, outcome, local);
}

main();
`;
const EXPECTED = 'a e0e1f9fabfc9d4800c877a703b823ac0578ff8db FanoutError function';

/** What is wrong with bundles of a program, in a project that has the package installed. */
export async function problemsOfBundles(project) {
  const program = join(project, 'program.mjs');
  writeFileSync(program, PROGRAM);
  const bundles = Object.entries(BUNDLERS).flatMap(([bundler, bundle]) =>
    Object.entries(FORMATS).map(([format, file]) => ({
      name: `a bundle as ${format} by ${bundler}`,
      outfile: join(project, 'bundles', bundler, file),
      bundle,
      format,
    })),
  );
  const problems = [];
  for (const { name, bundle, ...options } of bundles) {
    const warnings = await bundle({ program, ...options });
    problems.push(...warnings.map((text) => `${name} warns: ${text}`));
  }
  move(SHIPPED, project, join(project, 'bundles'));
  for (const { name, outfile } of bundles) {
    const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
    if (stdout.trim() !== EXPECTED) problems.push(`${name} prints: ${stdout}${stderr}`);
  }
  move(SHIPPED, join(project, 'bundles'), project);
  return problems;
}

/** Takes a package from one folder to another, so that it is found from there alone. */
function move(name, from, to) {
  const target = join(to, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  renameSync(join(from, 'node_modules', name), target);
}

async function bundleByEsbuild({ program, outfile, format }) {
  const { warnings } = await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    external: [SHIPPED],
    format,
    platform: 'node',
    logLevel: 'silent',
  });
  return warnings.map(({ text }) => text);
}

async function bundleByWebpack({ program, outfile, format }) {
  const isModule = format === 'esm';
  const stats = await promisify(webpack)({
    // Nothing of it is minified: that takes most of the time.
    mode: 'none',
    target: 'node20',
    entry: program,
    output: { path: dirname(outfile), filename: basename(outfile), module: isModule },
    experiments: { outputModule: isModule },
    externals: { [SHIPPED]: `${isModule ? 'module' : 'commonjs'} ${SHIPPED}` },
    ...(isModule && { module: { parser: { javascript: { importMeta: false } } } }),
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  return [...errors, ...warnings].map(({ message }) => message);
}
