/**
 * `node scripts/install-size.mjs`: installs the packed package and its peers, each into an empty
 * project, and prints as a table what that brings: packages, files, and megabytes on disk.
 */
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProject, pack } from './packed-package.mjs';
import { ensureBuild, ensurePackages, root } from './setup.mjs';

ensurePackages();
ensureBuild();

const { dependencies: peers } = JSON.parse(readFileSync(join(root, 'bench', 'package.json')));
const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-size-'));
try {
  const packages = {
    'redis-blaster': pack(folder).tarball,
    ioredis: `ioredis@${peers.ioredis}`,
    'redis (node-redis)': `redis@${peers.redis}`,
  };
  console.log('| installed | packages | files | MB on disk |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const [index, [name, specifier]] of Object.entries(packages).entries()) {
    const project = join(folder, String(index));
    createProject(project, [specifier]);
    const { version, count } = installed(project);
    const { files, bytes } = measure(join(project, 'node_modules'));
    console.log(`| ${name} ${version} | ${count} | ${files} | ${(bytes / 1e6).toFixed(1)} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** How many packages there are in a project, and the version of the one that was asked for. */
function installed(project) {
  const lock = readJson(join(project, 'node_modules', '.package-lock.json'));
  const [asked] = Object.keys(readJson(join(project, 'package.json')).dependencies);
  const { version } = lock.packages[`node_modules/${asked}`];
  return { version, count: Object.keys(lock.packages).length };
}

/** The files below a folder, and the space that they take on the disk. */
function measure(path) {
  const entries = readdirSync(path, { recursive: true }).map((name) => lstatSync(join(path, name)));
  const bytes = entries.reduce((sum, { blocks }) => sum + blocks * 512, 0);
  return { files: entries.filter((entry) => entry.isFile()).length, bytes };
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
