/**
 * What the definition of a command takes behind its parser, found out by asking the definition itself.
 * What it does not know it ignores: nobody would hear of a misspelled `EX`.
 *
 * A last argument is ignored if the command is the same without it, and so is an option whose name is
 * not asked for. Both depend on the arguments before, so it is found out for each form of a call: the
 * kinds of its arguments.
 */

import {
  isAnyArrayBuffer,
  isBoxedPrimitive,
  isDate,
  isMap,
  isPromise,
  isSet,
} from 'node:util/types';

import { describeType, findUnknownName, type OptionProblem } from '../util/validate.js';
import type { Command } from './upstream.js';

/** The bytes of the command that a definition makes of arguments; undefined where they make none. */
export type Encode = (definition: Command, args: readonly unknown[]) => Uint8Array | undefined;

/** The same for the definition that is looked at. */
type Ask = (args: readonly unknown[]) => Uint8Array | undefined;

/** Kinds of so many arguments have room in a number. */
const MOST_KINDS = 16;
/** So many combinations of options are remembered for each form. */
const MOST_COMBINATIONS = 64;

export class Signature {
  readonly #definition: Command;
  /** The most arguments that the definition takes; Infinity where it names no last one. */
  readonly #most: number;
  /** Calls with fewer arguments are not looked at. */
  least: number;
  readonly #forms = new Map<number, Form>();
  #lastKinds = 0;
  #lastForm = new Form();

  constructor(definition: Command) {
    this.#definition = definition;
    this.#most = mostArguments(definition);
    this.least = this.#most === Infinity ? 1 : Math.max(this.#most, 1);
  }

  /** What the definition ignores of arguments that make a command; undefined for nothing. */
  problemOf(args: readonly unknown[], encode: Encode): OptionProblem | undefined {
    const { length } = args;
    if (length > this.#most) return tooMany(length, this.#most);
    if (length < this.least) return undefined;
    const form = this.#formOf(args);
    return form.isRead ? undefined : this.#problemOfForm(form, args, encode);
  }

  /** Apart, so that most calls make no closure. */
  #problemOfForm(form: Form, args: readonly unknown[], encode: Encode): OptionProblem | undefined {
    const ask: Ask = (given) => encode(this.#definition, given);
    const problem = form.problemOf(args, ask);
    // The one argument of these is never ignored.
    if (form.isRead && this.#most === 1 && takesOneValue(ask)) this.least = 2;
    return problem;
  }

  #formOf(args: readonly unknown[]): Form {
    if (args.length > MOST_KINDS) return new Form();
    const kinds = kindsOf(args);
    if (kinds !== this.#lastKinds) {
      let form = this.#forms.get(kinds);
      if (form === undefined) this.#forms.set(kinds, (form = new Form()));
      this.#lastKinds = kinds;
      this.#lastForm = form;
    }
    return this.#lastForm;
  }
}

/** What is known of the last argument of calls whose arguments are of the same kinds. */
class Form {
  /** Whether whatever is there is read as a whole. */
  isRead = false;
  /** The names that the definition asks an object for that has none of them. */
  #names: ReadonlySet<string> | undefined;
  /** Sets of these that were all asked for. */
  readonly #combinations = new Set<string>();

  problemOf(args: readonly unknown[], ask: Ask): OptionProblem | undefined {
    const last = args[args.length - 1];
    if (kindOf(last) !== Kind.Options) return this.#problemOfValue(last, args, ask);
    const options = last as Record<string, unknown>;
    const given = Object.keys(options);
    if (given.length === 0) return undefined;
    this.#names ??= askedOf(NOTHING, args, ask).names;
    if (given.length === 1 && this.#names.has(given[0]!)) return undefined;
    return this.#problemOfOptions(options, given, args, ask);
  }

  #problemOfValue(last: unknown, args: readonly unknown[], ask: Ask): OptionProblem | undefined {
    if (isNothing(last) || (Array.isArray(last) && last.length === 0)) return undefined;
    if (isIgnored(args, ask)) return ignoredValue(last, args, ask);
    this.isRead = true;
    return undefined;
  }

