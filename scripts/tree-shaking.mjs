/** What a bundler keeps of the package when a program uses only one name of it. */
import { build } from 'esbuild';

/** Parts that need no client, each with the most that may be left of the package, in bytes. */
const PARTS = { Ketama: 16_000, RbPromise: 24_000, ConnectionError: 8000 };
/** What only the definitions of commands, and only the wire, have in them. */
const FOREIGN = { 'definitions of commands': 'parseCommand', 'the wire': 'HELLO' };

/** What is kept but not needed, for each part, in a project that has the package installed. */
export async function problemsOfTreeShaking(project) {
  const problems = await Promise.all(
    Object.entries(PARTS).map(async ([name, limit]) => {
      const text = await bundleOf(name, project);
      const kept = Object.keys(FOREIGN).filter((what) => text.includes(FOREIGN[what]));
      const size = text.length > limit ? [`${text.length} bytes, more than ${limit}`] : [];
      return [...kept, ...size].map((what) => `a bundle of ${name} alone has ${what}`);
    }),
  );
  return problems.flat();
}

async function bundleOf(name, project) {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from 'redis-blaster'; console.log(${name});`,
      resolveDir: project,
    },
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
