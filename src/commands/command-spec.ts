/** What the clients know of a command once, and not at each call. */

import { type RawArgument, commandFlags, isBlocking, isReadonly } from './key-table.js';
import { mayBeRefused } from './refused.js';
import { Signature } from './signature.js';
import { type Command, transformOf, type TransformReply } from './upstream.js';

export interface CommandSpec {
  /** Its first word, in upper case. */
  readonly name: string;
  /** Whether Redis flags it `readonly`: then it may be sent again after a lost connection. */
  readonly isReadOnly: boolean;
  /** Whether there is one spec for all calls, and not one for each. */
  readonly isShared: boolean;
  /** Whether some form of it blocks its connection. */
  readonly mayBlock: boolean;
  /** Whether some form of it cannot go over a shared connection. */
  readonly mayBeRefused: boolean;
  /** Whether neighbours of it may be merged: for GET and SET, the number of words when plain. */
  readonly plainCount: number;
  /** What the reply goes through, by protocol. */
  readonly transform2: TransformReply | undefined;
  readonly transform3: TransformReply | undefined;
  /** Whether its transforms are a user's own. */
  readonly isAdded: boolean;
  /** Of a script that is called by its hash: what to evaluate where the server does not know it. */
  readonly source?: string | Buffer | undefined;
}

const PLAIN_COUNTS: Readonly<Record<string, number>> = { GET: 2, SET: 3 };

/** The spec of a command with these arguments; without a definition its replies stay raw. */
export function specOf(
  name: string,
  args: readonly RawArgument[],
  definition?: Pick<Command, 'transformReply'>,
  isAdded = false,
): CommandSpec {
  return {
    name,
    isReadOnly: isReadonly(name, args),
    isShared: true,
    mayBlock: commandFlags(name).blocking || isBlocking(name, ['BLOCK', 0, 'STREAMS']),
    mayBeRefused: mayBeRefused(name),
    plainCount: PLAIN_COUNTS[name] ?? 0,
    transform2: definition && transformOf(definition, 2),
    transform3: definition && transformOf(definition, 3),
    isAdded,
  };
}

const rawSpecs = new Map<string, CommandSpec>();

/** The spec of a raw command, its name in upper case. */
export function rawSpec(name: string, args: readonly RawArgument[]): CommandSpec {
  const known = rawSpecs.get(name);
  if (known !== undefined) return known;
  const spec = specOf(name, args);
  // Names come from callers: only those of real commands are kept.
  if (!commandFlags(name).known || SUBCOMMANDS_DIFFER.has(name))
    return { ...spec, isShared: false };
  rawSpecs.set(name, spec);
  return spec;
}

/** Some of their subcommands are flagged `readonly`, others not. */
const SUBCOMMANDS_DIFFER: ReadonlySet<string> = new Set(['MEMORY', 'OBJECT', 'XINFO']);

/** What a command has beside its definition. */
export interface TypedCommandExtras {
  /** The arguments that come before those of the definition: `EVALSHA`, a hash, … */
  readonly prefix?: readonly string[];
  /** Of a script: its source. */
  readonly source?: string | Buffer;
  readonly isAdded?: boolean;
}

/** A definition of a typed command; its spec is made when its first call has shown its words. */
export class TypedCommand {
  readonly definition: Command;
  readonly prefix: readonly string[];
  /** Whether its definition is a user's own. */
  readonly isAdded: boolean;
  /** What its definition takes; a user's own may take what it likes. */
  readonly signature: Signature | undefined;
  readonly #source: string | Buffer | undefined;
  /** Its name as the definition spells it, which may be in any case. */
  #spelling: string | undefined;
  #spec: CommandSpec | undefined;

  constructor(
    definition: Command,
    { prefix = [], source, isAdded = false }: TypedCommandExtras = {},
  ) {
    this.definition = definition;
    this.prefix = prefix;
    this.isAdded = isAdded;
    this.signature = isAdded ? undefined : new Signature(definition);
    this.#source = source;
  }

  /** The spec of a call; its arguments are read only where they are needed. */
  spec(name: string, call: { readonly redisArgs: readonly RawArgument[] }): CommandSpec {
    if (this.#spec !== undefined && this.#spelling === name) return this.#spec;
    const words = call.redisArgs.slice(1);
    const spec = specOf(name.toUpperCase(), words, this.definition, this.isAdded);
    this.#spelling = name;
    return (this.#spec = this.#source === undefined ? spec : { ...spec, source: this.#source });
  }
}
