/**
 * A host is halted, and a million INCRs with a short deadline are issued to it. What the library
 * reports as maybe run is what the server may count when it goes on, and not more.
 */

import { readFileSync } from 'node:fs';

import { Cluster } from '../../src/cluster.js';
import { RbError } from '../../src/errors.js';
import { condition, startServer } from '../helpers/servers.js';
import { whileStopped } from '../helpers/stopped.js';

export interface StoppedCounter {
  readonly commands: number;
  /** How many were rejected as maybe run, and as not run. */
  readonly maybe: number;
  readonly notRun: number;
  /** How many were not rejected, or without saying so. */
  readonly other: number;
  /** What the server counted in the end. */
  readonly counted: number;
  /** How many commands one chunk and the buffers of the socket can hold. */
  readonly bound: number;
}

const KEY = 'counter';
const COMMAND_LENGTH = `*2\r\n$4\r\nINCR\r\n$${KEY.length}\r\n${KEY}\r\n`.length;
/** What a lane hands over at a time: its buffer is full with this, and the last command. */
const CHUNK = 64 * 1024 + COMMAND_LENGTH;
/** What the server reads of a connection at a time. */
const SERVER_READ = 16 * 1024;

export async function stopAndCount(commands: number, timeout: number): Promise<StoppedCounter> {
  const single = await startServer({ databases: 1 });
  const unixSocketPath = single.server.socketPath!;
  const cluster = new Cluster({ hosts: { 0: { unixSocketPath } } });
  try {
    const client = cluster.getRoutingClient();
    await client.get(KEY);
    const verdicts = { maybe: 0, notRun: 0, other: 0 };
    const count = (error: unknown): void => {
      const { maybeExecuted } = error instanceof RbError ? error : { maybeExecuted: undefined };
      verdicts[maybeExecuted === undefined ? 'other' : maybeExecuted ? 'maybe' : 'notRun']++;
    };
    const call = await whileStopped([single.server], () =>
      codeOf(
        cluster.map(
          (map) => {
            for (let i = 0; i < commands; i++) map.incr(KEY).done(undefined, count);
          },
          { timeout },
        ),
      ),
    );
    if (call !== 'RB_TIMEOUT') throw new Error(`the call ended with ${call}, not at its deadline`);
    // The answers to all that had been sent come before this one.
    const counted = Number((await client.get(KEY)) ?? 0);
    await condition(() => cluster.getPoolForHost(0).pending === 0);
    const bound = Math.ceil((CHUNK + socketBuffers() + SERVER_READ) / COMMAND_LENGTH);
    const missing = commands - verdicts.maybe - verdicts.notRun - verdicts.other;
    return { commands, ...verdicts, other: verdicts.other + missing, counted, bound };
  } finally {
    await cluster.disconnectPools();
    await single.close();
  }
}

/** How a call ended. */
async function codeOf(call: Promise<void>): Promise<string> {
  try {
    await call;
    return 'success';
  } catch (error) {
    return error instanceof RbError ? (error as { code: string }).code : String(error);
  }
}

/** What a unix socket takes before it blocks, in bytes, where the system says so. */
function socketBuffers(): number {
  if (process.platform !== 'linux') return Infinity;
  return Number(readFileSync('/proc/sys/net/core/wmem_default', 'utf8'));
}
