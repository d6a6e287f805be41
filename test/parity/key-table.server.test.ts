/** Our reading of commands beside what a real server answers to COMMAND GETKEYS. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { commandFlags, isReadonly, keyIndexes } from '../../src/commands/key-table.js';

const NO_KEYS = 'ERR The command has no key arguments';

/** `''` stands for an empty argument. */
const INVOCATIONS = `
  GET k | SET k v EX 5 | MGET a b c | MSET a 1 b 2 | MSETNX a 1 | DEL a b | EXISTS a | TOUCH a b
  UNLINK a | RENAME a b | RENAMENX a a | COPY a b DB 1 | LCS a b | GETEX k EX 5 | BITCOUNT k 0 1
  BITOP NOT dst a | BITOP AND dst a b | BITFIELD k GET u8 0 | PFADD k v | PFCOUNT a b | PFMERGE d a
  PFDEBUG ENCODING k | HSET k f v | HRANDFIELD k 2 WITHVALUES | LPUSH k v | LMOVE a b LEFT RIGHT
  BLMOVE a b LEFT RIGHT 0 | RPOPLPUSH a b | BRPOPLPUSH a b 0 | BLPOP a 0 | BLPOP a b 0 | BRPOP a 0
  BZPOPMIN a b 0 | BZPOPMAX a 0 | LMPOP 2 a b LEFT | LMPOP 1 a LEFT COUNT 2 | BLMPOP 0 2 a b LEFT
  ZMPOP 1 a MIN | BZMPOP 0 2 a b MAX COUNT 3 | SMOVE a b m | SINTER a b | SUNIONSTORE d a b
  SDIFFSTORE d a | SINTERCARD 2 a b LIMIT 1 | ZADD k NX 1 m | ZRANGE k 0 -1 | ZRANGESTORE d s 0 -1
  ZUNION 2 a b WEIGHTS 1 2 | ZINTER 1 a WITHSCORES | ZDIFF 2 a b | ZINTERCARD 1 a LIMIT 1
  ZUNIONSTORE d 1 a | ZINTERSTORE d 2 a b AGGREGATE MAX | ZDIFFSTORE d 2 a b
  SORT k | SORT k DESC ALPHA | SORT k BY w_* GET # GET o_* | SORT k LIMIT 0 5 STORE d
  SORT k BY STORE GET STORE | SORT k BY GET GET BY STORE d | SORT k store d | SORT_RO k BY w_* GET #
  GEOADD k 1 2 m | GEOSEARCH k FROMMEMBER m BYRADIUS 1 km | GEOSEARCHSTORE d s FROMMEMBER m BYBOX 1 1 m
  GEORADIUS k 1 2 3 km | GEORADIUS k 1 2 3 km WITHDIST COUNT 2 ASC STORE d
  GEORADIUS k 1 2 3 km STOREDIST d | GEORADIUSBYMEMBER k m 3 km | GEORADIUSBYMEMBER k m 3 km store d
  GEORADIUS_RO k 1 2 3 km | GEORADIUSBYMEMBER_RO k m 3 km
  XADD k * f v | XLEN k | XREAD STREAMS a 0 | XREAD COUNT 1 STREAMS a b 0 0
  XREAD BLOCK 5 COUNT 1 STREAMS a b 0 0 | XREAD streams STREAMS 0 | XREAD STREAMS a b 0
  XREADGROUP GROUP g c STREAMS a > | XREADGROUP GROUP STREAMS STREAMS COUNT 2 NOACK STREAMS a b > >
  XGROUP CREATE k g $ MKSTREAM | XGROUP SETID k g 0
  XGROUP DELCONSUMER k g c | XGROUP HELP | XINFO STREAM k FULL | XINFO GROUPS k | XINFO CONSUMERS k g
  XINFO HELP | XCLAIM k g c 0 1-1 | XAUTOCLAIM k g c 0 0 | XTRIM k MAXLEN 5 | XACK k g 1-1
  OBJECT ENCODING k | OBJECT FREQ k | OBJECT HELP | object refcount k | MEMORY USAGE k SAMPLES 5
  MEMORY DOCTOR | MEMORY STATS | DEBUG OBJECT k | EVAL s 0 | EVAL s 0 a | EVAL s 1 k a | EVAL s 2 a b c
  EVALSHA s 1 k | EVAL_RO s 1 k | EVALSHA_RO s 2 a b | FCALL f 1 k a | FCALL_RO f 0 a | EVAL s 3 a b
  EVAL s -1 a | EVAL s x a | ZUNION 9 a b | LMPOP 99999999999 a LEFT
  MIGRATE h 1 k 0 10 | MIGRATE h 1 k 0 10 COPY REPLACE | MIGRATE h 1 '' 0 10 KEYS a b
  MIGRATE h 1 '' 0 10 COPY REPLACE AUTH pw KEYS a | MIGRATE h 1 '' 0 10 AUTH2 u pw keys a b c
  MIGRATE h 1 '' 0 10 | MIGRATE h 1 k 0 10 KEYS a | MIGRATE h 1 '' 0 10 AUTH keys KEYS a
  MIGRATE h 1 '' 0 10 AUTH2 keys keys KEYS a
  DUMP k | RESTORE k 0 x | RESTORE-ASKING k 0 x | MOVE k 1 | WATCH a b | PUBLISH c m | SUBSCRIBE c
  PING x | ECHO x | KEYS * | SCAN 0 | RANDOMKEY x | SELECT 1 | SWAPDB 0 1 | WAIT 1 0 | CLIENT KILL x
  CONFIG GET x | SCRIPT LOAD x | SCRIPT EXISTS x | FUNCTION LOAD x | CLUSTER KEYSLOT k | COMMAND INFO GET
  COMMAND GETKEYS GET k | ACL DRYRUN u GET k | PUBSUB NUMSUB c | LATENCY RESET x | SLOWLOG GET 1
`
  .split(/[|\n]/)
  .map((line) => line.trim().split(/\s+/))
  .filter(([command]) => command !== '')
  .map((words) => words.map((word) => (word === "''" ? '' : word)));

