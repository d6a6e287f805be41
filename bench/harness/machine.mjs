/** The machine and the versions that the figures are of. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

const PACKAGES = {
  'redis-blaster': '../../package.json',
  ioredis: '../node_modules/ioredis/package.json',
  'node-redis': '../node_modules/redis/package.json',
  'valkey-glide': '../node_modules/@valkey/valkey-glide/package.json',
};

/** What the figures depend on; `versions` are of what the packages do not tell. */
export function machineFacts(serverPath, versions) {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: Number(loadavg()[0].toFixed(2)),
    system: `${platform()} ${release()}`,
    node: process.version,
    server: serverVersion(serverPath),
    packages: { ...packageVersions(), ...versions },
  };
}

export function printMachine({ cpu, cores, memoryGb, load, system, node, server, packages }) {
  console.log(`${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, load ${load} at the start`);
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  console.log(`Node ${node}, ${server}, ${versions.join(', ')}`);
  console.log(
    'The servers share the cores with the client; CPU and memory are of the client alone.',
  );
}

function serverVersion(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const found = /^(\w+) server v=(\S+)/.exec(stdout);
  return found ? `${found[1]} ${found[2]}` : stdout.trim();
}

function packageVersions() {
  const entries = Object.entries(PACKAGES).map(([name, path]) => [
    name,
    new URL(path, import.meta.url),
  ]);
  return Object.fromEntries(
    entries
      .filter(([, url]) => existsSync(url))
      .map(([name, url]) => [name, JSON.parse(readFileSync(url, 'utf8')).version]),
  );
}