  #problemOfOptions(
    options: Record<string, unknown>,
    given: readonly string[],
    args: readonly unknown[],
    ask: Ask,
  ): OptionProblem | undefined {
    const isNone = (name: string): boolean => isNothing(options[name]);
    const combination = given.map((name) => (isNone(name) ? `-${name}` : `+${name}`)).join();
    if (this.#combinations.has(combination)) return undefined;
    const names = this.#names!;
    const asked = askedOf(options, args, ask);
    // Names that are listed are data, as those of fields.
    this.isRead = asked.listsNames;
    if (asked.listsNames || !asked.isCommand) return undefined;
    const ignored = given.filter(
      (name) =>
        !asked.names.has(name) && name !== TAKEN_FOR_GRANTED && !(isNone(name) && names.has(name)),
    );
    if (ignored.length > 0) return this.#ignoredOptions(ignored, asked.names, args, ask);
    const isByNames = given.every((name) => names.has(name));
    if (isByNames && this.#combinations.size < MOST_COMBINATIONS)
      this.#combinations.add(combination);
    return undefined;
  }

  #ignoredOptions(
    ignored: readonly string[],
    asked: ReadonlySet<string>,
    args: readonly unknown[],
    ask: Ask,
  ): OptionProblem | undefined {
    const known = [...new Set([...this.#names!, ...asked])];
    if (known.length === 0) return isIgnored(args, ask) ? surplus(args.length) : undefined;
    const unknown = Object.fromEntries(ignored.map((name) => [name, true]));
    const message =
      findUnknownName(unknown, known, { problem: 'ignores the option' }) ??
      `ignores the option '${ignored[0]}' beside the others that are given`;
    return { kind: 'unknown', message };
  }
}

/** What GETEX does with options of which none is there that it asks for. */
const TAKEN_FOR_GRANTED = 'PERSIST';

/** Options of which none is given; neither can text be made of it. */
const NOTHING: object = Object.freeze(Object.create(null) as object);

/** What can be told apart without looking into an argument. */
const enum Kind {
  Nothing,
  Text,
  Number,
  Other,
  Array,
  Bytes,
  Options,
}
const KINDS = 8;

function kindOf(value: unknown): Kind {
  if (isNothing(value)) return Kind.Nothing;
  switch (typeof value) {
    case 'string':
      return Kind.Text;
    case 'number':
      return Kind.Number;
    case 'object':
      return kindOfObject(value as object);
    default:
      return Kind.Other;
  }
}

function kindOfObject(value: object): Kind {
  if (Object.getPrototypeOf(value) === Object.prototype) return Kind.Options;
  if (Array.isArray(value)) return Kind.Array;
  if (ArrayBuffer.isView(value)) return Kind.Bytes;
  // By what they are: classes of a user's own may call themselves what they like.
  return OF_VALUES.some((isOne) => isOne(value)) ? Kind.Other : Kind.Options;
}

const OF_VALUES = [isDate, isMap, isSet, isPromise, isBoxedPrimitive, isAnyArrayBuffer];

/** The kinds of arguments in their order. */
function kindsOf(args: readonly unknown[]): number {
  let kinds = 1;
  for (let i = 0; i < args.length; i++) kinds = kinds * KINDS + kindOf(args[i]);
  return kinds;
}

/** Whether it asks for nothing: of that nothing can be missed. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === false;
}

/** Whether a definition makes the same command without the last argument. */
function isIgnored(args: readonly unknown[], ask: Ask): boolean {
  const without = ask(args.slice(0, -1));
  const given = without && ask(args);
  return given !== undefined && Buffer.compare(without!, given) === 0;
}

/** Whether a definition needs its one argument, and asks nothing of an object there. */
function takesOneValue(ask: Ask): boolean {
  if (ask([]) !== undefined) return false;
  const { names, listsNames } = askedOf(NOTHING, [NOTHING], ask);
  return names.size === 0 && !listsNames;
}

interface Asked {
  readonly names: ReadonlySet<string>;
  /** Whether it lists the names of what it is given, as those of fields. */
  readonly listsNames: boolean;
  readonly isCommand: boolean;
}

/** What a definition asks of `options` in the place of the last argument. */
function askedOf(options: object, args: readonly unknown[], ask: Ask): Asked {
  const names = new Set<string>();
  let listsNames = false;
  const note = (name: string | symbol): void => {
    // Of a constructor only messages tell.
    if (typeof name === 'string' && name !== 'constructor') names.add(name);
  };
  const watched = new Proxy(options, {
    get: (target, name) => {
      note(name);
      return Reflect.get(target, name) as unknown;
    },
    has: (target, name) => {
      note(name);
      return Reflect.has(target, name);
    },
    ownKeys: (target) => {
      listsNames = true;
      return Reflect.ownKeys(target);
    },
  });
  const isCommand = ask([...args.slice(0, -1), watched]) !== undefined;
  return { names, listsNames, isCommand };
}

/** That a last argument is ignored which is no object of options. */
function ignoredValue(last: unknown, args: readonly unknown[], ask: Ask): OptionProblem {
  const { names, listsNames, isCommand } = askedOf(NOTHING, args, ask);
  if (!isCommand || listsNames || names.size === 0) return surplus(args.length);
  const expected = `it must be an object of options, got ${describeType(last)}`;
  return { kind: 'invalid', message: `ignores argument ${args.length}: ${expected}` };
}

const HINT = 'several values go into one array, options into one object';

function surplus(number: number): OptionProblem {
  return { kind: 'invalid', message: `ignores argument ${number}: ${HINT}` };
}

/** That more arguments were given than are taken. */
export function tooMany(count: number, most: number): OptionProblem {
  const taken = most === 1 ? '1 argument' : `${most} arguments`;
  return { kind: 'invalid', message: `takes at most ${taken}, got ${count}: ${HINT}` };
}

/** How many arguments a definition takes behind its parser, as its list of parameters says. */
function mostArguments({ parseCommand }: Command): number {
  const [parameters = ''] = /^[^{]*/.exec(String(parseCommand)) ?? [];
  const [, list] = /\.\.\.\[([^\]]*)\]/.exec(parameters) ?? [];
  if (list !== undefined) return parseCommand.length - 1 + list.split(',').length;
  return parameters.includes('...') ? Infinity : Math.max(parseCommand.length - 1, 0);
}
