/**
 * The suite as a program, for `scripts/faults.mjs`: runs with one client, and writes what it found as
 * JSON.
 *
 *     main.mjs --client redis-blaster --strikes 3 --commands 0 --json <file> [--only <name>] [--stopped]
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { makeCertificates } from './certificates.js';
import type { Drive, Limits } from './driver.js';
import { loadIoredis } from './drivers/ioredis.js';
import { loadNodeRedis } from './drivers/node-redis.js';
import { drivePeer } from './drivers/peer.js';
import { driveRedisBlaster } from './drivers/redis-blaster.js';
import { FAULTS } from './faults/index.js';
import { objectionsTo } from './report.js';
import { runSuite } from './run.js';

const { values } = parseArgs({
  options: {
    client: { type: 'string', default: 'redis-blaster' },
    strikes: { type: 'string', default: '3' },
    commands: { type: 'string', default: '0' },
    json: { type: 'string' },
    only: { type: 'string', default: '' },
    stopped: { type: 'boolean', default: false },
  },
});

/** Short, so that a silent host costs little time; a busy machine needs more. */
const LIMITS: Limits = { commandTimeout: 500, connectTimeout: 400, minPause: 2, maxPause: 30 };

const isOurs = values.client === 'redis-blaster';
const strikes = Number(values.strikes);
const commands = Number(values.commands);
const chosen = await choose(values.client);
if (chosen === undefined) {
  console.log(`${values.client}: left out, it is not installed in bench/node_modules`);
} else {
  await run(chosen.drive, chosen.name);
}

async function choose(client: string): Promise<{ name: string; drive: Drive } | undefined> {
  if (client === 'redis-blaster') return { name: client, drive: driveRedisBlaster };
  const peer = client === 'ioredis' ? await loadIoredis() : await loadNodeRedis();
  if (peer === undefined) return undefined;
  return { name: `${peer.name} ${peer.version}`, drive: (...args) => drivePeer(peer, ...args) };
}

async function run(drive: Drive, name: string): Promise<void> {
  const faults = FAULTS.filter((fault) => fault.name.includes(values.only));
  // The first line opens the output, which is nothing that the run leaves behind.
  console.log(`${name}: 0 %`);
  const report = await runSuite({
    drive,
    limits: LIMITS,
    faults,
    certificates: makeCertificates(),
    strikes,
    minCommands: commands,
    // Other clients have other words for what happened, and may say nothing at all.
    scrutiny: isOurs
      ? { isLenient: false, patience: 5000, longPatience: 30_000 }
      : { isLenient: true, patience: 2000, longPatience: 7000 },
    // Our calls end by themselves; lists of scripts wait for one after the other.
    patience: isOurs ? 60_000 : 5000,
    measuresMemory: isOurs && strikes >= 100,
    stopped: values.stopped ? 1_000_000 : 0,
    onProgress: (percent) => console.log(`${name}: ${percent} %`),
  });
  const result = { ...report, client: name };
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result));
  // What another client leaves is not waited for.
  if (!isOurs) process.exit();
  const required = { faults: faults.map((fault) => fault.name), strikes, commands };
  const objections = objectionsTo(result, required);
  for (const objection of objections) console.error(`FAILED: ${objection}`);
  if (objections.length > 0) process.exitCode = 1;
}
