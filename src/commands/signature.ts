/**
 * What the definition of a command takes behind its parser, read off the definition itself. What
 * it does not know it ignores: nobody would hear of a misspelled `EX`.
 */

import { describeType, findUnknownName, isRecord, type OptionProblem } from '../util/validate.js';
import type { Command } from './upstream.js';

/** Lets a definition read arguments. May throw: then they make no command. */
export type Parse = (definition: Command, args: readonly unknown[]) => void;

export class Signature {
  readonly #definition: Command;
  /** The most arguments that the definition takes; Infinity where it names no last one. */
  readonly #most: number;
  /** With fewer arguments nothing is ignored, so that most commands are looked at once. */
  least: number;
  /** What is known of the last argument, by the number of arguments. */
  readonly #last: LastArgument[] = [];

  constructor(definition: Command) {
    this.#definition = definition;
    this.#most = mostArguments(definition);
    this.least = this.#most === Infinity ? 1 : Math.max(this.#most, 1);
  }

  /** What the definition ignores of arguments that make a command; undefined for nothing. */
  problemOf(args: readonly unknown[], parse: Parse): OptionProblem | undefined {
    const { length } = args;
    if (length > this.#most) return tooMany(length, this.#most);
    const last = (this.#last[length] ??= new LastArgument());
    if (!last.mayBeIgnored(args[length - 1])) return undefined;
    const before = args.slice(0, -1);
    const problem = last.problemOf(args, (given) => parse(this.#definition, [...before, given]));
    if (length === this.#most && last.isReadWhole) this.least = length + 1;
    return problem;
  }
}

/** Options of which none is given; neither can text be made of it. */
const NOTHING: object = Object.freeze(Object.create(null) as object);

/** The last argument of a command: where options are, if it has any. */
class LastArgument {
  /** The names that the definition asks an object for. */
  readonly #names = new Set<string>();
  /** Whether it lists the names of what it is given instead, as those of fields. */
  #listsNames = false;
  /** Whether it takes nothing but an object of options; undefined while nobody has asked. */
  #isOptions: boolean | undefined;

  /** Whether it is none of options. */
  get isReadWhole(): boolean {
    return this.#isOptions === false;
  }

  /** False where `value` is known to be read as a whole. */
  mayBeIgnored(value: unknown): boolean {
    if (value === undefined || value === null) return false;
    if (typeof value !== 'object' || !isRecord(value)) return this.#isOptions !== false;
    if (this.#listsNames) return false;
    for (const name in value) if (!this.#names.has(name)) return true;
    return false;
  }

  problemOf(args: readonly unknown[], parse: (given: object) => void): OptionProblem | undefined {
    const given = args.at(-1);
    if (isRecord(given)) {
      // Some names are asked for only beside others, and some only without.
      this.#asks(NOTHING, parse);
      this.#asks(given, parse);
      if (this.#listsNames) return undefined;
      const message = findUnknownName(given, [...this.#names], { problem: 'ignores the option' });
      return message === undefined ? undefined : { kind: 'unknown', message };
    }
    this.#isOptions ??= this.#asks(NOTHING, parse) && this.#names.size > 0 && !this.#listsNames;
    if (!this.#isOptions) return undefined;
    const message = `ignores argument ${args.length}: it must be an object of options, got ${describeType(given)}`;
    return { kind: 'invalid', message };
  }

  /** Notes what the definition asks `values` for; answers whether they make a command. */
  #asks(values: object, parse: (given: object) => void): boolean {
    const note = (name: string | symbol): void => {
      if (typeof name === 'string') this.#names.add(name);
    };
    const watched = new Proxy(values, {
      get: (target, name) => {
        note(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        note(name);
        return Reflect.has(target, name);
      },
      ownKeys: (target) => {
        this.#listsNames = true;
        return Reflect.ownKeys(target);
      },
    });
    try {
      parse(watched);
      return true;
    } catch {
      return false;
    }
  }
}

/** That more arguments were given than are taken. */
export function tooMany(count: number, most: number): OptionProblem {
  const taken = most === 1 ? '1 argument' : `${most} arguments`;
  const hint = 'several values go into one array, options into one object';
  return { kind: 'invalid', message: `takes at most ${taken}, got ${count}: ${hint}` };
}

/** How many arguments a definition takes behind its parser, as its list of parameters says. */
function mostArguments({ parseCommand }: Command): number {
  const [parameters = ''] = /^[^{]*/.exec(String(parseCommand)) ?? [];
  const [, list] = /\.\.\.\[([^\]]*)\]/.exec(parameters) ?? [];
  if (list !== undefined) return parseCommand.length - 1 + list.split(',').length;
  return parameters.includes('...') ? Infinity : Math.max(parseCommand.length - 1, 0);
}
