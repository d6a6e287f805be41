/** Prints the figures, and the machine that they are of. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import Table from 'cli-table3';
import { median } from './harness.mjs';

/** What the figures depend on. */
export function machineFacts(serverPath) {
  const { stdout } = spawnSync(serverPath, ['--version'], { encoding: 'utf8' });
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: Number(loadavg()[0].toFixed(2)),
    system: `${platform()} ${release()}`,
    node: process.version,
    server:
      stdout
        .match(/^(\w+) server v=(\S+)/)
        ?.slice(1)
        .join(' ') ?? stdout.trim(),
    packages: {
      'redis-blaster': versionIn('../package.json'),
      ioredis: versionIn('node_modules/ioredis/package.json'),
      redis: versionIn('node_modules/redis/package.json'),
    },
  };
}

export function printMachine({ cpu, cores, memoryGb, load, system, node, server, packages }) {
  console.log(`${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, load ${load} at the start`);
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  console.log(`Node ${node}, ${server}, ${versions.join(', ')}`);
  console.log('The servers share the cores with the client; "CPU" is of the client process alone.');
}

/** One case as a table; ratios are to its first contender. */
export function printCase({ title, size, contenders }, { rounds, hosts }) {
  const many = rounds === 1 ? '1 round' : `medians of ${rounds} rounds`;
  console.log(`\n${title}: ${format(size)} commands over ${hosts} hosts, ${many}`);
  const base = median(contenders[0].timesMs);
  const hasLatencies = contenders.some(({ latencies }) => latencies);
  const head = ['', 'ms', 'min - max', 'ratio', 'commands/s', 'CPU ms'];
  const rows = contenders.map(({ name, timesMs, cpuMs, latencies }) => {
    const ms = median(timesMs);
    const spread = `${decimal(Math.min(...timesMs))} - ${decimal(Math.max(...timesMs))}`;
    const rate = format(Math.round(size / (ms / 1_000)));
    const row = [name, decimal(ms), spread, (ms / base).toFixed(2), rate, decimal(median(cpuMs))];
    return hasLatencies ? [...row, micros(latencies.p50Ms), micros(latencies.p99Ms)] : row;
  });
  printTable(hasLatencies ? [...head, 'p50 us', 'p99 us'] : head, rows);
}

/** Where the time of each contender of a case went. */
export function printProfiles({ title, contenders }) {
  for (const { name, profile } of contenders) {
    console.log(`\n${title}, ${name}: self time in all rounds`);
    const rows = profile.map(({ where, selfMs, share }) => [
      where,
      decimal(selfMs),
      `${(share * 100).toFixed(1)} %`,
    ]);
    printTable(['function', 'ms', 'share'], rows);
  }
}

function printTable(head, rows) {
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'));
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(table.toString());
}

function versionIn(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}

function decimal(value) {
  return value >= 100 ? format(Math.round(value)) : value.toFixed(1);
}

function micros(ms) {
  return format(Math.round(ms * 1_000));
}

function format(value) {
  return value.toLocaleString('en-US');
}
