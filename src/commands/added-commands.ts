/** The commands that a user adds to a cluster: modules, functions and scripts. */

import { BadHostSetup } from '../errors.js';
import { describeType, isRecord } from '../util/validate.js';
import { TypedCommand } from './command-spec.js';
import type {
  Command,
  RedisFunction,
  RedisFunctions,
  RedisModules,
  RedisScript,
  RedisScripts,
} from './upstream.js';

export interface AddedCommandOptions {
  readonly modules?: RedisModules | undefined;
  readonly functions?: RedisFunctions | undefined;
  readonly scripts?: RedisScripts | undefined;
}

/** Added commands by method name; those of modules and functions below the name of their group. */
export interface AddedCommandTable {
  readonly scripts: ReadonlyMap<string, TypedCommand>;
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, TypedCommand>>;
}

/** What the clients have beside their commands. */
export const CLIENT_MEMBERS: ReadonlySet<string> = new Set([
  'all',
  'cancel',
  'constructor',
  'executeCommand',
  'fanout',
  'getFanoutClient',
  'getMappingClient',
  'join',
  'map',
  'target',
  'targetKey',
  'withTypeMapping',
]);

/**
 * The table of the added commands; undefined if there are none.
 *
 * @throws BadHostSetup for a name that would hide a member of the clients or another of these, and
 *   for what is no definition.
 */
export function addedCommands(options: AddedCommandOptions): AddedCommandTable | undefined {
  const { modules = {}, functions = {}, scripts = {} } = options;
  for (const [name, script] of Object.entries(scripts)) {
    checkName('scripts', name);
    if (!isDefinition(script) || typeof script.SHA1 !== 'string') {
      throw new BadHostSetup(`scripts: ${name} must be what defineScript returns`);
    }
  }
  for (const [option, groups] of Object.entries({ modules, functions })) {
    for (const [name, group] of Object.entries(groups)) checkGroup(option, name, group);
  }
  checkDistinct({ scripts, modules, functions });
  const groups = new Map([
    ...mapEntries(modules, (module) => mapEntries(module, moduleCommand)),
    ...mapEntries(functions, (library) => mapEntries(library, functionCommand)),
  ]);
  const table = { scripts: mapEntries(scripts, scriptCommand), groups };
  return table.scripts.size === 0 && groups.size === 0 ? undefined : table;
}

/** Each becomes a member of the clients, where one name stands for one thing. */
function checkDistinct(options: Readonly<Record<string, object>>): void {
  const takenBy = new Map<string, string>();
  for (const [option, members] of Object.entries(options)) {
    for (const name of Object.keys(members)) {
      const other = takenBy.get(name);
      if (other === undefined) takenBy.set(name, option);
      else throw new BadHostSetup(`${option}: ${name} is taken: there is one in ${other} already`);
    }
  }
}

function checkName(option: string, name: string): void {
  if (name === 'then') {
    throw new BadHostSetup(
      `${option}: then is taken: an await would take the clients for promises`,
    );
  }
  if (!CLIENT_MEMBERS.has(name)) return;
  throw new BadHostSetup(`${option}: ${name} is taken: it is a member of the clients already`);
}

function checkGroup(option: string, name: string, group: unknown): void {
  checkName(option, name);
  if (!isRecord(group)) {
    const given = describeType(group);
    throw new BadHostSetup(`${option}: ${name} must be an object of definitions, not ${given}`);
  }
  for (const [method, definition] of Object.entries(group)) {
    if (isDefinition(definition)) continue;
    throw new BadHostSetup(`${option}: ${name}.${method} must have a function parseCommand`);
  }
}

function isDefinition(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.parseCommand === 'function';
}

function mapEntries<T, R>(
  record: Readonly<Record<string, T>>,
  make: (value: T, name: string) => R,
): Map<string, R> {
  return new Map(Object.entries(record).map(([name, value]) => [name, make(value, name)]));
}

function moduleCommand(definition: Command): TypedCommand {
  return new TypedCommand(definition, { isAdded: true });
}

function functionCommand(definition: RedisFunction, name: string): TypedCommand {
  const command = definition.IS_READ_ONLY === true ? 'FCALL_RO' : 'FCALL';
  return new TypedCommand(definition, {
    prefix: [command, name, ...keyCount(definition.NUMBER_OF_KEYS)],
    isAdded: true,
  });
}

function scriptCommand(script: RedisScript): TypedCommand {
  const command = script.IS_READ_ONLY === true ? 'EVALSHA_RO' : 'EVALSHA';
  return new TypedCommand(script, {
    prefix: [command, script.SHA1, ...keyCount(script.NUMBER_OF_KEYS)],
    source: script.SCRIPT,
    isAdded: true,
  });
}

/** Where a definition does not say how many keys it has, its own arguments do. */
function keyCount(count: number | undefined): string[] {
  return count === undefined ? [] : [String(count)];
}
