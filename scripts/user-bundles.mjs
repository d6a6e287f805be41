/** Whether a program that uses the package runs from a bundle, in each format that Node has. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';

const BUNDLES = [
  { format: 'cjs', file: 'bundle.cjs' },
  { format: 'esm', file: 'bundle.mjs' },
];

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
  const problems = await Promise.all(BUNDLES.map((bundle) => problemsOfBundle(project, bundle)));
  return problems.flat();
}

async function problemsOfBundle(project, { format, file }) {
  const outfile = join(project, file);
  const { warnings } = await build({
    stdin: { contents: PROGRAM, resolveDir: project },
    outfile,
    bundle: true,
    external: ['@redis/client'],
    format,
    platform: 'node',
    logLevel: 'silent',
  });
  const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
  return [
    ...warnings.map(({ text }) => `a bundle as ${format} warns: ${text}`),
    ...(stdout.trim() === EXPECTED ? [] : [`a bundle as ${format} prints: ${stdout}${stderr}`]),
  ];
}
