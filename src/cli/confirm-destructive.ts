/** Asking before a command of Redis that cannot be undone. */

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
