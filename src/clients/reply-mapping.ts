/** A client's type mapping, with all that the way of a reply needs of it. */

import type { RespVersions, TypeMapping } from '../commands/upstream.js';
import { type DecodeMapping, decodeMapping } from '../wire/decode-mapping.js';

export interface ReplyMapping extends DecodeMapping {
  readonly protocol: RespVersions;
  /** For the reply transforms that look at it. */
  readonly typeMapping: TypeMapping | undefined;
}

/** Makes a type mapping ready for use; one call for each client, not for each command. */
export function replyMapping(
  protocol: RespVersions,
  typeMapping: TypeMapping | undefined,
): ReplyMapping {
  return { ...decodeMapping(typeMapping), protocol, typeMapping };
}