async function startServer(folder: string): Promise<ChildProcess> {
  const socket = ['--port', '0', '--unixsocket', join(folder, 's')];
  const server = spawn('redis-server', [...socket, '--save', '', '--dir', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(server.stdout);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    lines.on('line', (line) => {
      if (/ready to accept connections/i.test(line)) resolve();
    });
  });
  return server;
}

/** The keys that the server names, or the error that it answers. */
type ServerAnswer = string[] | Error;

/** Our keys; undefined where we refuse. */
function ourKeys([command = '', ...args]: readonly string[]): string[] | undefined {
  try {
    return keyIndexes(command, args)?.map((index) => args[index]!);
  } catch {
    return undefined;
  }
}

function agree(answer: ServerAnswer, ours: string[] | undefined): boolean {
  // To find no key is to refuse.
  if (Array.isArray(answer)) return JSON.stringify(answer) === JSON.stringify(ours ?? []);
  // What the server refuses is refused wherever we send it.
  return answer.message !== NO_KEYS || ours === undefined || ours.length === 0;
}

/** Everything that COMMAND says of one command, by position. */
type CommandInfo = [
  string,
  number,
  string[],
  number,
  number,
  number,
  string[],
  string[],
  unknown[],
  CommandInfo[],
];

describe('beside a real redis-server', () => {
  let folder: string;
  let server: ChildProcess | undefined;
  let client: ReturnType<typeof createClient>;

  const killServer = () => server?.kill('SIGKILL');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rb-keys-'));
    process.once('exit', killServer);
    server = await startServer(folder);
    client = createClient({ socket: { path: join(folder, 's'), tls: false }, RESP: 2 });
    await client.connect();
  });

  afterAll(async () => {
    client?.destroy();
    if (server?.exitCode === null) {
      const ended = once(server, 'exit');
      killServer();
      await ended;
    }
    process.off('exit', killServer);
    await rm(folder, { recursive: true, force: true });
  });

  async function serverKeys(words: readonly string[]): Promise<ServerAnswer> {
    try {
      return await client.sendCommand(['COMMAND', 'GETKEYS', ...words]);
    } catch (error) {
      return error as Error;
    }
  }

  /** The invocations on which we and the server differ, and how many the server found fine. */
  async function compare(invocations: readonly (readonly string[])[]) {
    const answers = await Promise.all(invocations.map(serverKeys));
    const differing = invocations.flatMap((words, i) => {
      const ours = ourKeys(words);
      const answer = answers[i]!;
      return agree(answer, ours) ? [] : [{ words: words.join(' '), ours, server: String(answer) }];
    });
    const fine = answers.filter((answer) => Array.isArray(answer) || answer.message === NO_KEYS);
    return { differing, fine: fine.length };
  }

  it(`finds the same keys in ${INVOCATIONS.length} invocations`, async () => {
    const { differing, fine } = await compare(INVOCATIONS);
    expect(differing).toEqual([]);
    expect(fine).toBeGreaterThan(INVOCATIONS.length - 20);
  });

  it('finds the same keys in every command that both know, at any number of arguments', async () => {
    const infos = await client.sendCommand<CommandInfo[]>(['COMMAND']);
    const names = infos.flatMap(([name, , , , , , , , , subcommands]) => [
      [name],
      ...subcommands.map(([full]) => full.split('|')),
    ]);
    // The channels of these are no keys to COMMAND GETKEYS, but decide on a host like keys.
    const known = names.filter(
      ([name = '']) => commandFlags(name).known && !/^s(un)?subscribe$|^spublish$/.test(name),
    );
    const args = ['1', '1', 'c', 'd', 'e', 'f', 'g', 'h'];
    const invocations = known.flatMap((name) =>
      args.map((_, count) => [...name, ...args.slice(0, count + 1)]),
    );
    const { differing, fine } = await compare(invocations);
    console.info(`compared ${invocations.length} invocations, ${fine} of them well-formed`);
    expect(differing).toEqual([]);
    expect(known.length).toBeGreaterThan(300);
  });

  it('differs where COMMAND GETKEYS reads otherwise than the command itself', async () => {
    const group = 'XREADGROUP COUNT 1 GROUP STREAMS c STREAMS a >'.split(' ');
    expect(await serverKeys(group)).toEqual(['c', 'STREAMS']);
    expect(ourKeys(group)).toEqual(['a']);
    // EVAL answers that this number of keys is not an integer.
    expect(await serverKeys(['EVAL', 'return 1', '01', 'a'])).toEqual(['a']);
    expect(ourKeys(['EVAL', 'return 1', '01', 'a'])).toBeUndefined();
    await expect(client.sendCommand(['EVAL', 'return 1', '01', 'a'])).rejects.toThrow('integer');
  });

  it('takes the same commands and subcommands for read-only', async () => {
    const infos = await client.sendCommand<CommandInfo[]>(['COMMAND']);
    const all = infos.flatMap((info) => [info, ...info[9]]);
    const differing = all.flatMap(([full, , flags]) => {
      const [name = '', ...args] = full.split('|');
      const ours = isReadonly(name, args);
      // Flags may be added in later versions, but what we retry has to be read-only everywhere.
      return !commandFlags(name).known || ours === flags.includes('readonly') ? [] : [full];
    });
    expect(differing).toEqual([]);
  });
});
