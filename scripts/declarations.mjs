/** Which declarations of a build a user's compiler gets to see. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** The declarations of the entry points of a package, by its `package.json`. */
export function entryDeclarations({ exports }) {
  return Object.values(exports)
    .map((target) => target.types)
    .filter((path) => path !== undefined);
}

/** The paths of declarations in a folder that no entry declaration leads to. */
export function unreachableDeclarations(folder, entries) {
  const reached = new Set();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'));
    const relative = importedFiles.map(({ fileName }) => fileName).filter(isRelative);
    queue.push(...relative.map((name) => declarationOf(join(dirname(path), name))));
  }
  return declarationsIn(folder).filter((path) => !reached.has(path));
}

function isRelative(name) {
  return name.startsWith('.');
}

function declarationOf(path) {
  return path.replace(/\.js$/, '.d.ts');
}

function declarationsIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}
