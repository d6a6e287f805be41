/** Gives a client the methods for a cluster's own modules, functions and scripts. */

import type { AddedCommandTable } from '../commands/added-commands.js';
import type { TypedCommand } from '../commands/command-spec.js';
import { type CommandClient, defineMethod } from './command-client.js';
import { RUN_TYPED } from './members.js';

/** The prototypes with added methods, by table and by the prototype that they extend. */
const prototypes = new WeakMap<AddedCommandTable, Map<object, object>>();

/** Puts the added methods between a new client and its class. */
export function extendClient(client: CommandClient, table: AddedCommandTable | undefined): void {
  if (table === undefined) return;
  const base = Object.getPrototypeOf(client) as object;
  let byBase = prototypes.get(table);
  if (byBase === undefined) prototypes.set(table, (byBase = new Map<object, object>()));
  let prototype = byBase.get(base);
  if (prototype === undefined) byBase.set(base, (prototype = extended(base, table)));
  Object.setPrototypeOf(client, prototype);
}

function extended(base: object, table: AddedCommandTable): object {
  const prototype = Object.create(base) as object;
  for (const [name, command] of table.scripts) {
    defineMethod(prototype, name, function (this: CommandClient, ...args: unknown[]) {
      return this[RUN_TYPED](command, args);
    });
  }
  for (const [name, commands] of table.groups) defineGroup(prototype, name, commands);
  return prototype;
}

/** A group is made for each client when it is first asked for. */
function defineGroup(
  prototype: object,
  name: string,
  commands: ReadonlyMap<string, TypedCommand>,
): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: CommandClient) {
      const group = Object.fromEntries(
        [...commands].map(([method, command]) => [
          method,
          (...args: unknown[]) => this[RUN_TYPED](command, args),
        ]),
      );
      Object.defineProperty(this, name, { value: group, configurable: true });
      return group;
    },
  });
}
