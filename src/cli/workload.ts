/** What `rb bench` does to the hosts: a mix of commands on keys of its own. */

import { UsageError } from './exit.js';

/** What of a client the commands need. */
export interface LoadClient {
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: string): PromiseLike<unknown>;
  executeCommand(name: string, ...args: (string | number)[]): PromiseLike<unknown>;
}

/** Keys of one type: each family has its own. */
export type Family = 'string' | 'counter' | 'hash' | 'list' | 'set' | 'sorted-set';

/** What a command is made of beside its key. */
export interface Material {
  readonly value: string;
  /** A whole number from 0 to below `count`. */
  readonly random: (count: number) => number;
}

interface Operation {
  readonly family: Family;
  /** It reads what should be there, so its keys are filled first. */
  readonly reads?: boolean;
  readonly issue: (client: LoadClient, key: string, material: Material) => PromiseLike<unknown>;
}

/** The fields of a hash, and the members of a set. */
const FIELDS = 4;
const MEMBERS = 1000;

const OPERATIONS = {
  get: { family: 'string', reads: true, issue: (client, key) => client.get(key) },
  set: { family: 'string', issue: (client, key, { value }) => client.set(key, value) },
  exists: {
    family: 'string',
    reads: true,
    issue: (client, key) => client.executeCommand('EXISTS', key),
  },
  del: { family: 'string', issue: (client, key) => client.executeCommand('DEL', key) },
  incr: { family: 'counter', issue: (client, key) => client.executeCommand('INCR', key) },
  hget: {
    family: 'hash',
    reads: true,
    issue: (client, key, { random }) =>
      client.executeCommand('HGET', key, `field:${random(FIELDS)}`),
  },
  hset: {
    family: 'hash',
    issue: (client, key, { value, random }) =>
      client.executeCommand('HSET', key, `field:${random(FIELDS)}`, value),
  },
  lpush: {
    family: 'list',
    issue: (client, key, { value }) => client.executeCommand('LPUSH', key, value),
  },
  lpop: { family: 'list', issue: (client, key) => client.executeCommand('LPOP', key) },
  sadd: {
    family: 'set',
    issue: (client, key, { random }) => client.executeCommand('SADD', key, random(MEMBERS)),
  },
  zadd: {
    family: 'sorted-set',
    issue: (client, key, { random }) =>
      client.executeCommand('ZADD', key, random(MEMBERS), random(MEMBERS)),
  },
} as const satisfies Readonly<Record<string, Operation>>;

/** The commands that a mix may have. */
export const OPERATION_NAMES: readonly string[] = Object.keys(OPERATIONS);

/** A command of a mix, and how often it comes. */
export interface Share {
  readonly name: string;
  readonly weight: number;
  readonly operation: Operation;
}

/** Reads a mix: `get=80,set=20`, or `get,set` for equal shares. */
export function parseMix(text: string): Share[] {
  const shares = text.split(',').map((part) => {
    const [, name = '', weight = '1'] = /^\s*([a-z]+)\s*(?:=\s*(\d{1,6}))?\s*$/i.exec(part) ?? [];
    return { name: name.toLowerCase(), weight: Number(weight) };
  });
  const names = shares.map(({ name }) => name);
  const bad = shares.find(({ name, weight }) => !OPERATION_NAMES.includes(name) || weight === 0);
  if (bad !== undefined || new Set(names).size < names.length) {
    throw new UsageError(
      `it must be like get=80,set=20: different commands, of ${OPERATION_NAMES.join(', ')}, with ` +
        'whole numbers above 0',
    );
  }
  return shares.map(({ name, weight }) => ({
    ...{ name, weight },
    operation: OPERATIONS[name as keyof typeof OPERATIONS],
  }));
}

/** A function that answers a share of the mix at random, each as often as its weight says. */
export function picker(mix: readonly Share[], random: Material['random']): () => Share {
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let rest = random(total);
    for (const share of mix) {
      rest -= share.weight;
      if (rest < 0) return share;
    }
    return mix.at(-1)!;
  };
}

/** The families of keys that the mix touches. */
export function familiesOf(mix: readonly Share[]): Family[] {
  return [...new Set(mix.map(({ operation }) => operation.family))];
}

/** Those of them whose keys must be there before the load begins. */
export function familiesToFill(mix: readonly Share[]): Family[] {
  return familiesOf(mix.filter(({ operation }) => operation.reads));
}

/** How many values a key of a family is filled with. */
export function valuesPerKey(family: Family): number {
  return family === 'hash' ? FIELDS : 1;
}

/** Writes a key of a family that is filled. */
export function fill(
  client: LoadClient,
  family: Family,
  key: string,
  value: string,
): PromiseLike<unknown> {
  if (family !== 'hash') return client.set(key, value);
  const pairs = Array.from({ length: FIELDS }, (_, index) => [`field:${index}`, value]).flat();
  return client.executeCommand('HSET', key, ...pairs);
}
