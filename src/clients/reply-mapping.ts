/** A client's type mapping, with all that the way of a reply needs of it. */

import { RESP_TYPES, type RespVersions, type TypeMapping } from '../commands/upstream.js';
import { MisuseError } from '../errors.js';
import { describeType, describeValue, isRecord } from '../util/validate.js';
import { DecodeMapping } from '../wire/decode-mapping.js';

export class ReplyMapping extends DecodeMapping {
  readonly protocol: RespVersions;
  /** For the reply transforms that look at it. */
  readonly typeMapping: TypeMapping | undefined;

  /** Makes a type mapping ready for use; once for each client, not for each command. */
  constructor(protocol: RespVersions, typeMapping: TypeMapping | undefined) {
    super(typeMapping);
    this.protocol = protocol;
    this.typeMapping = typeMapping;
  }
}

const TYPE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(RESP_TYPES).map(([name, type]) => [String(type), name]),
);

/**
 * The mapping for what a client was just given.
 *
 * @throws MisuseError for what is none.
 */
export function givenMapping(protocol: RespVersions, typeMapping: TypeMapping): ReplyMapping {
  const problem = typeMappingProblem(typeMapping);
  if (problem !== undefined) throw new MisuseError('RB_INVALID_ARGUMENT', problem);
  return new ReplyMapping(protocol, typeMapping);
}

/** What is wrong with a type mapping; undefined if nothing is. */
export function typeMappingProblem(typeMapping: unknown): string | undefined {
  if (!isRecord(typeMapping)) {
    return `typeMapping must be an object, not ${describeType(typeMapping)}`;
  }
  for (const [type, choice] of Object.entries(typeMapping)) {
    const name = TYPE_NAMES.get(type);
    if (name === undefined) {
      const given = describeValue(type);
      return `typeMapping must have the numbers of RESP_TYPES as its keys, not ${given}`;
    }
    if (choice !== undefined && typeof choice !== 'function') {
      return `typeMapping: ${name} must be a class, not ${describeValue(choice)}`;
    }
  }
  return undefined;
}
