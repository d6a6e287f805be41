/** Before a command of Redis is sent: refusing what cannot be, asking about what cannot be undone. */

import { refusal } from '../commands/refused.js';
import { confirm } from './confirm.js';
import type { Context } from './context.js';
import { actionOf, isDestructive } from './destructive.js';

/** The options of a verb that asks. */
export interface ConfirmOptions {
  readonly yes?: boolean;
}

/** That option as the grammar has it. */
export const CONFIRM_OPTION = {
  flags: '-y, --yes',
  description: 'do not ask before a command that cannot be undone',
};

/** Refuses what no connection of the cluster carries before anything is asked, read or connected. */
export function assertSendable([command = '', subcommand]: readonly string[]): void {
  const refused = refusal(command, subcommand);
  if (refused === undefined) return;
  refused.command = command.toUpperCase();
  throw refused;
}

/**
 * Asks before a destructive command; answers whether it is to run.
 *
 * @param place - where it would run.
 */
export async function confirmDestructive(
  context: Context,
  [command = '', ...args]: readonly string[],
  place: string,
  { yes = false }: ConfirmOptions,
): Promise<boolean> {
  if (yes || !isDestructive(command, args)) return true;
  if (await confirm(context, `${actionOf(command, args)} on ${place}`)) return true;
  context.output.note('rb: nothing was done');
  return false;
}
