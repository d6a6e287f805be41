/** `rb exec`: one command on the host of its key. */

import type { Cluster } from '../../cluster.js';
import { UnroutableCommand } from '../../errors.js';
import {
  assertSendable,
  CONFIRM_OPTION,
  confirmDestructive,
  type ConfirmOptions,
} from '../confirm-destructive.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { JSON_TYPES, replyBytes, replyJson, replyLines, SHOWN_TYPES } from '../reply.js';
import type { Verb } from '../verb.js';

interface ExecOptions extends ConfirmOptions {
  readonly raw?: boolean;
  readonly stdin?: boolean;
  readonly newline: boolean;
}

/** `rb exec` */
export const exec: Verb<ExecOptions> = {
  name: 'exec',
  summary: 'run a command on the host of its key',
  details: `Runs a command on the host that its key lives on, and prints the reply as redis-cli
does: quoted on a terminal, as raw bytes elsewhere. The command must name exactly
one key. Options of rb stand before the command.

A script that names a command which removes the data of a whole database or changes
how a server works (EVAL "redis.call('FLUSHALL')" 1 k) is asked about first; --yes
answers.`,
  operands: '<command> [args...]',
  options: [
    { flags: '--raw', description: 'print the bytes of the reply, also on a terminal' },
    { flags: '--no-raw', description: 'print the reply quoted, also into a file or pipe' },
    { flags: '-n, --no-newline', description: 'print no line end after the reply' },
    { flags: '-x, --stdin', description: 'read the last argument from stdin, as bytes' },
    CONFIRM_OPTION,
  ],
  examples: [
    ['rb exec SET user:1 ada', 'on the host of user:1'],
    ['rb exec --json HGETALL profile:1', 'a hash as an object'],
    ['rb exec -x SET photo:1 < photo.jpg', 'a value of any bytes'],
    ['rb exec -n GET photo:1 > photo.jpg', 'and back, to the byte'],
  ],
  takesCommand: true,
  run: runExec,
};

async function runExec(
  context: Context,
  operands: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { output, isJson, signal } = context;
  const [command = '', ...args] = operands;
  assertSendable(operands);
  const all = options.stdin === true ? [...args, await readAll(context)] : args;
  const cluster = await context.openCluster({ typeMapping: isJson ? JSON_TYPES : SHOWN_TYPES });
  const host = hostOf(cluster, command, all);
  if (
    host !== undefined &&
    !(await confirmDestructive(context, operands, `host ${host}`, options))
  ) {
    return EXIT.failed;
  }
  const reply = await cluster.map((client) => client.executeCommand(command, ...all), { signal });
  const isRaw = options.raw ?? !output.isTerminal;
  if (isJson) await output.json(replyJson(reply));
  else await output.write(isRaw ? replyBytes(reply) : replyLines(reply).join('\n'));
  if (!isJson && options.newline) await output.write('\n');
  return EXIT.ok;
}

/** Undefined for what is not routed: the client refuses it, so it need not be asked about. */
function hostOf(
  cluster: Cluster,
  command: string,
  args: readonly (string | Buffer)[],
): number | undefined {
  try {
    return cluster.getRouter().getHostForCommand(command, args);
  } catch (error) {
    if (error instanceof UnroutableCommand) return undefined;
    throw error;
  }
}

async function readAll({ stdin }: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer | string));
  return Buffer.concat(chunks);
}
